#include "init/fstab.h"

#include <charconv>

#include "init/octal_escapes.h"

namespace mainstay::init {
namespace {

constexpr std::string_view kBlanks = " \t\r";

std::string_view take_field(std::string_view& rest) noexcept {
    const std::size_t begin = rest.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) {
        rest = {};
        return {};
    }
    rest.remove_prefix(begin);
    const std::string_view field = rest.substr(0, rest.find_first_of(kBlanks));
    rest.remove_prefix(field.size());
    return field;
}

/// @returns whether it fitted
template <std::size_t N>
bool take_text(std::string_view& rest, FixedString<N>& text) noexcept {
    const std::string_view field = take_field(rest);
    append_unescaped(text, field);
    return field.size() <= text.capacity();
}

bool take_number(std::string_view& rest, std::uint32_t& number) noexcept {
    const std::string_view field = take_field(rest);
    if (field.empty()) {
        return true;
    }
    const char* const last = field.data() + field.size();
    const auto [end, failure] = std::from_chars(field.data(), last, number);
    return failure == std::errc() && end == last;
}

FstabLine wrong(const char* problem) noexcept {
    FstabLine line;
    line.kind = FstabLine::Kind::Wrong;
    line.problem = problem;
    return line;
}

void drop_last_slashes(FixedString<256>& path) noexcept {
    std::string_view text = path.view();
    while (text.size() > 1 && text.back() == '/') {
        text.remove_suffix(1);
    }
    path = FixedString<256>(text);  // a copy of its own, made before it is assigned
}

}  // namespace

FstabLine parse_fstab_line(std::string_view line) noexcept {
    FstabLine parsed;
    const std::size_t begin = line.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos || line[begin] == '#') {
        return parsed;
    }
    FstabEntry& entry = parsed.entry;
    if (!take_text(line, entry.source) || !take_text(line, entry.target) ||
        !take_text(line, entry.type) || !take_text(line, entry.options)) {
        return wrong("a field is too long");
    }
    if (entry.type.empty()) {
        return wrong("a line needs a device, a mount point and a type");
    }
    if (entry.options.empty()) {
        entry.options.append("defaults");
    }
    std::uint32_t dump_frequency = 0;
    if (!take_number(line, dump_frequency) || !take_number(line, entry.pass)) {
        return wrong("the fifth and sixth field are numbers");
    }
    if (!entry.is_swap() && entry.target.view().front() != '/' && entry.target != "none") {
        return wrong("the mount point is no absolute path");
    }
    drop_last_slashes(entry.target);
    parsed.kind = FstabLine::Kind::Entry;
    return parsed;
}

}  // namespace mainstay::init
