/// PURE. supervise/status and supervise/stat as runsv writes them and sv reads them (runit:
/// src/runsv.c, update_status; src/sv.c). 20 bytes: TAI64 seconds and nanoseconds, both big-endian
/// · pid, little-endian · paused · 'u' or 'd', what is wanted · got TERM · state. The first 18 are
/// daemontools'.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mainstay {

inline constexpr std::size_t kRunitStatusSize = 20;
/// Names in a supervise directory.
inline constexpr char kSuperviseDirectory[] = "supervise";
inline constexpr char kRunitControl[] = "control";
inline constexpr char kRunitOk[] = "ok";
inline constexpr char kRunitStatus[] = "status";

enum class RunitState : std::uint8_t { Down = 0, Run = 1, Finish = 2 };
enum class RunitWant : std::uint8_t { Up, Down, Exit };

struct RunitStatus {
    std::uint64_t seconds = 0;  ///< TAI64: when it last started, or went down
    std::uint32_t nanoseconds = 0;
    std::uint32_t pid = 0;  ///< of run or finish; 0: none
    RunitState state = RunitState::Down;
    RunitWant want = RunitWant::Up;
    bool paused = false;
    bool got_term = false;

    friend bool operator==(const RunitStatus&, const RunitStatus&) noexcept = default;
};

/// The TAI64 label of a second of the wall clock (without leap seconds, as runit has it).
constexpr std::uint64_t tai64(std::int64_t unix_seconds) noexcept {
    return static_cast<std::uint64_t>(unix_seconds) + (std::uint64_t{1} << 62U) + 10;
}

std::array<char, kRunitStatusSize> pack(const RunitStatus& status) noexcept;

/// Of whoever wrote the file. A want is Up or Down, an unknown state is Down. Empty: it has another
/// size.
std::optional<RunitStatus> unpack_runit_status(std::string_view bytes) noexcept;

/// "run, paused, got TERM, want down\n"
std::string stat_text(const RunitStatus& status);

/// "4711\n"; empty where there is none.
std::string pid_text(const RunitStatus& status);

}  // namespace mainstay
