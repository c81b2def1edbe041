/// What PID 1 is and stands on: a machine, a container or an initramfs; its descriptors and
/// variables.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "init/cmdline.h"

namespace mainstay::init {

enum class Role : std::uint8_t {
    Machine,    ///< the system proper, also an initramfs that is the final system
    Container,  ///< a pid namespace of its own: mounts, disks and the kernel are somebody else's
    Initramfs,  ///< finds the root file system and hands over to the init on it
};

/// Whether this process is in the first pid namespace of the kernel. Assumes so without /proc.
bool is_first_pid_namespace() noexcept;

/// @param forced what `--container=` said
Role detect_role(const char* argv0, std::optional<bool> forced_container,
                 const Cmdline& cmdline) noexcept;

/// Whether it is a container, which must be known before the command line is read: there
/// /proc/cmdline is the host's.
bool is_container(std::optional<bool> forced) noexcept;

/// Whether / lies in memory (ramfs or tmpfs): only there is anything ever deleted.
bool root_is_in_memory() noexcept;

/// Opens descriptors 0, 1 and 2 on /dev/null. PID 1 reads nothing, and writes through its Log;
/// children open their own terminals.
void detach_stdio() noexcept;

/// Sets PATH, HOME, SHELL and TERM where they are not set.
void set_base_variables() noexcept;

/// Whether the archive of the initramfs was cut off: scripts/mkimage puts a mark at its beginning
/// and at its end.
bool initramfs_is_cut_off() noexcept;

enum class ConsoleNode : std::uint8_t { WasThere, Made, Missing };

/// Makes /dev/console where it is missing and the file system allows; errno says why it does not.
ConsoleNode make_console_node() noexcept;

}  // namespace mainstay::init
