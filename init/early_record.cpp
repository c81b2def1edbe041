#include "init/early_record.h"

#include <charconv>
#include <cstdint>

namespace mainstay::init {
namespace {

/// "NAME SECONDS.MILLI\n"; whole numbers only, as the library's reader of floats is a large one.
bool take_line(std::string_view& text, std::string_view name, double& seconds) noexcept {
    if (text.substr(0, name.size()) != name) {
        return false;
    }
    text.remove_prefix(name.size());
    const char* const last = text.data() + text.size();
    std::uint32_t whole = 0;
    std::uint32_t milli = 0;
    const auto first = std::from_chars(text.data(), last, whole);
    if (first.ec != std::errc() || first.ptr == last || *first.ptr != '.') {
        return false;
    }
    const auto second = std::from_chars(first.ptr + 1, last, milli);
    if (second.ec != std::errc() || second.ptr != first.ptr + 4 || second.ptr == last ||
        *second.ptr != '\n') {
        return false;
    }
    text.remove_prefix(static_cast<std::size_t>(second.ptr - text.data()) + 1);
    seconds = whole + milli / 1000.0;
    return true;
}

}  // namespace

FixedString<128> to_text(const EarlyRecord& record) noexcept {
    FixedString<128> text;
    text.append_format("started %.3f\nmounted %.3f\nswitched %.3f\n", record.started,
                       record.mounted, record.switched);
    return text;
}

std::optional<EarlyRecord> parse_early_record(std::string_view text) noexcept {
    EarlyRecord record;
    if (!take_line(text, "started ", record.started) ||
        !take_line(text, "mounted ", record.mounted) ||
        !take_line(text, "switched ", record.switched) || record.started > record.mounted ||
        record.mounted > record.switched) {
        return std::nullopt;
    }
    return record;
}

}  // namespace mainstay::init
