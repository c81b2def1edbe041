#include "supervisor/notify_events.h"

namespace mainstay::supervisor {
namespace {

void add(NotifyEvents& events, const Event& event) noexcept {
    // There is room for one of each kind.
    static_cast<void>(events.push_back(event));
}

void add_phase(NotifyEvents& events, NotifyPhase phase, std::uint32_t generation,
               bool is_reloading) noexcept {
    switch (phase) {
        case NotifyPhase::None:
            return;
        case NotifyPhase::Ready:
            return is_reloading ? add(events, ReloadEnded{generation})
                                : add(events, BecameReady{generation});
        case NotifyPhase::Reloading:
            return add(events, ReloadBegan{generation});
        case NotifyPhase::Stopping:
            return add(events, AnnouncedStop{generation});
    }
}

}  // namespace

NotifyEvents events_of(const NotifyMessage& message, std::uint32_t generation,
                       bool is_reloading) noexcept {
    NotifyEvents events;
    // The process first: what follows is about it. More time before what the time is for.
    if (message.main_pid) {
        add(events, MainPid{generation, *message.main_pid});
    }
    if (message.extend_timeout) {
        add(events, ExtendTimeout{generation, *message.extend_timeout});
    }
    if (message.watchdog_timeout) {
        add(events, WatchdogSet{generation, *message.watchdog_timeout});
    }
    add_phase(events, message.phase, generation, is_reloading);
    switch (message.watchdog) {
        case NotifyWatchdog::None:
            break;
        case NotifyWatchdog::Ping:
            add(events, WatchdogPing{generation});
            break;
        case NotifyWatchdog::Trigger:
            add(events, WatchdogTriggered{generation});
            break;
    }
    return events;
}

}  // namespace mainstay::supervisor
