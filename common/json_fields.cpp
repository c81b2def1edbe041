#include "common/json_fields.h"

#include <charconv>

#include "common/units.h"

namespace mainstay::protocol {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t kMaxMilliseconds =
    std::chrono::duration_cast<milliseconds>(kForever).count();

constexpr std::string_view kNotStrings = "is not an array of strings";

/// Two keys of one length that begin alike share a bit.
constexpr std::uint64_t bit_of(std::string_view key) noexcept {
    const unsigned first = key.empty() ? 0 : static_cast<unsigned char>(key.front());
    return std::uint64_t{1} << ((first + 7 * key.size()) % 64);
}

}  // namespace

FieldReader::FieldReader(const JsonDocument& document, std::uint32_t object) noexcept
    : document_(document), object_(object) {
    const std::uint32_t end = document.node(object).next;
    for (std::uint32_t at = object + 1; at < end; at = document.node(at).next) {
        present_ |= bit_of(document.node(at).key);
    }
}

std::optional<FieldReader::Field> FieldReader::find(std::string_view key) const noexcept {
    std::optional<Field> found;
    if ((present_ & bit_of(key)) == 0) {
        return found;
    }
    const std::uint32_t end = document_.node(object_).next;
    for (std::uint32_t at = object_ + 1; at < end; at = document_.node(at).next) {
        if (document_.node(at).key == key) {
            found = {at, &document_.node(at)};
        }
    }
    return found && found->node->kind == JsonKind::Null ? std::nullopt : found;
}

void FieldReader::complain(std::string_view key, std::string_view what) {
    if (problem_.empty()) {
        problem_.append("\"").append(key).append("\" ").append(what);
    }
}

void FieldReader::require(std::string_view key) {
    if (!has(key)) {
        complain(key, "is missing");
    }
}

std::optional<std::string_view> FieldReader::text(std::string_view key) {
    const auto field = find(key);
    if (!field) {
        return std::nullopt;
    }
    if (field->node->kind == JsonKind::String) {
        return field->node->text;
    }
    complain(key, "is not a string");
    return std::nullopt;
}

std::optional<std::int64_t> FieldReader::number_of(std::string_view key, const JsonNode& node,
                                                   std::int64_t min, std::int64_t max) {
    const bool is_whole =
        node.kind == JsonKind::Number && node.text.find_first_of(".eE") == std::string_view::npos;
    if (!is_whole) {
        complain(key, "is not a whole number");
        return std::nullopt;
    }
    std::int64_t number = 0;
    const char* end = node.text.data() + node.text.size();
    const auto parsed = std::from_chars(node.text.data(), end, number);
    if (parsed.ec != std::errc() || number < min || number > max) {
        complain(key, "is out of range");
        return std::nullopt;
    }
    return number;
}

std::optional<std::int64_t> FieldReader::number_in(std::string_view key, std::int64_t min,
                                                   std::int64_t max) {
    const auto field = find(key);
    return field ? number_of(key, *field->node, min, max) : std::nullopt;
}

void FieldReader::read(std::string_view key, std::string& value) {
    if (const auto string = text(key)) {
        value = *string;
    }
}

void FieldReader::read(std::string_view key, bool& value) {
    const auto field = find(key);
    if (!field) {
        return;
    }
    if (field->node->kind == JsonKind::True || field->node->kind == JsonKind::False) {
        value = field->node->kind == JsonKind::True;
    } else {
        complain(key, "is not true or false");
    }
}

void FieldReader::read(std::string_view key, std::vector<std::string>& value) {
    const auto field = find(key);
    if (!field) {
        return;
    }
    if (field->node->kind != JsonKind::Array) {
        complain(key, kNotStrings);
        return;
    }
    std::vector<std::string> strings;
    for (std::uint32_t at = field->index + 1; at < field->node->next;) {
        const JsonNode& item = document_.node(at);
        if (item.kind != JsonKind::String) {
            complain(key, kNotStrings);
            return;
        }
        strings.emplace_back(item.text);
        at = item.next;
    }
    value = std::move(strings);
}

void FieldReader::read(std::string_view key, std::vector<std::int32_t>& value, std::int64_t min,
                       std::int64_t max) {
    const auto field = find(key);
    if (!field) {
        return;
    }
    if (field->node->kind != JsonKind::Array) {
        complain(key, "is not an array of numbers");
        return;
    }
    for (std::uint32_t at = field->index + 1; at < field->node->next;) {
        const JsonNode& item = document_.node(at);
        const auto number = number_of(key, item, min, max);
        if (!number) {
            return;
        }
        value.push_back(static_cast<std::int32_t>(*number));
        at = item.next;
    }
}

void FieldReader::read(std::string_view key, std::optional<milliseconds>& value) {
    if (const auto number = number_in(key, 0, kMaxMilliseconds)) {
        value = milliseconds(*number);
    }
}

void FieldReader::read(std::string_view key, milliseconds& value) {
    std::optional<milliseconds> duration;
    read(key, duration);
    value = duration.value_or(value);
}

}  // namespace mainstay::protocol
