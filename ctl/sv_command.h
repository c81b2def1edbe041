/// PURE. What a command of sv asks for, and what it says of a service: runit's sv(8), word for
/// word.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/runit_status.h"

namespace mainstay::ctl {

/// Called `sv`; or as an init script, by the service's name.
enum class SvCaller : std::uint8_t { Sv, InitScript };

struct SvCommand {
    enum class Kind : std::uint8_t { Send, Show, CheckOnly };
    Kind kind = Kind::Send;
    std::string letters;      ///< to be sent, and what is waited for
    bool waits = false;       ///< until that has come
    bool kills_late = false;  ///< who does not come to it in time
};

/// Empty: no such command. @p verbose makes those wait that otherwise do not.
std::optional<SvCommand> parse_sv_command(std::string_view word, SvCaller caller, bool verbose);

/// What the service directory says besides the status: whether it has a file `down`.
enum class Normally : std::uint8_t { Up, Down };

/// "run: web: (pid 7) 5s, normally down". @p now is TAI64.
std::string sv_status_text(const RunitStatus& status, std::string_view name, Normally normally,
                           std::uint64_t now);

/// Whether what @p letter asked for has come. @p asked_at is TAI64.
enum class SvProgress : std::uint8_t {
    Done,
    NotYet,
    IfChecked,  ///< if ./check agrees
};
SvProgress sv_progress(char letter, const RunitStatus& status, std::uint64_t asked_at) noexcept;

/// Whether sv need not send it: what is wanted is wanted already.
bool is_needless(const std::string& letters, const RunitStatus& status) noexcept;

}  // namespace mainstay::ctl
