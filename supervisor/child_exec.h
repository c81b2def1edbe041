/// What happens between the birth of a service's process and its exec. Runs in the child, which
/// may share all memory with the supervisor (CLONE_VM): raw system calls only, no heap, no errno,
/// no libc, no lock; nothing is written but this frame's own stack.
///
/// The caller has every signal blocked and every handler reset or to be reset by the exec.
#pragma once

#include <sys/resource.h>

#include <cstdint>

namespace mainstay::supervisor {

/// The step that failed; the words are in to_string.
enum class ExecStage : std::int32_t { Session, Descriptors, Chdir, Exec };
const char* to_string(ExecStage stage) noexcept;

/// All that the child needs, finished before it is born and kept until its exec is seen.
struct ChildPlan {
    const char* program;
    char* const* arguments;
    char* const* environment;
    const char* directory;
    int input;              ///< never 0, 1 or 2
    int output;             ///< never 0, 1 or 2
    int report;             ///< write end of the report pipe, close-on-exec; never 0 to 3
    std::int32_t parent;    ///< pid that must still be the parent
    const char* oom_score;  ///< to be written to oom_score_adj; null: leave it
    std::uint32_t oom_score_size;
    const rlimit* descriptor_limit;  ///< RLIMIT_NOFILE; null: leave it
};

/// What comes through the report pipe where the exec failed. Nothing comes where it succeeded: the
/// pipe just ends.
struct ExecReport {
    ExecStage stage;
    std::int32_t code;  ///< errno
};

/// Exit code of a child that did not become its program; runsv's, for who looks at raw statuses.
inline constexpr int kExitNotExecuted = 111;

[[noreturn]] void child_exec(const ChildPlan* plan) noexcept;

}  // namespace mainstay::supervisor
