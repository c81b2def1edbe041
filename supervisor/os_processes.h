/// The seam to processes: making, signalling and hearing of them. The real one is ProcessWatch,
/// the fake one is scripted by tests.
#pragma once

#include <cstdint>
#include <string>

#include "common/result.h"
#include "supervisor/service_state.h"
#include "supervisor/spawn_plan.h"

namespace mainstay::supervisor {

using ServiceId = std::uint32_t;

/// One process of one service, for all time: generations are never reused within a run of ours.
struct ProcessKey {
    ServiceId service = 0;
    std::uint32_t generation = 0;

    friend bool operator==(const ProcessKey&, const ProcessKey&) noexcept = default;
};

/// Why a process never became its program: the step that failed, on what, and the errno.
struct ExecFault {
    std::string stage;     ///< "clone", "user", "limit", "chdir", "exec", …
    std::string path;      ///< what it was done to: a path, a name; empty where there is none
    int code = 0;          ///< errno; 0 where no system call was involved
    std::string reason{};  ///< where more is known than the errno says; empty otherwise
};

/// Hears of processes. Calls come from the loop or from within reap_pending(), never from within
/// spawn() or kill().
class ProcessListener {
  public:
    ProcessListener() = default;
    ProcessListener(const ProcessListener&) = delete;
    ProcessListener& operator=(const ProcessListener&) = delete;
    virtual ~ProcessListener() = default;

    virtual void process_executed(ProcessKey key) = 0;
    /// The process is gone and never became its program.
    virtual void process_not_executed(ProcessKey key, const ExecFault& fault) = 0;
    /// The process ended; process_executed came before. Its pid is still a zombie in this call, so
    /// that nobody else can have its number.
    virtual void process_exited(ProcessKey key, ExitStatus status, Duration lived) = 0;
    /// Processes::is_crowded() was true, and is not any more.
    virtual void births_may_go_on() = 0;
};

/// A process that a supervisor before this one made, as the state table has it.
struct FormerProcess {
    std::int32_t pid = 0;
    Duration begun{0};         ///< shortly before its birth, on the age clock
    MonotonicTime executed{};  ///< zero: it was not seen to execute its program
};

/// What became of it.
struct Fate {
    bool is_alive = false;
    bool was_executed = true;  ///< alive and not: process_executed() will tell
    ExitStatus status;         ///< of one that ended; Unknown where nobody can tell
};

class Processes {
  public:
    Processes() = default;
    Processes(const Processes&) = delete;
    Processes& operator=(const Processes&) = delete;
    virtual ~Processes() = default;

    /// Makes the process and returns without waiting for the exec. @returns its pid; a fault means
    /// there is none and nobody will be called.
    virtual Result<std::int32_t, ExecFault> spawn(ProcessKey key, const SpawnPlan& plan) = 0;

    /// Whether as many processes are before their exec as do each other any good (birth_crowd.h).
    /// Whoever can wait should, until births_may_go_on(); spawn() does not refuse.
    virtual bool is_crowded() const noexcept = 0;

    /// @returns ESRCH where the process has ended: to be treated as success, the exit is on its
    /// way.
    virtual Result<void> kill(ProcessKey key, int signal, Target target) = 0;

    /// Another process becomes the one that @p key means: its end is told as the end, that of the
    /// process before it is not told any more. It need not be a child of ours.
    /// @returns ESRCH where it has ended, EBUSY where it belongs to a service already
    virtual Result<void> adopt(ProcessKey key, std::int32_t pid) = 0;

    /// Takes over a process that this supervisor did not make; from here on it is as if it had. To
    /// be called before anything is spawned.
    virtual Fate resume(ProcessKey key, const FormerProcess& process) = 0;

    /// When it began, on the age clock; zero where that cannot be told.
    virtual Duration begun(ProcessKey key) const = 0;

    /// Tells the listener of every exit so far. To be called before a command is obeyed.
    virtual void reap_pending() = 0;
};

}  // namespace mainstay::supervisor
