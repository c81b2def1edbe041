/// PURE. What `shutdown` is asked for: sysvinit's options, its ways of writing a time, the message.
///
/// getopt_long(3) reads the words, so that what is an option is what sysvinit's takes for one: it
/// moves words about in argv, and it is not for two threads. When to warn is shutdown_countdown's
/// to say; init/shutdown acts on both.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/fixed.h"
#include "init/pid1_state.h"
#include "init/shutdown_countdown.h"

namespace mainstay::init {

inline constexpr std::uint32_t kMinutesOfHour = 60;
inline constexpr std::uint32_t kMinutesOfDay = 24 * kMinutesOfHour;
inline constexpr std::size_t kMaxShutdownMessage = 400;

struct ShutdownTime {
    enum class Kind : std::uint8_t {
        After,  ///< so many minutes from now
        At,     ///< at that minute of the day by the wall clock
    };
    Kind kind = Kind::After;
    std::uint32_t minutes = 0;

    friend bool operator==(const ShutdownTime&, const ShutdownTime&) noexcept = default;
};

struct ShutdownCommand {
    enum class Ask : std::uint8_t { Shutdown, Cancel, Help, Complain };

    Ask ask = Ask::Shutdown;
    Request request = Request::PowerOff;
    ShutdownTime time;
    Quiet quiet = Quiet::No;
    bool only_warns = false;
    bool needs_allowed_user = false;
    bool skips_fsck = false;
    bool forces_fsck = false;
    /// Between TERM and KILL, as `-t` has it; 0: as long as PID 1 thinks right.
    std::uint32_t patience_seconds = 0;
    FixedString<kMaxShutdownMessage + 1> message;  ///< as it was given; cut off where it is longer
    FixedString<400> complaint;                    ///< with Ask::Complain: what is wrong, and where
};

/// @param argv its first word is the program's name
ShutdownCommand read_shutdown_command(int argc, char** argv) noexcept;

/// "power-off", "halt", "reboot".
std::string_view shutdown_noun(Request request) noexcept;

using WallText = FixedString<1024>;

/// Appends @p text as a terminal may have it: what is no printable character of UTF-8 becomes "?",
/// a new line starts at the left edge even where the terminal does not see to that.
void append_for_terminal(WallText& out, std::string_view text) noexcept;

/// What people are told @p minutes before: the command's message, then what happens and when.
WallText shutdown_warning(const ShutdownCommand& command, std::uint32_t minutes) noexcept;

}  // namespace mainstay::init
