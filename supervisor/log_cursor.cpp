#include "supervisor/log_cursor.h"

#include <algorithm>
#include <charconv>

namespace mainstay::supervisor {
namespace {

constexpr char kSeparator = '.';

/// Takes a number and what separates it from the next, or the end, from the front of @p text.
template <typename Number>
bool take_number(std::string_view& text, Number& number, bool is_last) noexcept {
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc()) {
        return false;
    }
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (is_last) {
        return text.empty();
    }
    if (text.empty() || text.front() != kSeparator) {
        return false;
    }
    text.remove_prefix(1);
    return true;
}

}  // namespace

std::string to_cursor(const LogPlace& place) {
    return std::to_string(place.memory) + kSeparator + std::to_string(place.service) + kSeparator +
           std::to_string(place.position);
}

std::optional<LogPlace> parse_cursor(std::string_view cursor) noexcept {
    LogPlace place;
    const bool is_one = take_number(cursor, place.memory, false) &&
                        take_number(cursor, place.service, false) &&
                        take_number(cursor, place.position, true);
    return is_one ? std::optional(place) : std::nullopt;
}

Resumption::Resumption(const std::vector<std::string>& cursors, std::uint64_t memory) {
    for (const std::string& cursor : cursors) {
        const auto place = parse_cursor(cursor);
        if (place && place->memory == memory) {
            places_.push_back(*place);
        } else if (place && place->position > 0) {
            is_anew_ = true;
        }
    }
    std::sort(places_.begin(), places_.end(),
              [](const LogPlace& a, const LogPlace& b) { return a.service < b.service; });
}

LogCursor Resumption::position_of(ServiceId service) const noexcept {
    const auto found = std::lower_bound(
        places_.begin(), places_.end(), service,
        [](const LogPlace& place, ServiceId wanted) { return place.service < wanted; });
    return found != places_.end() && found->service == service ? found->position : 0;
}

}  // namespace mainstay::supervisor
