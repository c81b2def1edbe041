#include "init/name_table.h"

#include <charconv>

namespace mainstay::init {
namespace {

std::optional<std::uint32_t> parse_id(std::string_view text) noexcept {
    std::uint32_t id = 0;
    const char* const last = text.data() + text.size();
    const auto [end, failure] = std::from_chars(text.data(), last, id);
    if (text.empty() || failure != std::errc() || end != last) {
        return std::nullopt;
    }
    return id;
}

std::string_view take_until(std::string_view& rest, char separator) noexcept {
    const std::string_view part = rest.substr(0, rest.find(separator));
    rest.remove_prefix(part.size() < rest.size() ? part.size() + 1 : part.size());
    return part;
}

}  // namespace

std::optional<std::uint32_t> find_id(std::string_view table, std::string_view name) noexcept {
    if (const auto id = parse_id(name)) {
        return id;
    }
    while (!table.empty()) {
        std::string_view line = take_until(table, '\n');
        if (!name.empty() && take_until(line, ':') == name) {
            (void)take_until(line, ':');  // the password
            return parse_id(take_until(line, ':'));
        }
    }
    return std::nullopt;
}

}  // namespace mainstay::init
