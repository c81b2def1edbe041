#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>

#include "common/fd_io.h"
#include "init/machine.h"

// The part of the machine that does what sysvinit's tools ask for.

namespace mainstay::init {
namespace {

constexpr std::int32_t kMostPatience = 3600;

/// What UPS daemons write before they send PWR: a letter. The file is gone when it was read.
Power read_powerstatus() noexcept {
    constexpr std::array kPlaces{"/run/powerstatus", "/var/run/powerstatus", "/etc/powerstatus"};
    for (const char* const path : kPlaces) {
        const auto fd = open_file(path, O_RDONLY | O_NONBLOCK);
        if (!fd) {
            continue;
        }
        char letter = '\0';
        const bool has_letter = ::read(fd->get(), &letter, 1) == 1;
        (void)::unlink(path);
        if (has_letter && (letter == 'O' || letter == 'L')) {
            return letter == 'O' ? Power::IsBack : Power::IsLow;
        }
        break;
    }
    return Power::Fails;
}

}  // namespace

void Machine::handle_initctl() noexcept {
    if (!std::exchange(initctl_is_due_, false)) {
        return;
    }
    if (initctl_.heed_watch()) {
        initctl_.ensure(table_.style(), log_);
    }
    InitctlReader reader(initctl_.read());
    while (const auto request = reader.next()) {
        obey(*request);
    }
    if (reader.skipped() > 0) {
        if (const auto held_back = initctl_nonsense_.ask(monotonic_now())) {
            log_.warning("/run/initctl: %zu bytes that are no request (and %u times before)",
                         reader.skipped(), *held_back);
        }
    }
}

void Machine::obey(const InitctlRequest& request) noexcept {
    const Duration patience =
        std::chrono::seconds(std::clamp<std::int32_t>(request.patience, 0, kMostPatience));
    switch (static_cast<InitctlCommand>(request.command)) {
        case InitctlCommand::RunLevel:
            obey_level(static_cast<char>(std::min<std::uint32_t>(request.level, 0x7f)), patience);
            return;
        case InitctlCommand::PowerFail:
            log_.notice("/run/initctl: power fails");
            post(PowerChanged{Power::Fails});
            return;
        case InitctlCommand::PowerFailNow:
            log_.notice("/run/initctl: power fails, and the battery is low");
            post(PowerChanged{Power::IsLow});
            return;
        case InitctlCommand::PowerOk:
            log_.notice("/run/initctl: power is back");
            post(PowerChanged{Power::IsBack});
            return;
        case InitctlCommand::SetVariables:
            obey_variables(request.text(), ExtraVariables::Change::Set);
            return;
        case InitctlCommand::UnsetVariables:
            obey_variables(request.text(), ExtraVariables::Change::Unset);
            return;
        case InitctlCommand::Start:
        case InitctlCommand::Bsd:
            break;
    }
    log_.warning("/run/initctl: there is no request %u", request.command);
}

void Machine::obey_variables(std::string_view text, ExtraVariables::Change change) noexcept {
    if (!variables_.apply(text, change)) {
        log_.warning("/run/initctl: variables refused: only INIT_..., at most %zu of %zu bytes",
                     kMaxExtraVariables, kExtraVariablesSize);
    }
}

void Machine::obey_level(char level, Duration patience) noexcept {
    const char asked = level >= 'a' && level <= 'z' ? static_cast<char>(level - 'a' + 'A') : level;
    const bool has_levels = table_.style() == InittabStyle::Sysvinit;
    const bool is_level = (asked >= '0' && asked <= '9') || asked == 'S';
    if (asked == 'Q') {
        log_.notice("/run/initctl: reading %s again", options_.inittab);
        post(ReloadAsked{});
    } else if (asked == 'U') {
        log_.notice("/run/initctl: upgrade");
        start_upgrade();
    } else if (asked >= 'A' && asked <= 'C') {
        demand(asked);
    } else if (is_level && (has_levels || asked == '0' || asked == '6')) {
        post(LevelAsked{asked, patience});
    } else if (is_level) {
        log_.warning(
            "/run/initctl: runlevel %c: this inittab has no runlevels; an initdefault line gives "
            "it some",
            asked);
    } else {
        log_.warning("/run/initctl: there is no runlevel %d", level);
    }
}

void Machine::ask_level(char level, const ReceivedSignal& received) noexcept {
    if (table_.style() != InittabStyle::Sysvinit) {
        log_.warning(
            "signal %d from %s: this inittab has no runlevels; an initdefault line gives it some",
            received.number, received.sender.c_str());
        return;
    }
    log_.notice("signal %d from %s: runlevel %c", received.number, received.sender.c_str(), level);
    post(LevelAsked{level, kLevelPatience});
}

/// What means something else than to busybox's scripts.
bool Machine::handle_sysvinit_signal(const ReceivedSignal& received) noexcept {
    if (received.number == SIGPWR) {
        const Power power = read_powerstatus();
        const char* const meaning = power == Power::Fails   ? "power fails"
                                    : power == Power::IsLow ? "power fails, the battery is low"
                                                            : "power is back";
        log_.notice("PWR from %s: %s", received.sender.c_str(), meaning);
        post(PowerChanged{power});
        return true;
    }
    if (received.number == SIGUSR1) {
        log_.info("USR1 from %s: opening /run/initctl again", received.sender.c_str());
        initctl_.reopen(table_.style(), log_);
        return true;
    }
    if (received.number == SIGUSR2) {
        log_.notice("USR2 from %s: /run/initctl is closed until USR1", received.sender.c_str());
        initctl_.shut();
        return true;
    }
    return false;
}

}  // namespace mainstay::init
