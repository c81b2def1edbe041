/// Shells for a person who must mend something: one on every active console, through sulogin where
/// root has a password and sulogin exists.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "common/exit_status.h"
#include "common/fixed.h"
#include "init/child.h"
#include "init/log.h"
#include "init/terminal.h"

namespace mainstay::init {

class RescueShells {
  public:
    RescueShells(Log& log, const BirthLimits& limits) noexcept : log_(log), limits_(limits) {}

    /// Starts a shell on each console, each greeted with @p cause and with how to go on.
    /// @returns false when there is no shell to start
    bool start(const char* cause) noexcept;

    /// The same on the terminal that PID 1 itself was given: in a container the kernel's consoles
    /// are its host's.
    bool start_on_own_terminal(const char* cause) noexcept;

    enum class Ended : std::uint8_t {
        NotOurs,     ///< some other child
        OthersRun,   ///< its terminal could not be used; others are left
        GoOn,        ///< a person left a shell: the others were ended, too
        NoneWorked,  ///< no console could be used
    };
    /// To be told of each reaped child.
    Ended ended(pid_t pid, const ExitStatus& status) noexcept;

    bool run() const noexcept { return !pids_.empty(); }

    /// Ends them and everything in their sessions.
    void end_all() noexcept;

  private:
    /// @param console empty: the one that is there
    void start_on(const TerminalName& console, const char* cause) noexcept;

    Log& log_;
    const BirthLimits& limits_;
    FixedVector<pid_t, 8> pids_;
};

}  // namespace mainstay::init
