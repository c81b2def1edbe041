#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>

#include "common/signals.h"
#include "init/machine.h"

// The part of the machine that knows what each signal to PID 1 asks for.

namespace mainstay::init {
namespace {

/// Signals that ask for an end of the system, whatever the state and the inittab.
struct EndSignal {
    int number;
    Request wanted;
    Pace pace = Pace::InOrder;
};

constexpr std::array kEndSignals{
    EndSignal{SIGQUIT, Request::Restart},
    EndSignal{SIGUSR1, Request::Halt},
    EndSignal{SIGUSR2, Request::PowerOff},
    EndSignal{kSignalHalt, Request::Halt},
    EndSignal{kSignalPowerOff, Request::PowerOff},
    EndSignal{kSignalReboot, Request::Reboot},
    EndSignal{kSignalKexec, Request::Kexec},
    EndSignal{kSignalHaltAtOnce, Request::Halt, Pace::AtOnce},
    EndSignal{kSignalPowerOffAtOnce, Request::PowerOff, Pace::AtOnce},
    EndSignal{kSignalRebootAtOnce, Request::Reboot, Pace::AtOnce},
    EndSignal{kSignalKexecAtOnce, Request::Kexec, Pace::AtOnce},
};

#ifdef MAINSTAY_TEST_FAULT
/// For tests of the recovery, in a build made for them: a real fault, and a loop that turns no
/// more.
void fault_on_purpose(int signal) noexcept {
    constexpr int kNullDereference = 60;
    constexpr int kHang = 61;
    if (signal == kNullDereference) {
        volatile int* volatile nowhere = nullptr;
        *nowhere = 1;
    } else if (signal == kHang) {
        while (true) {
            ::pause();
        }
    }
}
#else
void fault_on_purpose(int /*signal*/) noexcept {}
#endif

}  // namespace

void Machine::handle_signals() noexcept {
    while (const auto received = signals_.next()) {
        if (received->number != SIGCHLD) {
            handle_signal(*received);
        }
    }
    reap();
}

void Machine::handle_signal(const ReceivedSignal& received) noexcept {
    if (table_.style() == InittabStyle::Sysvinit && handle_sysvinit_signal(received)) {
        return;
    }
    const auto* const end = std::ranges::find(kEndSignals, received.number, &EndSignal::number);
    if (end != kEndSignals.end()) {
        request(end->wanted, received, end->pace);
        return;
    }
    switch (received.number) {
        case SIGTERM:
            request(options_.in_container ? Request::PowerOff : Request::Reboot, received);
            break;
        case SIGINT:
            log_.notice("%s from %s", received.from_kernel ? "ctrl-alt-del" : "INT",
                        received.sender.c_str());
            post(CtrlAltDel{monotonic_now()});
            break;
        case SIGHUP:
            log_.notice("HUP from %s: reading %s again", received.sender.c_str(), options_.inittab);
            post(ReloadAsked{});
            break;
        case kSignalUpgrade:
            log_.notice("upgrade asked by %s", received.sender.c_str());
            start_upgrade();
            break;
        case SIGPWR:
            log_.notice("PWR from %s: power fails", received.sender.c_str());
            post(PowerChanged{Power::Fails});
            break;
        case SIGWINCH:
            post(KeyboardRequest{});
            break;
        case SIGTSTP:
            log_.notice("TSTP from %s: nothing is started again until CONT",
                        received.sender.c_str());
            post(PauseAsked{});
            break;
        case SIGCONT:
            post(ResumeAsked{});
            break;
        default:
            handle_rare_signal(received);
            break;
    }
}

/// What only systemd's tools and managers send.
void Machine::handle_rare_signal(const ReceivedSignal& received) noexcept {
    switch (received.number) {
        case kSignalDefaultLevel:
            ask_level(table_.default_level(), received);
            break;
        case kSignalRescue:
        case kSignalEmergency:
            ask_level('S', received);
            break;
        case kSignalShowStatus:
            log_.show_on_console();
            break;
        case kSignalHideStatus:
            if (!is_going_down(state_)) {
                log_.hide_from_console();
            }
            break;
        default:
            fault_on_purpose(received.number);
            break;  // the others mean nothing to PID 1
    }
}

void Machine::request(Request wanted, const ReceivedSignal& received, Pace pace) noexcept {
    if (wanted == Request::Restart && !table_.has(EntryClass::Restart)) {
        log_.warning("QUIT from %s: there is no restart entry", received.sender.c_str());
    }
    const std::string_view name = signal_name(received.number);
    const std::string_view what = to_string(wanted);
    if (name.empty()) {
        log_.notice("signal %d from %s: %.*s", received.number, received.sender.c_str(),
                    printable_length(what), what.data());
    } else {
        log_.notice("%.*s from %s: %.*s", printable_length(name), name.data(),
                    received.sender.c_str(), printable_length(what), what.data());
    }
    if (received.value > 0 && received.value <= kMostPatienceSeconds) {
        terminate_limit_ = std::chrono::seconds(received.value);
        log_.notice("between TERM and KILL: %d s", received.value);
    }
    post(Requested{wanted, pace});
}

}  // namespace mainstay::init
