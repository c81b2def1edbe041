/// PURE. Where our cgroups are and what is written into them: cgroup v2 only, as
/// Documentation/admin-guide/cgroup-v2.rst of the kernel has it. cgroup does the rest.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/definition.h"

namespace mainstay::supervisor {

/// Directory below our own cgroup that holds those of services. A second supervisor in the same
/// cgroup takes mainstay.1, and so on.
inline constexpr char kCgroupTop[] = "mainstay";
/// Directory in it for the supervisor itself; no service's, as those with an @ first are escaped.
inline constexpr char kSupervisorCgroup[] = "@supervisor";

/// Our own cgroup's directory, which is that above mainstay/@supervisor where we have moved there
/// before.
/// @param mount_info text of /proc/self/mountinfo
/// @param membership text of /proc/self/cgroup
/// @returns nothing where no cgroup2 is mounted that shows it; a hybrid system's `unified` counts
std::optional<std::string> own_cgroup(std::string_view mount_info, std::string_view membership);

/// A service's name as a directory: what could be a file of the kernel ("memory.max"), a slash, a
/// first dot or @, a percent sign and what is not printable become %XX.
std::string cgroup_name(std::string_view service);

/// One file of a cgroup and the controller that it takes.
struct CgroupValue {
    const char* controller;
    const char* file;
    std::string text;
    bool is_default = false;  ///< the kernel's, where the settings say nothing

    friend bool operator==(const CgroupValue& a, const CgroupValue& b) {
        return std::string_view(a.controller) == b.controller &&
               std::string_view(a.file) == b.file && a.text == b.text &&
               a.is_default == b.is_default;
    }
};
enum class Unset : std::uint8_t {
    Omit,
    Default,  ///< the kernel's value for each that is not set
};
std::vector<CgroupValue> cgroup_values(const CgroupSettings& settings, Unset unset);

/// The number in a file of "key number" lines such as memory.events; nothing where it is not there.
std::optional<std::uint64_t> keyed_number(std::string_view text, std::string_view key) noexcept;

/// The number that a file holds alone; "max" is the largest.
std::optional<std::uint64_t> single_number(std::string_view text) noexcept;

}  // namespace mainstay::supervisor
