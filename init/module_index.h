/// PURE. Finds modules in the texts that depmod writes: modules.dep (file and what it needs, in the
/// order "last one first"), modules.alias (patterns of device aliases) and modules.builtin.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/fixed.h"

namespace mainstay::init {

/// Module names are compared with `-` and `_` alike, as the kernel does.
bool is_same_module(std::string_view a, std::string_view b) noexcept;

/// "virtio_blk" for "kernel/drivers/block/virtio_blk.ko.xz".
std::string_view module_name(std::string_view path) noexcept;

/// Paths to load one after the other, dependencies first, relative to the modules directory.
using LoadOrder = FixedVector<std::string_view, 64>;

/// Room for an alias: the kernel's uevents, which bring them, have at most 2,048 bytes.
using AliasText = FixedString<2049>;

enum class Found : std::uint8_t { Yes, No, Builtin, TooManyDependencies };

class ModuleIndex {
  public:
    /// The texts must outlive the index. An empty text is a file that is missing.
    ModuleIndex(std::string_view dep, std::string_view alias, std::string_view builtin) noexcept
        : dep_(dep), alias_(alias), builtin_(builtin) {}

    /// Fills @p order for the module called @p name.
    Found find(std::string_view name, LoadOrder& order) const noexcept;

    /// Calls @p take with the name of each module that has an alias matching @p alias, such as
    /// "virtio:d00000002v00001AF4"; shell patterns as fnmatch(3) reads them. What is longer than
    /// an AliasText matches nothing.
    template <typename Take>
    void match_alias(std::string_view alias, Take&& take) const noexcept {
        if (alias.size() > AliasText::capacity()) {
            return;
        }
        const AliasText text(alias);
        std::string_view rest = alias_;
        while (!rest.empty()) {
            const std::string_view name = match_line(take_line(rest), text);
            if (!name.empty()) {
                take(name);
            }
        }
    }

  private:
    static std::string_view take_line(std::string_view& rest) noexcept;
    static std::string_view match_line(std::string_view line, const AliasText& alias) noexcept;

    std::string_view dep_;
    std::string_view alias_;
    std::string_view builtin_;
};

}  // namespace mainstay::init
