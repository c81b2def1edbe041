#include "init/inittab.h"

#include <array>

#include "common/fixed.h"
#include "common/nearest.h"

namespace mainstay::init {
namespace {

/// In the order of the enum; to_string and parse_action both read it.
constexpr std::array<std::string_view, kActionCount> kActionWords{
    "sysinit",    "wait",      "once",        "respawn",      "askfirst",
    "ctrlaltdel", "shutdown",  "restart",     "supervise",    "native",
    "boot",       "bootwait",  "off",         "ondemand",     "initdefault",
    "powerwait",  "powerfail", "powerokwait", "powerfailnow", "kbrequest",
};
static_assert(static_cast<std::size_t>(Action::KbRequest) + 1 == kActionCount);

constexpr std::uint32_t kMostReportedProblems = 50;

using Message = FixedString<192>;

/// Splits off the field before the first `:`.
/// @returns nothing when there is no `:`.
std::optional<std::string_view> take_field(std::string_view& rest) noexcept {
    const std::size_t colon = rest.find(':');
    if (colon == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string_view field = rest.substr(0, colon);
    rest.remove_prefix(colon + 1);
    return field;
}

std::string_view trim(std::string_view text) noexcept {
    constexpr std::string_view kPadding = " \t\r";
    while (!text.empty() && kPadding.find(text.front()) != std::string_view::npos) {
        text.remove_prefix(1);
    }
    while (!text.empty() && kPadding.find(text.back()) != std::string_view::npos) {
        text.remove_suffix(1);
    }
    return text;
}

bool has_control_character(std::string_view text) noexcept {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && c != '\t') || byte == 0x7f) {
            return true;
        }
    }
    return false;
}

std::string_view strip_comment(std::string_view line, InittabStyle style) noexcept {
    if (style == InittabStyle::Busybox) {
        return line.substr(0, line.find('#'));
    }
    const std::string_view trimmed = trim(line);
    return !trimmed.empty() && trimmed.front() == '#' ? std::string_view{} : line;
}

bool take_flag(std::string_view& process, char flag) noexcept {
    const bool has = !process.empty() && process.front() == flag;
    process.remove_prefix(has ? 1 : 0);
    return has;
}

bool is_sysvinit_id(std::string_view id) noexcept {
    return !id.empty() && id.size() <= kMaxSysvinitId;
}

bool needs_process(Action action) noexcept {
    return action != Action::InitDefault && action != Action::Off;
}

/// Walks the lines of a text and knows the number of each.
class Lines {
  public:
    explicit Lines(std::string_view text) noexcept : rest_(text) {}

    bool next() noexcept {
        if (rest_.empty()) {
            return false;
        }
        const std::size_t end = rest_.find('\n');
        line_ = rest_.substr(0, end);
        rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
        if (!line_.empty() && line_.back() == '\r') {
            line_.remove_suffix(1);
        }
        ++number_;
        return true;
    }
    std::string_view text() const noexcept { return line_; }
    std::uint32_t number() const noexcept { return number_; }

  private:
    std::string_view rest_;
    std::string_view line_;
    std::uint32_t number_ = 0;
};

/// Whether a line is an initdefault entry that the parser takes in sysvinit's style.
bool is_initdefault(std::string_view line) noexcept {
    std::string_view rest = strip_comment(line, InittabStyle::Sysvinit);
    if (line.size() > kMaxInittabLine || has_control_character(rest)) {
        return false;
    }
    const auto id = take_field(rest);
    if (!id || !is_sysvinit_id(trim(*id)) || !take_field(rest)) {
        return false;
    }
    // sysvinit's own initdefault lines often end after the third colon, and may end before it.
    return parse_action(trim(rest.substr(0, rest.find(':')))) == Action::InitDefault;
}

/// The line of a file's initdefault entry, 0 if it has none.
std::uint32_t find_initdefault(std::string_view text) noexcept {
    for (Lines lines(text); lines.next();) {
        if (is_initdefault(lines.text())) {
            return lines.number();
        }
    }
    return 0;
}

class Parser {
  public:
    Parser(InittabStyle style, std::span<Entry> storage, InittabReport& report) noexcept
        : style_(style), storage_(storage), report_(report) {}

    void parse_line(std::string_view line, std::uint32_t number) noexcept {
        if (style_ == InittabStyle::Sysvinit && line.size() > kFileMark.size() &&
            line.substr(0, kFileMark.size()) == kFileMark) {
            file_ = line.substr(kFileMark.size());
            first_line_ = number;
            return;
        }
        number_ = number - first_line_;
        if (line.size() > kMaxInittabLine) {
            Message message;
            message.append_format("%zu bytes are too long, a line has at most %zu; skipped",
                                  line.size(), kMaxInittabLine);
            problem(message);
            return;
        }
        const std::string_view content = strip_comment(line, style_);
        if (trim(content).empty()) {
            return;
        }
        if (has_control_character(content)) {
            problem("control characters, this is no inittab line; skipped");
            return;
        }
        parse_content(content);
    }

    std::size_t count() const noexcept { return count_; }

    void summarise_unreported() noexcept {
        if (problems_ > kMostReportedProblems) {
            Message message;
            message.append_format("%u more bad lines are not listed",
                                  problems_ - kMostReportedProblems);
            report_.problem(0, message);
        }
    }

  private:
    void problem(std::string_view message) noexcept {
        if (++problems_ > kMostReportedProblems) {
            return;
        }
        if (file_.empty()) {
            report_.problem(number_, message);
            return;
        }
        FixedString<320> with_place;
        with_place.append(file_.substr(0, 80)).append_format(":%u: ", number_).append(message);
        report_.problem(0, with_place);
    }

    void parse_content(std::string_view rest) noexcept {
        const auto id = take_field(rest);
        const auto runlevels = id ? take_field(rest) : std::nullopt;
        if (!runlevels) {
            problem("a line needs four fields, id:runlevels:action:process; skipped");
            return;
        }
        const auto action_word = take_field(rest);
        const auto action = parse_action(trim(action_word ? *action_word : rest));
        if (!action) {
            report_unknown_action(trim(action_word ? *action_word : rest));
            return;
        }
        const std::string_view process = action_word ? trim(rest) : std::string_view{};
        if ((process.empty() || process == "-") && needs_process(*action)) {
            problem("the fourth field, the process, is missing; skipped");
            return;
        }
        add({*id, trim(*runlevels), *action, process, number_, file_, false, false});
    }

    void report_unknown_action(std::string_view word) noexcept {
        Message message;
        message.append("unknown action '").append(word.substr(0, 40)).append("'");
        const std::string_view nearest = nearest_word(word, kActionWords);
        if (!nearest.empty()) {
            message.append(", did you mean '").append(nearest).append("'?");
        }
        message.append("; skipped");
        problem(message);
    }

    void add(Entry entry) noexcept {
        if (!(style_ == InittabStyle::Busybox ? accept_terminal(entry) : accept_id(entry))) {
            return;
        }
        if (entry.action == Action::Supervise) {
            if (supervise_line_ != 0) {
                Message message;
                message.append_format("a second supervise entry, the first is in line %u; skipped",
                                      supervise_line_);
                problem(message);
                return;
            }
            supervise_line_ = number_;
        }
        if (count_ == storage_.size()) {
            Message message;
            message.append_format("more than %zu entries; skipped", storage_.size());
            problem(message);
            return;
        }
        storage_[count_++] = entry;
    }

    bool accept_terminal(Entry& entry) noexcept {
        entry.id = trim(entry.id);
        constexpr std::string_view kDev = "/dev/";
        if (entry.id.substr(0, kDev.size()) == kDev) {
            entry.id.remove_prefix(kDev.size());
        }
        if (entry.id.size() > kMaxTerminalName) {
            problem("the terminal's name has more than 31 bytes; skipped");
            return false;
        }
        if (entry.id.find("..") != std::string_view::npos) {
            problem("the terminal is not below /dev; skipped");
            return false;
        }
        return true;
    }

    bool accept_id(Entry& entry) noexcept {
        entry.id = trim(entry.id);
        if (!is_sysvinit_id(entry.id)) {
            problem("the id needs 1 to 4 characters; skipped");
            return false;
        }
        for (const Entry& other : storage_.first(count_)) {
            if (other.id == entry.id && entry.id != kSharedId) {
                Message message;
                message.append_format("the id is the same as in line %u; skipped", other.line);
                problem(message);
                return false;
            }
        }
        // "+" (no utmp record) and "@" (no shell) come before the command, in this order.
        entry.no_record = take_flag(entry.process, '+');
        entry.no_shell = take_flag(entry.process, '@');
        entry.process = trim(entry.process);
        const bool is_comment = !entry.process.empty() && entry.process.front() == '#';
        if ((entry.process.empty() || is_comment) && needs_process(entry.action)) {
            problem(is_comment ? "the process is a comment; skipped: its action could be off"
                               : "the fourth field has flags but no process; skipped");
            return false;
        }
        if (is_comment) {
            entry.process = {};
        }
        return true;
    }

    InittabStyle style_;
    std::span<Entry> storage_;
    InittabReport& report_;
    std::size_t count_ = 0;
    std::uint32_t number_ = 0;
    std::string_view file_;  ///< empty: the first
    std::uint32_t first_line_ = 0;
    std::uint32_t supervise_line_ = 0;
    std::uint32_t problems_ = 0;
};

/// Compares with a word of small letters; the letters of @p word may be of either case.
bool is_same_word(std::string_view small, std::string_view word) noexcept {
    if (small.size() != word.size()) {
        return false;
    }
    for (std::size_t i = 0; i < word.size(); ++i) {
        const char c = word[i];
        if (small[i] != (c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c)) {
            return false;
        }
    }
    return true;
}

}  // namespace

std::string_view to_string(Action action) noexcept {
    return kActionWords[static_cast<std::size_t>(action)];
}

std::optional<Action> parse_action(std::string_view word) noexcept {
    for (std::size_t i = 0; i < kActionWords.size(); ++i) {
        if (is_same_word(kActionWords[i], word)) {
            return static_cast<Action>(i);
        }
    }
    return std::nullopt;
}

InittabStyle inittab_style(std::string_view text, std::optional<InittabStyle> forced) noexcept {
    return forced.value_or(find_initdefault(text) != 0 ? InittabStyle::Sysvinit
                                                       : InittabStyle::Busybox);
}

ParsedInittab parse_inittab(std::string_view text, std::optional<InittabStyle> forced_style,
                            std::span<Entry> storage, InittabReport& report) noexcept {
    ParsedInittab parsed;
    parsed.style_line = forced_style ? 0 : find_initdefault(text);
    parsed.style = forced_style.value_or(parsed.style_line != 0 ? InittabStyle::Sysvinit
                                                                : InittabStyle::Busybox);
    Parser parser(parsed.style, storage, report);
    for (Lines lines(text); lines.next();) {
        parser.parse_line(lines.text(), lines.number());
    }
    parser.summarise_unreported();
    parsed.entries = storage.first(parser.count());
    return parsed;
}

}  // namespace mainstay::init
