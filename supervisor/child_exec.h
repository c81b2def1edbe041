/// What happens between the birth of a service's process and its exec. Runs in the child, which
/// may share all memory with the supervisor (CLONE_VM): raw system calls only, no heap, no errno,
/// no libc, no lock; nothing is written but this frame's own stack and what the plan gives it to
/// write (its own pid).
///
/// The caller has every signal blocked and every handler reset or to be reset by the exec. All is
/// computed beforehand (child_plan); here is only the order of the steps, which is that of least
/// surprise: what needs rights comes before they are given up, what could hang (terminals, files)
/// comes where it stops nobody.
#pragma once

#include <sys/resource.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "supervisor/spawn_plan.h"

namespace mainstay::supervisor {

/// The step that failed; the words are in to_string.
enum class ExecStage : std::int32_t {
    Session,
    Terminal,
    Descriptors,
    Open,
    Limit,
    Nice,
    IoPriority,
    CpuAffinity,
    OomScore,
    Chroot,
    Chdir,
    BoundingSet,
    Groups,
    Gid,
    Uid,
    Ambient,
    Securebits,
    NoNewPrivileges,
    Exec,
    OwnTable,  ///< no fault: the child has left the table of descriptors that it was born with
};
const char* to_string(ExecStage stage) noexcept;

/// Where a standard stream comes from: a path to be opened, else a descriptor.
struct ChildStream {
    const char* path = nullptr;
    int flags = 0;  ///< of open(2)
    int fd = -1;    ///< of the parent's; -1 and no path: where standard output leads
};

struct ChildLimit {
    int resource = 0;
    rlimit value{};
};

/// Rights to take on or give up; see capabilities(7).
struct ChildIdentity {
    bool changes_user = false;  ///< whether the numbers below count
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::span<const std::uint32_t> groups;
    std::uint64_t dropped = 0;  ///< capabilities to take out of the bounding set
    std::uint64_t ambient = 0;
    std::uint32_t securebits = 0;
    bool no_new_privileges = false;
};

/// What only some services ask for.
struct ChildSettings {
    const char* terminal = nullptr;  ///< device that becomes the controlling terminal
    std::span<const ChildLimit> limits;
    const int* nice = nullptr;
    int io_priority = -1;  ///< as ioprio_set(2) takes it
    std::span<const std::uint64_t> cpus;
    std::span<const char> oom_score;  ///< never in a child that shares memory: see spawn.h
    std::uint32_t umask = 022;
    const char* chroot = nullptr;
    ChildIdentity identity;
};

/// Descriptors that are kept for births (descriptor_window.h). A child that has our table itself
/// leaves it before anything that could take time, and says so; none keeps what belongs to another
/// birth.
struct BirthTable {
    int window = -1;      ///< first number that belongs to births; -1: there are none
    int window_end = -1;  ///< behind them
    int own = -1;         ///< first number that belongs to this one
    int own_end = -1;     ///< behind them; a child that shares needs nothing from here on
    std::atomic<bool>* is_left = nullptr;  ///< set by the child; null: it has a copy from the start
};

/// For ChildPlan::parent: the child is known to whoever comes after its parent, and lives on.
inline constexpr std::int32_t kMayOutliveParent = 0;

/// All that the child needs, finished before it is born and kept until its exec is seen.
struct ChildPlan {
    const char* const* programs = nullptr;  ///< tried in order until one is there; null ends them
    char* const* arguments = nullptr;
    char* const* environment = nullptr;
    std::span<char* const> pid_values;  ///< places for the digits of its own pid
    const char* directory = nullptr;
    ChildStream streams[3];
    std::span<const PassedDescriptor> descriptors;  ///< in order of their numbers
    int report = -1;                                ///< write end of the report pipe, close-on-exec
    std::int32_t parent = kMayOutliveParent;        ///< pid that must still be the parent
    int cgroup = -1;  ///< directory of the cgroup to enter; -1: none, or born in it
    BirthTable table;
    const rlimit* descriptor_limit = nullptr;  ///< RLIMIT_NOFILE; null: leave it
    const ChildSettings* settings = nullptr;   ///< null: nothing is asked for
};

/// What comes through the report pipe: OwnTable from a child that shared ours, then another where
/// the exec failed. Nothing more comes where it succeeded: the pipe just ends.
struct ExecReport {
    ExecStage stage;
    std::int32_t code;  ///< errno
    std::int32_t
        which;  ///< Limit: RLIMIT_*. Open: 0 to 2, the stream. Exec: the program tried last
};

/// Exit code of a child that did not become its program; runsv's, for who looks at raw statuses.
inline constexpr int kExitNotExecuted = 111;

[[noreturn]] void child_exec(const ChildPlan* plan) noexcept;

/// The steps' common part, for child_identity: says what failed and ends the child.
[[noreturn]] void child_fail(int report, ExecStage stage, long result, int which = 0) noexcept;

/// Gives up and takes on rights; in child_identity.cpp.
void take_identity(const ChildIdentity& identity, int report) noexcept;

}  // namespace mainstay::supervisor
