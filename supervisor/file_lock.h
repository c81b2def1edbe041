/// Locks by flock(2), and who has one that is not to be had.
///
/// Such a lock is of the open file, which a child has until it executes its program: what a
/// supervisor that was killed had in hand keeps its locks for a moment longer than it lives. Who
/// comes after it waits for that moment; taking the dead one for another supervisor would be to
/// stop what runs, or to start it twice.
#pragma once

#include <cstdint>

namespace mainstay::supervisor {

struct LockAttempt {
    enum class State : std::uint8_t {
        Ours,
        Held,    ///< by another process, which lives
        Fading,  ///< by nobody that can be seen: who took it is dead, in another pid namespace, or
                 ///< the program that this process was before
        Failed,
    };
    State state = State::Failed;
    std::int32_t holder = 0;  ///< its pid, as /proc/locks has it; 0: not known
    int code = 0;             ///< of Failed: errno

    /// @returns whether its holder may be a supervisor of ours: lives, and is root's or our own
    /// user's
    bool is_held_by_us() const;
};

/// Tries once, and never waits.
LockAttempt try_lock(int fd);

/// Tries until it is taken, or held by somebody who lives, or has been fading for @p patience
/// milliseconds.
LockAttempt lock_after_the_dead(int fd, int patience = 5000);

}  // namespace mainstay::supervisor
