/// PURE. Reads inittab text, of busybox's and of sysvinit's kind, into entries. Reports each bad
/// line with its number and skips it; never fails as a whole.
///
/// Which kind a file is decides one thing only: a valid `initdefault` line makes it sysvinit's
/// (runlevels count, the id is a name, `#` starts a comment only at the start of a line). Any other
/// is busybox's (the id is a terminal, runlevels are ignored, `#` ends a line wherever it stands).
///
/// The entries point into the text that was given: it must stay where it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace mainstay::init {

inline constexpr std::size_t kMaxInittabLine = 1024;  ///< bytes, without the newline
inline constexpr std::size_t kMaxInittabEntries = 10'000;
inline constexpr std::size_t kMaxTerminalName = 31;  ///< bytes, without /dev/
inline constexpr std::size_t kMaxSysvinitId = 4;
/// Starts the line before the text of a further file, which is named after it. For busybox's and
/// sysvinit's own eyes it is a comment.
inline constexpr std::string_view kFileMark = "#\f";
/// The one id that sysvinit lets several lines have: that of the single-user entries.
inline constexpr std::string_view kSharedId = "~~";

enum class Action : std::uint8_t {
    Sysinit,
    Wait,
    Once,
    Respawn,
    Askfirst,
    CtrlAltDel,
    Shutdown,
    Restart,
    Supervise,
    Native,
    Boot,
    BootWait,
    Off,
    OnDemand,
    InitDefault,
    PowerWait,
    PowerFail,
    PowerOkWait,
    PowerFailNow,
    KbRequest,
};
inline constexpr std::size_t kActionCount = 20;

/// The word for an action as it stands in the file.
std::string_view to_string(Action action) noexcept;

/// Small and capital letters are alike, as for sysvinit.
/// @returns nothing for a word that is no action.
std::optional<Action> parse_action(std::string_view word) noexcept;

enum class InittabStyle : std::uint8_t { Busybox, Sysvinit };

struct Entry {
    std::string_view id;         ///< terminal without /dev/, or sysvinit's name; may be empty
    std::string_view runlevels;  ///< as written; counts in sysvinit's style only
    Action action = Action::Off;
    std::string_view process;  ///< command line, `+` and `@` of sysvinit taken off
    std::uint32_t line = 0;    ///< from 1; 0 for a built-in default
    std::string_view file;     ///< of /etc/inittab.d; empty: inittab itself
    bool no_record = false;    ///< `+` of sysvinit: no utmp record
    bool no_shell = false;     ///< `@` of sysvinit: never through a shell
};

/// Takes what is wrong with a file, line by line.
class InittabReport {
  public:
    /// @param line from 1; 0 concerns the whole file
    virtual void problem(std::uint32_t line, std::string_view message) noexcept = 0;

  protected:
    ~InittabReport() = default;
};

struct ParsedInittab {
    InittabStyle style = InittabStyle::Busybox;
    std::uint32_t style_line = 0;  ///< the initdefault line that decided it, 0 if none did
    std::span<const Entry> entries;
};

/// How @p text is read.
InittabStyle inittab_style(std::string_view text, std::optional<InittabStyle> forced) noexcept;

/// @param forced_style what `--style=` said; nothing lets the file decide
/// @param storage room for the entries; what does not fit is reported and skipped
ParsedInittab parse_inittab(std::string_view text, std::optional<InittabStyle> forced_style,
                            std::span<Entry> storage, InittabReport& report) noexcept;

}  // namespace mainstay::init
