/// PURE. Variables that sysvinit's tools have PID 1 set for every process it starts, such as
/// INIT_HALT=POWEROFF: a bounded text of `NAME=value`, each ending with a NUL, that lies in PID 1's
/// block as it is.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace mainstay::init {

inline constexpr std::size_t kExtraVariablesSize = 1024;
inline constexpr std::size_t kMaxExtraVariables = 16;

/// Tells the scripts of level 0, as sysvinit's shutdown sets it, whether the power goes off.
inline constexpr char kHaltVariable[] = "INIT_HALT";

class ExtraVariables {
  public:
    enum class Change : std::uint8_t { Set, Unset };

    /// As sysvinit's tools have it: `NAME=value` sets, `NAME` alone takes away; each ends with a
    /// NUL and an empty one ends the list. Only names that start with INIT_ are taken.
    /// @returns false where one was refused, or there was no room for it
    bool apply(std::string_view requests, Change change) noexcept;

    /// @p variable is `NAME=value` or `NAME`, of whatever name.
    bool set(std::string_view variable) noexcept;

    /// Empty where it is not set.
    std::string_view value_of(std::string_view name) const noexcept;

    /// Calls @p take with each `NAME=value`, which a NUL follows.
    template <typename Take>
    void for_each(Take&& take) const noexcept {
        for (std::size_t at = 0; at < size_;) {
            const std::string_view variable(text_.data() + at);
            take(variable);
            at += variable.size() + 1;
        }
    }

    std::span<const char, kExtraVariablesSize> bytes() const noexcept { return text_; }
    /// Takes what another program left, which may be anything.
    void restore(std::span<const char, kExtraVariablesSize> bytes) noexcept;

  private:
    std::array<char, kExtraVariablesSize> text_{};
    std::size_t size_ = 0;
    std::size_t count_ = 0;
};

}  // namespace mainstay::init
