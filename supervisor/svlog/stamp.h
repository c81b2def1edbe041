/// PURE. Points in time as log files show them: ISO 8601 in UTC for people, TAI64N for tools and in
/// the names of rotated files. Labels only: a clock that jumps gives odd labels and nothing else.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace mainstay::svlog {

/// The wall clock: seconds since 1970 and nanoseconds.
struct WallTime {
    std::int64_t seconds = 0;
    std::uint32_t nanoseconds = 0;

    // clang-tidy 14 takes the comparison in it for one with a null pointer.
    // NOLINTNEXTLINE(modernize-use-nullptr)
    friend auto operator<=>(const WallTime&, const WallTime&) noexcept = default;
};

enum class StampFormat : std::uint8_t { Iso, Tai64n, None };

/// What is written before a line, the blank behind it included. Keeps what does not change from one
/// call to the next.
class Stamp {
  public:
    static constexpr std::size_t kLongest = 32;

    explicit Stamp(StampFormat format) noexcept : format_(format) {}

    /// "2026-11-21T08:30:31.123456Z " · "@4000000065f1c2d21dcd6500 " · ""; borrowed until the next
    /// call.
    std::string_view text(WallTime time) noexcept;

  private:
    void write_iso(WallTime time) noexcept;

    StampFormat format_;
    std::optional<std::int64_t> written_;  ///< the second that text_ shows
    std::array<char, kLongest> text_{};
};

inline constexpr std::size_t kTaiSize = 25;

/// '@' and 24 hexadecimal digits, as tai64nlocal(8) reads them: TAI is taken to be UTC + 10 s, as
/// every tool of that family does.
std::array<char, kTaiSize> tai64n(WallTime time) noexcept;

/// @returns nothing for anything else than tai64n() writes, and for years beyond reason
std::optional<WallTime> parse_tai64n(std::string_view text) noexcept;

}  // namespace mainstay::svlog
