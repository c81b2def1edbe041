/// Terminals: which ones are consoles, and how a forked child makes one its own. Opening a terminal
/// may block, so everything below "in a child" runs after fork only.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/fixed.h"
#include "common/result.h"

namespace mainstay::init {

using TerminalName = FixedString<32>;  ///< without /dev/
using TerminalNames = FixedVector<TerminalName, 8>;

/// The terminals behind /dev/console by their real names, "tty0" already turned into the visible
/// virtual terminal. The last one is what /dev/console reads from. Just "console" where the kernel
/// does not say.
TerminalNames active_consoles() noexcept;

/// The last of active_consoles().
TerminalName console_name() noexcept;

enum class Claim : std::uint8_t {
    None,    ///< not as controlling terminal
    IfFree,  ///< unless another session has it
    Take,    ///< also from another session (needs CAP_SYS_ADMIN)
};

/// In a child, after setsid: opens /dev/@p name as standard input, output and error, claims it,
/// sets sane line settings, and sets TERM to "linux" on a virtual terminal and "vt102" on any other
/// where it was only the kernel's default.
Result<void> use_terminal(std::string_view name, Claim claim) noexcept;

/// In a child, after setsid: the same for descriptors 0-2 as they were inherited.
void use_inherited_terminal(Claim claim) noexcept;

/// In PID 1 of a container: gives up the terminal that the container manager made its controlling
/// one, which only CAP_SYS_ADMIN could take away, so that an entry can have it. Signals must be
/// blocked: the SIGHUP and SIGCONT that the kernel sends for it mean nothing and are dropped.
/// Without a controlling terminal it does nothing.
void leave_terminal() noexcept;

}  // namespace mainstay::init
