#include "init/mount_options.h"

#include <linux/mount.h>

#include <array>

namespace mainstay::init {
namespace {

struct Flag {
    std::string_view name;
    unsigned long set;
    unsigned long cleared;
};

constexpr unsigned long kAccessTimes = MS_NOATIME | MS_RELATIME | MS_STRICTATIME;

constexpr std::array kFlags{
    Flag{"defaults", 0, 0},
    Flag{"ro", MS_RDONLY, 0},
    Flag{"rw", 0, MS_RDONLY},
    Flag{"suid", 0, MS_NOSUID},
    Flag{"nosuid", MS_NOSUID, 0},
    Flag{"dev", 0, MS_NODEV},
    Flag{"nodev", MS_NODEV, 0},
    Flag{"exec", 0, MS_NOEXEC},
    Flag{"noexec", MS_NOEXEC, 0},
    Flag{"async", 0, MS_SYNCHRONOUS},
    Flag{"sync", MS_SYNCHRONOUS, 0},
    Flag{"dirsync", MS_DIRSYNC, 0},
    Flag{"atime", 0, MS_NOATIME},
    Flag{"noatime", MS_NOATIME, kAccessTimes},
    Flag{"relatime", MS_RELATIME, kAccessTimes},
    Flag{"norelatime", 0, MS_RELATIME},
    Flag{"strictatime", MS_STRICTATIME, kAccessTimes},
    Flag{"nostrictatime", 0, MS_STRICTATIME},
    Flag{"diratime", 0, MS_NODIRATIME},
    Flag{"nodiratime", MS_NODIRATIME, 0},
    Flag{"lazytime", MS_LAZYTIME, 0},
    Flag{"nolazytime", 0, MS_LAZYTIME},
    Flag{"silent", MS_SILENT, 0},
    Flag{"loud", 0, MS_SILENT},
    Flag{"bind", MS_BIND, 0},
    Flag{"rbind", MS_BIND | MS_REC, 0},
    Flag{"remount", MS_REMOUNT, 0},
};

constexpr std::array kPropagations{
    Flag{"shared", MS_SHARED, 0},         Flag{"rshared", MS_SHARED | MS_REC, 0},
    Flag{"private", MS_PRIVATE, 0},       Flag{"rprivate", MS_PRIVATE | MS_REC, 0},
    Flag{"slave", MS_SLAVE, 0},           Flag{"rslave", MS_SLAVE | MS_REC, 0},
    Flag{"unbindable", MS_UNBINDABLE, 0},
};

/// For mount(8), for people and for other programs: no file system knows them.
constexpr std::array<std::string_view, 8> kNotForUs{"auto",  "user",    "nouser", "users",
                                                    "owner", "nousers", "group",  "nogroup"};

std::string_view take_option(std::string_view& rest) noexcept {
    bool quoted = false;  // context="a,b"
    std::size_t end = 0;
    while (end < rest.size() && (quoted || rest[end] != ',')) {
        quoted = quoted != (rest[end] == '"');
        ++end;
    }
    const std::string_view option = rest.substr(0, end);
    rest.remove_prefix(end < rest.size() ? end + 1 : end);
    return option;
}

bool take_flag(MountOptions& options, std::string_view name) noexcept {
    for (const Flag& flag : kFlags) {
        if (flag.name == name) {
            options.flags = (options.flags & ~flag.cleared) | flag.set;
            options.is_bind = options.is_bind || (flag.set & MS_BIND) != 0;
            return true;
        }
    }
    for (const Flag& flag : kPropagations) {
        if (flag.name == name) {
            options.propagation = flag.set;
            return true;
        }
    }
    return false;
}

bool take_own(MountOptions& options, std::string_view name) noexcept {
    if (name == "nofail") {
        options.may_fail = true;
    } else if (name == "noauto") {
        options.by_hand = true;
    } else if (name == "_netdev") {
        options.needs_network = true;
    } else if (name.substr(0, 2) != "x-" && name.substr(0, 2) != "X-" &&
               name.substr(0, 8) != "comment=") {
        for (const std::string_view other : kNotForUs) {
            if (other == name) {
                return true;
            }
        }
        return false;
    }
    return true;
}

}  // namespace

MountOptions parse_mount_options(std::string_view text) noexcept {
    MountOptions options;
    while (!text.empty()) {
        const std::string_view option = take_option(text);
        if (option.empty() || take_flag(options, option) || take_own(options, option)) {
            continue;
        }
        const std::size_t comma = options.data.empty() ? 0 : 1;
        if (options.data.size() + comma + option.size() > options.data.capacity()) {
            options.is_too_long = true;
            break;
        }
        options.data.append(comma != 0 ? "," : "").append(option);
    }
    return options;
}

}  // namespace mainstay::init
