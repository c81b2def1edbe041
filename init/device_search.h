/// Waits for devices of the initramfs: loads their modules as they appear, looks for the one that
/// is wanted at each uevent. Runs in the root worker, as probing blocks.
#pragma once

#include "common/clock.h"
#include "init/cause.h"
#include "init/cmdline.h"
#include "init/device_nodes.h"
#include "init/log.h"
#include "init/modules.h"
#include "init/root_device.h"
#include "init/uevents.h"

namespace mainstay::init {

class DeviceSearch {
  public:
    DeviceSearch(const Cmdline& cmdline, Log& log) noexcept
        : cmdline_(cmdline), log_(log), modules_(log) {}

    /// Listens to the kernel, for a system that has its modules already.
    void listen() noexcept;

    /// Listens, then loads the modules of modules= and of all devices there are.
    void begin() noexcept;

    /// Waits for the device that @p spec means, as long as the command line says.
    /// @param role what it is to be, for the message: "root"
    Cause wait_for(const RootSpec& spec, const char* role, FoundDevice& found) noexcept;

    /// Loads what the file system @p type needs; built in or there already is just as well.
    void load_file_system(std::string_view type) noexcept;

    /// Loads a module by name, if there is one of that name.
    void load_module(std::string_view name) noexcept;

  private:
    enum class Until : std::uint8_t { Deadline, FirstEvent };

    void load_named_modules() noexcept;
    void say_what_is_missing(const RootSpec& spec, const char* role, Duration waited) noexcept;
    bool look_for(const RootSpec& spec, FoundDevice& found) noexcept;
    void follow_uevents_until(MonotonicTime deadline, Until until) noexcept;

    const Cmdline& cmdline_;
    Log& log_;
    ModuleLoader modules_;
    bool has_modules_ = false;
    const bool makes_nodes_ = !kernel_has_devtmpfs();
    UeventSource uevents_;
};

}  // namespace mainstay::init
