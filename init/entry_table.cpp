#include "init/entry_table.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <new>
#include <utility>

#include "common/fd_io.h"
#include "common/paths.h"
#include "init/inittab_files.h"
#include "init/terminal_name.h"

namespace mainstay::init {
namespace {

constexpr std::size_t kSlotAreaOffset = kMaxInittabEntries * sizeof(Entry);
constexpr std::size_t kHalfSize = kSlotAreaOffset + kMaxInittabEntries * sizeof(Slot);
constexpr std::size_t kScratchSize = kMaxInittabEntries * (sizeof(std::uint32_t) + sizeof(bool));

static_assert(kSlotAreaOffset % alignof(Slot) == 0);
static_assert(std::is_trivially_copyable_v<Entry> && std::is_trivially_copyable_v<Slot>);

constexpr char kSulogin[] = "/sbin/sulogin";
constexpr char kStartupScript[] = "/etc/init.d/rcS";

class ReportToLog final : public InittabReport {
  public:
    explicit ReportToLog(Log& log) noexcept : log_(log) {}
    void problem(std::uint32_t line, std::string_view message) noexcept override {
        if (line == 0) {
            log_.warning("inittab: %.*s", static_cast<int>(message.size()), message.data());
        } else {
            log_.warning("inittab:%u: %.*s", line, static_cast<int>(message.size()),
                         message.data());
        }
    }

  private:
    Log& log_;
};

/// Whether reading it again a little later will fail just the same.
bool is_lasting(int code) noexcept {
    constexpr std::array kLasting{ENOENT, ENOTDIR, ELOOP, EACCES, EISDIR, EINVAL, EFBIG};
    return std::find(kLasting.begin(), kLasting.end(), code) != kLasting.end();
}

/// At boot, when nothing else waits yet: a system without its inittab is none, so one that cannot
/// be read at the moment (no memory, a slow disk's EIO) is read again.
Result<std::string_view> read_insistently(const char* path, std::span<char> buffer,
                                          Log& log) noexcept {
    constexpr int kMostTries = 5;
    constexpr int kPauseMilliseconds = 250;
    for (int tries = 1;; ++tries) {
        auto text = read_regular(path, buffer);
        if (text || is_lasting(text.error().code) || tries == kMostTries) {
            return text;
        }
        log.error("%s: %s: %s; trying again", path, text.error().action,
                  errno_text(text.error().code));
        (void)::poll(nullptr, 0, kPauseMilliseconds * tries);
    }
}

/// Those that a container's manager made for logins beside the console, as systemd has it.
void add_container_terminals(TerminalNames& names) noexcept {
    const char* const variable = std::getenv("container_ttys");
    std::string_view rest = variable != nullptr ? variable : "";
    while (!rest.empty()) {
        const std::string_view word = rest.substr(0, rest.find(' '));
        rest.remove_prefix(std::min(word.size() + 1, rest.size()));
        const std::string_view name = without_dev(word);
        if (is_terminal_name(name) && name.size() <= TerminalName::capacity()) {
            (void)names.push_back(name);
        }
    }
}

}  // namespace

Entry* EntryTable::Half::entries() noexcept {
    return std::launder(static_cast<Entry*>(memory.data()));
}

const Entry* EntryTable::Half::entries() const noexcept {
    return std::launder(reinterpret_cast<const Entry*>(memory.text().data()));
}

Slot* EntryTable::Half::slots() noexcept {
    return std::launder(
        reinterpret_cast<Slot*>(static_cast<char*>(memory.data()) + kSlotAreaOffset));
}

const Slot* EntryTable::Half::slots() const noexcept {
    return std::launder(reinterpret_cast<const Slot*>(memory.text().data() + kSlotAreaOffset));
}

std::size_t EntryTable::next(EntryClass wanted, std::size_t from) const noexcept {
    const std::size_t count = entries().size();
    for (std::size_t i = from; i < count; ++i) {
        if (is_of_class(class_at(i), wanted)) {
            return i;
        }
    }
    return count;
}

Result<void> EntryTable::reserve() noexcept {
    for (Half& half : halves_) {
        TRY(half.memory, MappedMemory::anonymous(kHalfSize));
    }
    TRY(scratch_, MappedMemory::anonymous(kScratchSize));
    return {};
}

void EntryTable::parse(Half& half, std::string_view text, InittabReport& report) noexcept {
    const ParsedInittab parsed =
        parse_inittab(text, forced_style_, {half.entries(), kMaxInittabEntries}, report);
    half.count = parsed.entries.size();
    half.text_size = text.size();
    half.style = parsed.style;
    half.runlevel = initial_runlevel(parsed.entries);
    half.is_builtin = false;
    look_at_levels(half);
    std::fill_n(half.slots(), half.count, Slot{});
}

/// A file of sysvinit's style without an entry for the single-user level gets one, as there.
void EntryTable::look_at_levels(Half& half) noexcept {
    half.names[0] = half.names[1] = false;
    if (half.style != InittabStyle::Sysvinit) {
        return;
    }
    bool names_single = false;
    for (const Entry& entry : std::span(half.entries(), half.count)) {
        const bool runs = entry.action == Action::Wait || entry.action == Action::Once ||
                          entry.action == Action::Respawn;
        half.names[0] = half.names[0] || (runs && names_level(entry, '0'));
        half.names[1] = half.names[1] || (runs && names_level(entry, '6'));
        names_single = names_single || (runs && names_level(entry, 'S'));
    }
    if (!names_single && half.count > 0 && half.count < kMaxInittabEntries) {
        const bool has_login = ::access(kSulogin, X_OK) == 0;
        half.entries()[half.count++] = {
            kSharedId, "S", Action::Wait, has_login ? kSulogin : "-/bin/sh", 0, {}, false, false};
    }
}

bool EntryTable::parse_into(int number, const char* path, const Result<std::string_view>& text,
                            Log& log) noexcept {
    if (!text) {
        if (text.error().code == ENOENT) {
            log.notice("%s: not there", path);
        } else {
            log.error("%s: %s: %s", path, text.error().action, errno_text(text.error().code));
        }
        return false;
    }
    ReportToLog report(log);
    Half& half = halves_[number];
    const InittabStyle style = inittab_style(*text, forced_style_);
    parse(half, append_inittab_d(path, *text, style, state_.table(number).text, report), report);
    if (half.count == 0) {
        log.error("%s: no valid entry", path);
    }
    return half.count > 0;
}

void EntryTable::load(const char* path, std::optional<InittabStyle> style, Consoles consoles,
                      Log& log) noexcept {
    forced_style_ = style;
    if (!parse_into(active_, path, read_insistently(path, state_.table(active_).text, log), log)) {
        use_defaults(consoles, log);
    }
    changed_.all = true;
}

void EntryTable::use_defaults(Consoles consoles, Log& log) noexcept {
    FixedString<1024> text;
    if (::access(kStartupScript, X_OK) == 0) {
        text.append("::sysinit:").append(kStartupScript).append("\n");
    }
    if (::access(kServiceDirectory, F_OK) == 0 && ::access(kSupervisorProgram, X_OK) == 0) {
        text.append("::supervise:").append(kSupervisorProgram).append("\n");
    }
    TerminalNames names;
    if (consoles == Consoles::Kernels) {
        names = active_consoles();
    } else {
        (void)names.push_back({});
        add_container_terminals(names);
    }
    for (const TerminalName& console : names) {
        // "console" stands for "the kernel does not say which": then it is PID 1's own.
        text.append(console == "console" ? std::string_view{} : console.view());
        text.append("::askfirst:-/bin/sh\n");
    }
    text.append("::ctrlaltdel:/sbin/reboot\n::restart:/sbin/init\n");
    char* const kept = state_.table(active_).text;
    std::copy(text.view().begin(), text.view().end(), kept);
    parse_builtin({kept, text.size()}, log);
    log.notice("using the built-in inittab of %zu entries", halves_[active_].count);
}

void EntryTable::parse_builtin(std::string_view text, Log& log) noexcept {
    Half& half = halves_[active_];
    ReportToLog report(log);
    const auto forced = std::exchange(forced_style_, InittabStyle::Busybox);
    parse(half, text, report);
    forced_style_ = forced;
    half.is_builtin = true;
    for (std::size_t i = 0; i < half.count; ++i) {
        half.entries()[i].line = 0;  // they stand in no file
    }
}

bool EntryTable::read_other(const char* path, Log& log) noexcept {
    const int other = 1 - active_;
    // One of sysvinit's style that has lost its initdefault entry is none of busybox's.
    if (style() == InittabStyle::Sysvinit) {
        forced_style_ = InittabStyle::Sysvinit;
    }
    if (!parse_into(other, path, read_regular(path, state_.table(other).text), log)) {
        log.error("%s: the entries that were in force stay so", path);
        return false;
    }
    return true;
}

void EntryTable::carry_over(Half& before, Half& after) noexcept {
    auto* same_as = static_cast<std::uint32_t*>(scratch_.data());
    auto* taken = reinterpret_cast<bool*>(same_as + kMaxInittabEntries);
    match_entries({before.entries(), before.count}, {after.entries(), after.count}, after.style,
                  {same_as, after.count}, {taken, before.count});
    for (std::size_t i = 0; i < after.count; ++i) {
        if (same_as[i] == kNoEntry) {
            continue;
        }
        const std::uint32_t old = same_as[i];
        after.slots()[i].is_demanded = before.slots()[old].is_demanded;
        const EntryState was{before.entries()[old].action, class_in(before, old)};
        const EntryState is{after.entries()[i].action, class_in(after, i)};
        if (keeps_running(was, is, after.style)) {
            after.slots()[i] = before.slots()[old];
        } else {
            taken[old] = false;
        }
    }
}

bool EntryTable::lives_on(std::size_t index) noexcept {
    const auto* same_as = static_cast<const std::uint32_t*>(scratch_.data());
    return reinterpret_cast<const bool*>(same_as + kMaxInittabEntries)[index];
}

std::size_t EntryTable::find(pid_t pid) noexcept {
    const std::span<const Slot> all = slots();
    const auto found =
        std::find_if(all.begin(), all.end(), [pid](const Slot& slot) { return slot.pid == pid; });
    return static_cast<std::size_t>(found - all.begin());
}

}  // namespace mainstay::init
