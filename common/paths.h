/// Where things are, in one place. Every one of them has an option or is fixed by DESIGN.
#pragma once

namespace mainstay {

inline constexpr char kRunDirectory[] = "/run/mainstay";           ///< 0755
inline constexpr char kControlSocket[] = "/run/mainstay/control";  ///< 0660 root:adm
inline constexpr char kBootedFile[] =
    "/run/mainstay/booted";  ///< 0644: seconds from boot to its completion
inline constexpr char kTimesFile[] = "/run/mainstay/times";  ///< 0644: see common/boot_times.h
inline constexpr char kRecoveredFile[] =
    "/run/mainstay/recovered";  ///< 0644: what PID 1 itself recovered from, one line for a person
inline constexpr char kServiceDirectory[] = "/etc/service";              ///< enabled services
inline constexpr char kDefinitionDirectories[] = "/etc/sv:/usr/lib/sv";  ///< what can be enabled
inline constexpr char kInittab[] = "/etc/inittab";
inline constexpr char kSupervisorProgram[] = "/sbin/supervisor";
/// Where `cmake --install` puts it for a whole system.
inline constexpr char kInstalledSupervisor[] = "/usr/lib/mainstay/supervisor";
inline constexpr char kDefaultPath[] =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

inline constexpr char kLinkVariable[] = "MAINSTAY_LINK";  ///< number of the boot link's descriptor
/// The version of the link that PID 1 speaks: from 2 on it answers a Hello.
inline constexpr char kLinkVersionVariable[] = "MAINSTAY_LINK_VERSION";
/// "keeper" where the other end only keeps things: the init of a command, not a system's.
inline constexpr char kLinkRoleVariable[] = "MAINSTAY_LINK_ROLE";
inline constexpr char kSocketVariable[] = "SVCTL_SOCKET";  ///< path of the control socket

}  // namespace mainstay
