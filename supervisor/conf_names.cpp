#include "supervisor/conf_names.h"

#include <algorithm>
#include <array>

namespace mainstay::supervisor {
namespace {

constexpr std::array<std::string_view, 41> kCapabilities = {
    "cap_chown",
    "cap_dac_override",
    "cap_dac_read_search",
    "cap_fowner",
    "cap_fsetid",
    "cap_kill",
    "cap_setgid",
    "cap_setuid",
    "cap_setpcap",
    "cap_linux_immutable",
    "cap_net_bind_service",
    "cap_net_broadcast",
    "cap_net_admin",
    "cap_net_raw",
    "cap_ipc_lock",
    "cap_ipc_owner",
    "cap_sys_module",
    "cap_sys_rawio",
    "cap_sys_chroot",
    "cap_sys_ptrace",
    "cap_sys_pacct",
    "cap_sys_admin",
    "cap_sys_boot",
    "cap_sys_nice",
    "cap_sys_resource",
    "cap_sys_time",
    "cap_sys_tty_config",
    "cap_mknod",
    "cap_lease",
    "cap_audit_write",
    "cap_audit_control",
    "cap_setfcap",
    "cap_mac_override",
    "cap_mac_admin",
    "cap_syslog",
    "cap_wake_alarm",
    "cap_block_suspend",
    "cap_audit_read",
    "cap_perfmon",
    "cap_bpf",
    "cap_checkpoint_restore",
};

/// Each at the index that is its bit.
constexpr std::array<std::string_view, 8> kSecurebits = {
    "noroot",    "noroot-locked",    "no-setuid-fixup",      "no-setuid-fixup-locked",
    "keep-caps", "keep-caps-locked", "no-cap-ambient-raise", "no-cap-ambient-raise-locked",
};

constexpr std::array kLimits{
    LimitInfo{"as", 9, LimitUnit::Bytes},           LimitInfo{"core", 4, LimitUnit::Bytes},
    LimitInfo{"cpu", 0, LimitUnit::Number},         LimitInfo{"data", 2, LimitUnit::Bytes},
    LimitInfo{"fsize", 1, LimitUnit::Bytes},        LimitInfo{"locks", 10, LimitUnit::Number},
    LimitInfo{"memlock", 8, LimitUnit::Bytes},      LimitInfo{"msgqueue", 12, LimitUnit::Bytes},
    LimitInfo{"nice", 13, LimitUnit::Number},       LimitInfo{"nofile", 7, LimitUnit::Number},
    LimitInfo{"nproc", 6, LimitUnit::Number},       LimitInfo{"rss", 5, LimitUnit::Bytes},
    LimitInfo{"rtprio", 14, LimitUnit::Number},     LimitInfo{"rttime", 15, LimitUnit::Number},
    LimitInfo{"sigpending", 11, LimitUnit::Number}, LimitInfo{"stack", 3, LimitUnit::Bytes},
};

char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equal_ignoring_case(std::string_view text, std::string_view lower_name) noexcept {
    return std::equal(text.begin(), text.end(), lower_name.begin(), lower_name.end(),
                      [](char a, char b) { return lower(a) == b; });
}

std::optional<unsigned> index_of(std::span<const std::string_view> names,
                                 std::string_view name) noexcept {
    for (unsigned i = 0; i < names.size(); ++i) {
        if (equal_ignoring_case(name, names[i])) {
            return i;
        }
    }
    return std::nullopt;
}

}  // namespace

std::optional<unsigned> capability_by_name(std::string_view name) noexcept {
    return index_of(kCapabilities, name);
}

std::span<const std::string_view> capability_names() noexcept {
    return kCapabilities;
}

std::optional<std::uint32_t> securebit_by_name(std::string_view name) noexcept {
    const auto index = index_of(kSecurebits, name);
    return index ? std::optional<std::uint32_t>(std::uint32_t{1} << *index) : std::nullopt;
}

std::span<const std::string_view> securebit_names() noexcept {
    return kSecurebits;
}

std::span<const LimitInfo> limit_infos() noexcept {
    return kLimits;
}

}  // namespace mainstay::supervisor
