#include "init/mount_table.h"

#include <array>
#include <charconv>

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

bool is_octal(char c) noexcept {
    return c >= '0' && c <= '7';
}

/// The kernel writes blanks, newlines and backslashes in paths as three octal digits.
void append_unescaped(FixedString<kMaxPath>& path, std::string_view text) noexcept {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 3 < text.size() && is_octal(text[i + 1]) &&
            is_octal(text[i + 2]) && is_octal(text[i + 3])) {
            const int value =
                (text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0');
            const char c = static_cast<char>(value);
            path.append({&c, 1});
            i += 3;
        } else {
            path.append(text.substr(i, 1));
        }
    }
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
