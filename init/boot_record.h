/// When this boot got how far, written down for whoever asks: see common/boot_times.h. What cannot
/// be written is a warning; nothing depends on it.
#pragma once

#include "common/boot_times.h"
#include "init/log.h"

namespace mainstay::init {

/// Begins the file, with what the initramfs left.
void begin_boot_record(double init_started, Log& log) noexcept;

/// It is now.
void record_moment(BootMoment moment, Log& log) noexcept;

}  // namespace mainstay::init
