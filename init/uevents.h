/// The kernel's announcements of devices (NETLINK_KOBJECT_UEVENT), group 1: the kernel's own, not
/// udev's.
#pragma once

#include <string_view>

#include "common/fixed.h"
#include "common/result.h"
#include "common/unique_fd.h"

namespace mainstay::init {

struct Uevent {
    FixedString<16> action;  ///< "add", "change", …
    FixedString<512> alias;  ///< MODALIAS, may be empty
};

class UeventSource {
  public:
    /// To be opened before the first scan of /sys, or a device between the two is missed.
    Result<void> open() noexcept;
    int fd() const noexcept { return fd_.get(); }

    /// Takes one announcement. Never blocks. Messages that are not the kernel's are skipped.
    bool next(Uevent& event) noexcept;

  private:
    UniqueFd fd_;
};

}  // namespace mainstay::init
