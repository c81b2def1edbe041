/// PURE. What sysvinit's tools write into /run/initctl: requests of 384 bytes, in the machine's
/// byte order. A request is written in one piece, but a fifo is a stream that anybody with the
/// right to may write anything into: what is none, or only half of one, is passed over.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace mainstay::init {

inline constexpr std::size_t kInitctlRequestSize = 384;
inline constexpr std::uint32_t kInitctlMagic = 0x03091969;

enum class InitctlCommand : std::uint32_t {
    Start = 0,
    RunLevel = 1,
    PowerFail = 2,
    PowerFailNow = 3,
    PowerOk = 4,
    Bsd = 5,
    SetVariables = 6,
    UnsetVariables = 7,
};

/// As it lies in the fifo.
struct InitctlRequest {
    std::uint32_t magic;
    std::uint32_t command;
    std::uint32_t level;    ///< a character
    std::int32_t patience;  ///< seconds between TERM and KILL
    char data[368];         ///< variables, each ending with a NUL

    std::string_view text() const noexcept { return {data, sizeof data}; }
};
static_assert(sizeof(InitctlRequest) == kInitctlRequestSize);

/// Splits @p bytes, all that was in the fifo, into requests.
class InitctlReader {
  public:
    explicit InitctlReader(std::span<const std::byte> bytes) noexcept : rest_(bytes) {}

    std::optional<InitctlRequest> next() noexcept;

    /// Bytes that belonged to no request.
    std::size_t skipped() const noexcept { return skipped_; }

  private:
    void skip_to(std::size_t offset) noexcept;

    std::span<const std::byte> rest_;
    std::size_t skipped_ = 0;
};

}  // namespace mainstay::init
