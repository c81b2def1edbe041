/// Loads kernel modules without any helper program: by name, and for every device that sysfs knows.
/// Loading may block on a slow device: only in a forked child, or in modprobe.
#pragma once

#include <cstdint>
#include <string_view>

#include "init/log.h"
#include "init/mapped_memory.h"
#include "init/module_index.h"

namespace mainstay::init {

class ModuleLoader {
  public:
    explicit ModuleLoader(Log& log) noexcept : log_(log) {}

    /// Maps the indexes below /lib/modules/RELEASE of the running kernel.
    /// @returns ENOENT where there are no modules at all, and after an error line where there are
    /// modules but no modules.dep (run depmod when the image is made)
    Result<void> open() noexcept;

    enum class Outcome : std::uint8_t { Loaded, Builtin, Unknown, Failed };

    /// Loads module @p name and what it needs. One that is loaded already counts as loaded.
    Outcome load(std::string_view name) noexcept;

    /// Loads every module with an alias that matches @p alias.
    /// @returns how many matched
    unsigned load_alias(std::string_view alias) noexcept;

    /// Loads the modules of all devices below /sys/devices.
    void load_for_all_devices() noexcept;

  private:
    bool insert(std::string_view path) noexcept;
    void load_for_directory(int directory_fd, int depth) noexcept;
    void load_for_device(int directory_fd) noexcept;
    ModuleIndex index() const noexcept { return {dep_.text(), alias_.text(), builtin_.text()}; }

    Log& log_;
    FixedString<128> directory_;  ///< "/lib/modules/6.1.0-1-cloud-amd64/"
    MappedMemory dep_;
    MappedMemory alias_;
    MappedMemory builtin_;
};

}  // namespace mainstay::init
