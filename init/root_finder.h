/// The root worker's work: loads modules, waits for the device, mounts it on kNewRoot with what
/// belongs to it, and looks for an init there. It can be done again from the start: what a former
/// try mounted is left as it is.
#pragma once

#include "init/cmdline.h"
#include "init/device_search.h"
#include "init/log.h"
#include "init/root_mounts.h"
#include "init/root_report.h"

namespace mainstay::init {

class RootFinder {
  public:
    RootFinder(const Cmdline& cmdline, const BreakPoints& passed, const ReportPipe& reports,
               Log& log) noexcept
        : cmdline_(cmdline),
          passed_(passed),
          log_(log),
          devices_(cmdline, log),
          mounts_(cmdline, devices_, reports, log) {}

    RootReport run() noexcept;

  private:
    bool fail(const Cause& cause) noexcept;
    bool stop_at(BreakPoint point) noexcept;
    bool load_modules() noexcept;
    bool find_device() noexcept;
    bool mount_root() noexcept;
    bool find_init() noexcept;

    const Cmdline& cmdline_;
    const BreakPoints& passed_;
    Log& log_;
    DeviceSearch devices_;
    RootMounts mounts_;
    FoundDevice device_;
    RootReport report_;
};

}  // namespace mainstay::init
