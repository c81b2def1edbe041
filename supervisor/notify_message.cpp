#include "supervisor/notify_message.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "common/units.h"
#include "common/utf8.h"
#include "supervisor/listen_point.h"

namespace mainstay::supervisor {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD
constexpr int kMaxErrno = 4095;                            // MAX_ERRNO of the kernel

template <typename Number>
std::optional<Number> parse_number(std::string_view text, Number lowest, Number highest) noexcept {
    Number value = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || rest != end || value < lowest || value > highest) {
        return std::nullopt;
    }
    return value;
}

std::optional<Duration> parse_microseconds(std::string_view text) noexcept {
    constexpr auto kAny = std::numeric_limits<std::uint64_t>::max();
    const auto count = parse_number<std::uint64_t>(text, 0, kAny);
    if (!count) {
        return std::nullopt;
    }
    constexpr auto kMost =
        std::uint64_t{std::chrono::duration_cast<std::chrono::microseconds>(kForever).count()};
    return *count >= kMost ? kForever : Duration(std::chrono::microseconds(*count));
}

std::optional<NotifySenders> parse_senders(std::string_view word) noexcept {
    if (word == "none") {
        return NotifySenders::Nobody;
    }
    if (word == "main" || word == "exec") {
        return NotifySenders::Main;
    }
    return word == "all" ? std::optional(NotifySenders::All) : std::nullopt;
}

/// Takes a value over unless an earlier line gave one.
/// @returns whether it makes sense
template <typename Value>
bool take(std::optional<Value>& field, std::optional<Value> value) {
    if (!field && value) {
        field = std::move(value);
        return true;
    }
    return value.has_value();
}

/// Of the flags only "1" is defined; another value says nothing, as systemd has it.
bool is_set(std::string_view value) noexcept {
    return value == "1";
}

template <NotifyPhase Phase>
bool read_phase(NotifyMessage& message, std::string_view value) {
    if (is_set(value)) {
        message.phase = Phase;
    }
    return true;
}

template <NotifyStore Store>
bool read_store(NotifyMessage& message, std::string_view value) {
    if (is_set(value) && message.store == NotifyStore::None) {
        message.store = Store;
    }
    return true;
}

bool read_watchdog(NotifyMessage& message, std::string_view value) {
    if (value == "trigger") {
        message.watchdog = NotifyWatchdog::Trigger;
    } else if (is_set(value) && message.watchdog == NotifyWatchdog::None) {
        message.watchdog = NotifyWatchdog::Ping;
    }
    return is_set(value) || value == "trigger";
}

bool read_status(NotifyMessage& message, std::string_view value) {
    return take(message.status, std::optional(shown_text(value)));
}

bool read_bus_error(NotifyMessage& message, std::string_view value) {
    return take(message.bus_error, std::optional(shown_text(value)));
}

bool read_errno(NotifyMessage& message, std::string_view value) {
    return take(message.error_number, parse_number<int>(value, 1, kMaxErrno));
}

bool read_exit_status(NotifyMessage& message, std::string_view value) {
    return take(message.exit_status, parse_number<std::uint8_t>(value, 0, 255));
}

bool read_main_pid(NotifyMessage& message, std::string_view value) {
    constexpr auto kAny = std::numeric_limits<std::int32_t>::max();
    return take(message.main_pid, parse_number<std::int32_t>(value, 1, kAny));
}

bool read_watchdog_timeout(NotifyMessage& message, std::string_view value) {
    return take(message.watchdog_timeout, parse_microseconds(value));
}

bool read_extend_timeout(NotifyMessage& message, std::string_view value) {
    return take(message.extend_timeout, parse_microseconds(value));
}

bool read_reload_began(NotifyMessage& message, std::string_view value) {
    const auto since_boot = parse_microseconds(value);
    return since_boot && take(message.reload_began, std::optional(MonotonicTime(*since_boot)));
}

bool read_senders(NotifyMessage& message, std::string_view value) {
    return take(message.senders, parse_senders(value));
}

bool read_descriptor_name(NotifyMessage& message, std::string_view value) {
    const bool is_one = is_descriptor_name(value);
    if (is_one && message.descriptor_name.empty()) {
        message.descriptor_name = value;
    }
    return is_one;
}

bool read_polling(NotifyMessage& message, std::string_view value) {
    message.polls = message.polls && value != "0";
    return value == "0" || is_set(value);
}

struct Key {
    const char* name;
    /// @returns false where the value makes no sense
    bool (*read)(NotifyMessage& message, std::string_view value);
};

constexpr std::array<Key, 17> kKeys{{
    {"READY", read_phase<NotifyPhase::Ready>},
    {"RELOADING", read_phase<NotifyPhase::Reloading>},
    {"STOPPING", read_phase<NotifyPhase::Stopping>},
    {"MONOTONIC_USEC", read_reload_began},
    {"STATUS", read_status},
    {"ERRNO", read_errno},
    {"BUSERROR", read_bus_error},
    {"EXIT_STATUS", read_exit_status},
    {"MAINPID", read_main_pid},
    {"WATCHDOG", read_watchdog},
    {"WATCHDOG_USEC", read_watchdog_timeout},
    {"EXTEND_TIMEOUT_USEC", read_extend_timeout},
    {"FDSTORE", read_store<NotifyStore::Add>},
    {"FDSTOREREMOVE", read_store<NotifyStore::Remove>},
    {"FDNAME", read_descriptor_name},
    {"FDPOLL", read_polling},
    {"NOTIFYACCESS", read_senders},
}};

const Key* find_key(std::string_view name) noexcept {
    const auto* found =
        std::find_if(kKeys.begin(), kKeys.end(), [&](const Key& key) { return name == key.name; });
    return found == kKeys.end() ? nullptr : found;
}

void read_line(NotifyMessage& message, std::string_view line) {
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) {
        return;
    }
    const Key* key = find_key(line.substr(0, equals));
    if (key == nullptr) {
        return;
    }
    if (!key->read(message, line.substr(equals + 1)) && message.bad_key == nullptr) {
        message.bad_key = key->name;
    }
}

/// Takes the first line off @p rest.
std::string_view take_line(std::string_view& rest) noexcept {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    return line;
}

}  // namespace

std::optional<NotifyMessage> parse_notify(std::string_view datagram) {
    if (!datagram.empty() && datagram.back() == '\0') {
        datagram.remove_suffix(1);
    }
    const bool is_text = datagram.find('\0') == std::string_view::npos;
    if (datagram.empty() || datagram.size() > kMaxNotifyMessage || !is_text) {
        return std::nullopt;
    }
    NotifyMessage message;
    while (!datagram.empty()) {
        const std::string_view line = take_line(datagram);
        if (line == "BARRIER=1") {
            NotifyMessage barrier;
            barrier.barrier = true;
            return barrier;
        }
        read_line(message, line);
    }
    return message;
}

std::string shown_text(std::string_view text) {
    std::string shown;
    while (!text.empty()) {
        const Utf8Character character = first_character(text);
        std::string_view bytes = text.substr(0, character.size);
        const bool is_control =
            character.code < 0x20 || (character.code >= 0x7f && character.code < 0xa0);
        if (!character.is_valid()) {
            bytes = kReplacement;
        } else if (is_control) {
            bytes = " ";
        }
        if (shown.size() + bytes.size() > kMaxNotifyText) {
            break;
        }
        shown += bytes;
        text.remove_prefix(character.size);
    }
    return shown;
}

}  // namespace mainstay::supervisor
