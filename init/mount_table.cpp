#include "init/mount_table.h"

#include <array>
#include <charconv>

#include "init/octal_escapes.h"

namespace mainstay::init {
namespace {

constexpr std::array<std::string_view, 22> kApiTypes{
    "proc",    "sysfs",      "devtmpfs",    "devpts",  "tmpfs",    "ramfs",    "rootfs",   "cgroup",
    "cgroup2", "securityfs", "debugfs",     "tracefs", "configfs", "pstore",   "efivarfs", "bpf",
    "mqueue",  "hugetlbfs",  "binfmt_misc", "autofs",  "nsfs",     "selinuxfs"};

std::string_view take_field(std::string_view& rest) noexcept {
    const std::string_view field = rest.substr(0, rest.find(' '));
    rest.remove_prefix(field.size() < rest.size() ? field.size() + 1 : field.size());
    return field;
}

}  // namespace

std::optional<MountLine> parse_mount_line(std::string_view line) noexcept {
    MountLine parsed;
    const std::string_view id = take_field(line);
    const auto [end, failure] = std::from_chars(id.data(), id.data() + id.size(), parsed.id);
    if (failure != std::errc() || end != id.data() + id.size()) {
        return std::nullopt;
    }
    (void)take_field(line);  // parent
    (void)take_field(line);  // device
    (void)take_field(line);  // root within the file system
    const std::string_view mount_point = take_field(line);
    if (mount_point.empty() || mount_point.front() != '/') {
        return std::nullopt;
    }
    append_unescaped(parsed.mount_point, mount_point);
    // Options, then optional fields up to a lone dash.
    const std::size_t dash = line.find(" - ");
    if (dash == std::string_view::npos) {
        return std::nullopt;
    }
    line.remove_prefix(dash + 3);
    parsed.type = take_field(line);
    parsed.source = take_field(line);
    return parsed.type.empty() ? std::nullopt : std::optional<MountLine>(parsed);
}

bool is_api_file_system(std::string_view type) noexcept {
    for (const std::string_view api : kApiTypes) {
        if (api == type) {
            return true;
        }
    }
    return false;
}

}  // namespace mainstay::init
