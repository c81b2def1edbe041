/// PURE. Mount options as people write them ("noatime,nofail,size=10m"), taken apart into what
/// mount(2) wants as flags, what the file system gets as text, and what is for us alone.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/fixed.h"

namespace mainstay::init {

struct MountOptions {
    unsigned long flags = 0;        ///< MS_RDONLY, MS_NOSUID, …
    FixedString<1024> data;         ///< for the file system, joined by commas
    unsigned long propagation = 0;  ///< MS_SHARED, …: a call of its own
    bool is_too_long = false;       ///< something did not fit: not to be mounted like that

    bool may_fail = false;       ///< nofail
    bool by_hand = false;        ///< noauto
    bool needs_network = false;  ///< _netdev
    bool is_bind = false;        ///< bind, rbind: flags take a second call
};

/// Later options win, as mount(8) has it: "ro,rw" is rw.
MountOptions parse_mount_options(std::string_view text) noexcept;

}  // namespace mainstay::init
