#include "supervisor/cgroup_place.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace mainstay::supervisor {
namespace {

constexpr std::uint64_t kUnlimited = UINT64_MAX;
constexpr std::uint64_t kCpuPeriod = 100'000;  // µs, the kernel's default
constexpr std::uint64_t kPerCent = 100;

std::string_view take_until(std::string_view& rest, char separator) noexcept {
    const std::size_t end = std::min(rest.find(separator), rest.size());
    const std::string_view part = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return part;
}

bool is_octal(char c) noexcept {
    return c >= '0' && c <= '7';
}

/// mountinfo writes blanks and backslashes as \ooo.
std::string unescaped(std::string_view text) {
    constexpr std::size_t kDigits = 3;
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const std::string_view digits = text.substr(i + 1, kDigits);
        if (text[i] == '\\' && digits.size() == kDigits &&
            std::all_of(digits.begin(), digits.end(), is_octal)) {
            result += static_cast<char>((digits[0] - '0') * 64 + (digits[1] - '0') * 8 +
                                        (digits[2] - '0'));
            i += kDigits;
        } else {
            result += text[i];
        }
    }
    return result;
}

struct Mount {
    std::string root;   ///< what of the hierarchy is mounted
    std::string point;  ///< where
};

/// id parent device root point options [optional...] - type source options
std::optional<Mount> parse_mount(std::string_view line) {
    const std::size_t dash = line.find(" - ");
    if (dash == std::string_view::npos) {
        return std::nullopt;
    }
    std::string_view tail = line.substr(dash + 3);
    if (take_until(tail, ' ') != "cgroup2") {
        return std::nullopt;
    }
    for (int skipped = 0; skipped < 3; ++skipped) {
        take_until(line, ' ');
    }
    Mount mount;
    mount.root = unescaped(take_until(line, ' '));
    mount.point = unescaped(take_until(line, ' '));
    return mount;
}

/// The path in the v2 hierarchy: the line "0::/path".
std::string_view own_path(std::string_view membership) noexcept {
    constexpr std::string_view kVersion2 = "0::";
    while (!membership.empty()) {
        const std::string_view line = take_until(membership, '\n');
        if (line.substr(0, kVersion2.size()) == kVersion2) {
            return line.substr(kVersion2.size());
        }
    }
    return {};
}

/// @p path as seen below a mount of @p root; nothing where it is not below it.
std::optional<std::string_view> below(std::string_view path, std::string_view root) noexcept {
    if (root == "/") {
        return path;
    }
    const bool is_in = path.substr(0, root.size()) == root &&
                       (path.size() == root.size() || path[root.size()] == '/');
    return is_in ? std::optional(path.substr(root.size())) : std::nullopt;
}

/// /x/mainstay/@supervisor is /x, and so is /x/mainstay.2/@supervisor.
std::string_view above_leaf(std::string_view path) noexcept {
    const std::size_t leaf = path.rfind('/');
    if (leaf == std::string_view::npos || path.substr(leaf + 1) != kSupervisorCgroup) {
        return path;
    }
    const std::string_view parent = path.substr(0, leaf);
    const std::size_t top = parent.rfind('/');
    const bool is_ours = top != std::string_view::npos &&
                         parent.substr(top + 1, std::string_view(kCgroupTop).size()) == kCgroupTop;
    return is_ours ? parent.substr(0, top) : path;
}

bool is_plain(char c) noexcept {
    return c > ' ' && c < '\x7f' && c != '/' && c != '%';
}

bool could_be_kernels(std::string_view name) noexcept {
    constexpr std::array<std::string_view, 11> kPrefixes = {
        "cgroup.", "memory.", "cpu.",  "cpuset.",  "io.",   "pids.",
        "rdma.",   "misc.",   "dmem.", "hugetlb.", "debug."};
    return std::any_of(kPrefixes.begin(), kPrefixes.end(), [&](std::string_view prefix) {
        return name.substr(0, prefix.size()) == prefix;
    });
}

void append_escaped(std::string& text, char c) {
    constexpr char kDigits[] = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    text += '%';
    text += kDigits[byte / 16];
    text += kDigits[byte % 16];
}

std::string size_or_max(std::uint64_t value) {
    return value == kUnlimited ? "max" : std::to_string(value);
}

std::string quota(std::uint64_t percent) {
    return std::to_string(percent * kCpuPeriod / kPerCent) + " " + std::to_string(kCpuPeriod);
}

std::string number(std::uint64_t value) {
    return std::to_string(value);
}

}  // namespace

std::optional<std::string> own_cgroup(std::string_view mount_info, std::string_view membership) {
    std::string_view path = own_path(membership);
    // Above the root of a cgroup namespace, of which the mount shows nothing.
    if (path.empty() || path.substr(0, 3) == "/..") {
        return std::nullopt;
    }
    path = above_leaf(path);
    while (!mount_info.empty()) {
        const auto mount = parse_mount(take_until(mount_info, '\n'));
        const auto rest = mount ? below(path.empty() ? "/" : path, mount->root) : std::nullopt;
        if (rest) {
            return mount->point + (*rest == "/" ? std::string() : std::string(*rest));
        }
    }
    return std::nullopt;
}

std::string cgroup_name(std::string_view service) {
    std::string name;
    for (std::size_t i = 0; i < service.size(); ++i) {
        const char c = service[i];
        const bool is_first_special = i == 0 && (c == '.' || c == '@' || could_be_kernels(service));
        if (is_plain(c) && !is_first_special) {
            name += c;
        } else {
            append_escaped(name, c);
        }
    }
    return name;
}

std::vector<CgroupValue> cgroup_values(const CgroupSettings& settings, Unset unset) {
    std::vector<CgroupValue> values;
    const auto add = [&](const char* controller, const char* file, const auto& setting,
                         const char* initial, auto text_of) {
        if (setting) {
            values.push_back({controller, file, text_of(*setting)});
        } else if (unset == Unset::Default) {
            values.push_back({controller, file, initial, true});
        }
    };
    add("memory", "memory.max", settings.memory_max, "max", size_or_max);
    add("memory", "memory.high", settings.memory_high, "max", size_or_max);
    add("pids", "pids.max", settings.pids_max, "max", size_or_max);
    add("cpu", "cpu.max", settings.cpu_max, "max", quota);
    add("cpu", "cpu.weight", settings.cpu_weight, "100", number);
    add("io", "io.weight", settings.io_weight, "100", number);
    return values;
}

std::optional<std::uint64_t> single_number(std::string_view text) noexcept {
    const std::string_view line = take_until(text, '\n');
    if (line == "max") {
        return kUnlimited;
    }
    std::uint64_t number = 0;
    const char* end = line.data() + line.size();
    const auto parsed = std::from_chars(line.data(), end, number);
    return parsed.ec == std::errc() && parsed.ptr == end && !line.empty() ? std::optional(number)
                                                                          : std::nullopt;
}

std::optional<std::uint64_t> keyed_number(std::string_view text, std::string_view key) noexcept {
    while (!text.empty()) {
        std::string_view line = take_until(text, '\n');
        if (take_until(line, ' ') == key) {
            return single_number(line);
        }
    }
    return std::nullopt;
}

}  // namespace mainstay::supervisor
