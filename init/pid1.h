/// PID 1 from its start to its end, whichever way it started: what it has from the beginning, the
/// run of the machine, and the shells that are offered when nothing else helps.
#pragma once

#include <poll.h>

#include "init/boot.h"
#include "init/machine.h"
#include "init/rescue.h"

namespace mainstay::init {

/// What all of PID 1's life needs.
struct Pid1 {
    BootOptions options;
    StateMemory memory;
    Log log;
    BirthLimits limits;
};

/// Ends as a person leaves a shell, or with a signal that asks for the end of the system: that one
/// is sent again, for the machine that comes after to find.
/// @returns whether a person left a shell
bool wait_for_shells(RescueShells& shells, SignalSource& signals) noexcept;

/// A PID 1 that ends is a kernel panic: a shell is all that is left to offer, again and again.
[[noreturn]] void last_resort(const char* cause, Log& log, const BirthLimits& limits) noexcept;

/// What PID 1 cannot do without is tried for a while: memory and descriptors come back.
template <typename Attempt>
Result<void> insist(const char* what, Log& log, Attempt&& attempt) noexcept {
    constexpr int kMostTries = 5;
    constexpr int kPauseMilliseconds = 250;
    for (int tries = 1;; ++tries) {
        const Result<void> done = attempt();
        if (done || tries == kMostTries) {
            return done;
        }
        log.error("%s: %s; trying again", what, errno_text(done.error().code));
        (void)::poll(nullptr, 0, kPauseMilliseconds * tries);
    }
}

/// Says it where a fault of this program, or its exec, would not be survived as promised.
void tell_what_a_fault_costs(Pid1& pid1) noexcept;

/// Runs until the system's end.
/// @param start what the machine begins with, called as start(machine, signals)
/// @returns the exit code of a container; a machine's PID 1 never returns
template <typename StartMachine>
int run_machine(Pid1& pid1, const MachineOptions& options, StartMachine&& start) noexcept {
    tell_what_a_fault_costs(pid1);
    SignalSource signals;
    Machine machine(options, pid1.log, pid1.limits, signals, pid1.memory);
    int code = 1;
    if (const auto opened = insist("signalfd", pid1.log, [&] { return signals.open(); }); !opened) {
        pid1.log.error("signalfd: %s", errno_text(opened.error().code));
    } else if (const auto prepared =
                   insist("reserving memory", pid1.log, [&] { return machine.prepare(); });
               !prepared) {
        pid1.log.error("reserving memory: %s", errno_text(prepared.error().code));
    } else {
        start(machine, signals);
        code = machine.run();
    }
    if (!options.in_container) {
        last_resort("PID 1 can neither go on nor end.", pid1.log, pid1.limits);
    }
    return code;
}

}  // namespace mainstay::init
