/// PURE. What modprobe.d(5) files, modules.softdep and the kernel command line say about modules:
/// options, what not to load, and what to load before and after.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/fixed.h"
#include "init/cmdline.h"
#include "init/module_index.h"

namespace mainstay::init {

/// Parameters for finit_module(2), joined by blanks.
using ModuleOptions = FixedString<2048>;

enum class SoftDependency : std::uint8_t { Before, After };

class ModprobeConfig {
  public:
    /// @param files the texts of all files, one after the other; later lines add to earlier ones
    /// @param cmdline of the kernel: NAME.OPTION=…, modprobe.blacklist=, rd.driver.blacklist=
    /// The texts must outlive this.
    ModprobeConfig(std::string_view files, std::string_view cmdline) noexcept
        : files_(files), cmdline_(cmdline) {}

    /// Not to be loaded because of an alias; by its name it may be.
    bool is_blacklisted(std::string_view name) const noexcept;

    /// `install NAME /bin/true` (or false): people's way to have it loaded by nobody.
    bool is_disabled(std::string_view name) const noexcept;

    /// @returns false where they do not fit
    bool collect_options(std::string_view name, ModuleOptions& options) const noexcept;

    /// Calls @p take with each module that is to be loaded before, or after, @p name.
    template <typename Take>
    void for_each_soft(std::string_view name, SoftDependency wanted, Take&& take) const noexcept {
        for_each_line("softdep", name, [&](std::string_view words) {
            // "pre: a b post: c"; what stands before either is nobody's.
            bool counts = false;
            while (true) {
                const std::string_view word = take_blank_separated(words);
                if (word.empty()) {
                    return;
                }
                if (word == "pre:" || word == "post:") {
                    counts = (word == "pre:") == (wanted == SoftDependency::Before);
                } else if (counts) {
                    take(word);
                }
            }
        });
    }

  private:
    /// Calls @p take with the rest of each line that begins with @p command and module @p name.
    template <typename Take>
    void for_each_line(std::string_view command, std::string_view name,
                       Take&& take) const noexcept {
        for (std::string_view rest = files_; !rest.empty();) {
            std::string_view line = take_line(rest);
            if (take_blank_separated(line) == command &&
                is_same_module(take_blank_separated(line), name)) {
                take(line);
            }
        }
    }

    /// A backslash before its end joins a line to the next.
    static std::string_view take_line(std::string_view& rest) noexcept;
    static std::string_view take_blank_separated(std::string_view& rest) noexcept;

    std::string_view files_;
    std::string_view cmdline_;
};

/// The symbol of "NAME: Unknown symbol SYMBOL (err -2)" in a record of the kernel's log; empty
/// where the record says something else.
std::string_view unknown_symbol(std::string_view record, std::string_view module) noexcept;

}  // namespace mainstay::init
