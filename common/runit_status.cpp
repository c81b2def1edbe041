#include "common/runit_status.h"

namespace mainstay {
namespace {

constexpr std::size_t kNanosecondsAt = 8;
constexpr std::size_t kPidAt = 12;
constexpr std::size_t kPausedAt = 16;
constexpr std::size_t kWantAt = 17;
constexpr std::size_t kGotTermAt = 18;
constexpr std::size_t kStateAt = 19;

char byte_of(std::uint64_t number, std::size_t index) noexcept {
    return static_cast<char>(static_cast<unsigned char>(number >> (8 * index)));
}

/// @p index counts from the least byte.
std::uint64_t to_byte(char byte, std::size_t index) noexcept {
    return static_cast<std::uint64_t>(static_cast<unsigned char>(byte)) << (8 * index);
}

}  // namespace

std::array<char, kRunitStatusSize> pack(const RunitStatus& status) noexcept {
    std::array<char, kRunitStatusSize> bytes{};
    for (std::size_t i = 0; i < 8; ++i) {
        bytes[i] = byte_of(status.seconds, 7 - i);
    }
    for (std::size_t i = 0; i < 4; ++i) {
        bytes[kNanosecondsAt + i] = byte_of(status.nanoseconds, 3 - i);
        bytes[kPidAt + i] = byte_of(status.pid, i);
    }
    bytes[kPausedAt] = status.paused ? 1 : 0;
    bytes[kWantAt] = status.want == RunitWant::Up ? 'u' : 'd';
    bytes[kGotTermAt] = status.got_term ? 1 : 0;
    bytes[kStateAt] = static_cast<char>(status.state);
    return bytes;
}

std::optional<RunitStatus> unpack_runit_status(std::string_view bytes) noexcept {
    if (bytes.size() != kRunitStatusSize) {
        return std::nullopt;
    }
    RunitStatus status;
    for (std::size_t i = 0; i < 8; ++i) {
        status.seconds |= to_byte(bytes[i], 7 - i);
    }
    for (std::size_t i = 0; i < 4; ++i) {
        status.nanoseconds |= static_cast<std::uint32_t>(to_byte(bytes[kNanosecondsAt + i], 3 - i));
        status.pid |= static_cast<std::uint32_t>(to_byte(bytes[kPidAt + i], i));
    }
    status.paused = bytes[kPausedAt] != 0;
    status.want = bytes[kWantAt] == 'u' ? RunitWant::Up : RunitWant::Down;
    status.got_term = bytes[kGotTermAt] != 0;
    const char state = bytes[kStateAt];
    status.state = state == 1 || state == 2 ? static_cast<RunitState>(state) : RunitState::Down;
    return status;
}

std::string stat_text(const RunitStatus& status) {
    std::string text = status.state == RunitState::Run      ? "run"
                       : status.state == RunitState::Finish ? "finish"
                                                            : "down";
    text += status.paused ? ", paused" : "";
    text += status.got_term ? ", got TERM" : "";
    if (status.state != RunitState::Down && status.want != RunitWant::Up) {
        text += status.want == RunitWant::Down ? ", want down" : ", want exit";
    }
    return text + "\n";
}

std::string pid_text(const RunitStatus& status) {
    return status.pid == 0 ? std::string() : std::to_string(status.pid) + "\n";
}

}  // namespace mainstay
