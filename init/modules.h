/// Loads kernel modules without any helper program: by name, and for every device that sysfs knows.
/// Loading may block on a slow device: only in a forked child, or in modprobe.
#pragma once

#include <cstdint>
#include <string_view>

#include "init/log.h"
#include "init/mapped_memory.h"
#include "init/modprobe_config.h"
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

    /// Loads module @p name, what it needs, and what modprobe.d wants before and after it. One that
    /// is loaded already counts as loaded.
    /// @param options besides those of modprobe.d and of the kernel command line
    Outcome load(std::string_view name, std::string_view options = {}) noexcept;

    /// Loads every module with an alias that matches @p alias and is not blacklisted.
    /// @returns how many matched
    unsigned load_alias(std::string_view alias) noexcept;

    bool is_blacklisted(std::string_view name) const noexcept {
        return config().is_blacklisted(name);
    }

    /// Loads the modules of all devices below /sys/devices.
    void load_for_all_devices() noexcept;

  private:
    void read_config() noexcept;
    void name_other_releases(const char* release) const noexcept;
    Outcome load_order(std::string_view name, std::string_view options) noexcept;
    void load_soft(std::string_view name, SoftDependency which) noexcept;
    bool is_underway(std::string_view name) const noexcept;
    bool insert(std::string_view path, std::string_view options) noexcept;
    void report_failure(const char* path, std::string_view name, int code) noexcept;
    void load_for_directory(int directory_fd, int depth) noexcept;
    void load_for_device(int directory_fd) noexcept;
    ModuleIndex index() const noexcept { return {dep_.text(), alias_.text(), builtin_.text()}; }
    ModprobeConfig config() const noexcept { return {config_, cmdline_.view()}; }

    Log& log_;
    FixedString<128> directory_;  ///< "/lib/modules/6.1.0-1-cloud-amd64/"
    MappedMemory dep_;
    MappedMemory alias_;
    MappedMemory builtin_;
    MappedMemory config_memory_;
    std::string_view config_;  ///< modules.softdep and all of modprobe.d
    FixedString<8192> cmdline_;
    /// Soft dependencies may go in circles, other than those of modules.dep.
    FixedVector<std::string_view, 8> underway_;
};

}  // namespace mainstay::init
