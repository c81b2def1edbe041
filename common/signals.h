/// PURE. Signals by the kernel's numbers. A static program meets processes built against any libc,
/// and SIGRTMIN differs between them (34 in glibc, 35 in musl), so the numbers that container
/// managers and shutdown tools send are fixed here.
#pragma once

#include <optional>
#include <string_view>

namespace mainstay {

// What systemd calls its targets are levels of an inittab of sysvinit's style.
inline constexpr int kSignalDefaultLevel = 34;  ///< SIGRTMIN of glibc
inline constexpr int kSignalRescue = 35;        ///< SIGRTMIN+1: the single-user level
inline constexpr int kSignalEmergency = 36;     ///< SIGRTMIN+2: the same here
inline constexpr int kSignalHalt = 37;          ///< SIGRTMIN+3 of glibc
inline constexpr int kSignalPowerOff = 38;      ///< SIGRTMIN+4
inline constexpr int kSignalReboot = 39;        ///< SIGRTMIN+5
inline constexpr int kSignalKexec = 40;         ///< SIGRTMIN+6
// Without stopping services in order first: SIGRTMIN+13 to +16.
inline constexpr int kSignalHaltAtOnce = 47;
inline constexpr int kSignalPowerOffAtOnce = 48;
inline constexpr int kSignalRebootAtOnce = 49;
inline constexpr int kSignalKexecAtOnce = 50;
inline constexpr int kSignalShowStatus = 54;  ///< SIGRTMIN+20: PID 1's messages on the console
inline constexpr int kSignalHideStatus = 55;  ///< SIGRTMIN+21
inline constexpr int kSignalUpgrade = 59;     ///< SIGRTMIN+25: executes the program anew
inline constexpr int kSignalMax = 64;         ///< highest number of the kernel on this architecture

/// "TERM" for 15, "37" style decimal text is not made here: empty for a number without a name.
std::string_view signal_name(int number) noexcept;

/// Reads "TERM", "SIGTERM", "sigterm" or a number from 1 to 64.
std::optional<int> parse_signal(std::string_view text) noexcept;

}  // namespace mainstay
