#include "common/json_fields.h"

#include "common/units.h"

namespace mainstay::protocol {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t kMaxMilliseconds =
    std::chrono::duration_cast<milliseconds>(kForever).count();

}  // namespace

Json parse_json(std::string_view text) {
    return Json::parse(text, nullptr, false);
}

const Json* FieldReader::find(const char* key) const {
    const auto field = object_.find(key);
    return field == object_.end() || field->is_null() ? nullptr : &*field;
}

const Json* FieldReader::find_object(const char* key) {
    const Json* field = find(key);
    if (field != nullptr && !field->is_object()) {
        complain(key, "is not an object");
        return nullptr;
    }
    return field;
}

void FieldReader::complain(const char* key, std::string_view what) {
    if (problem_.empty()) {
        problem_.append("\"").append(key).append("\" ").append(what);
    }
}

void FieldReader::require(const char* key) {
    if (find(key) == nullptr) {
        complain(key, "is missing");
    }
}

std::optional<std::string> FieldReader::text(const char* key) {
    const Json* field = find(key);
    if (field == nullptr) {
        return std::nullopt;
    }
    if (const auto* string = field->get_ptr<const std::string*>()) {
        return *string;
    }
    complain(key, "is not a string");
    return std::nullopt;
}

std::optional<std::int64_t> FieldReader::number_in(const char* key, std::int64_t min,
                                                   std::int64_t max) {
    const Json* field = find(key);
    if (field == nullptr) {
        return std::nullopt;
    }
    // A number that is not negative and needs no fraction is unsigned to the parser, whatever its
    // size; it becomes signed only after it was found to fit.
    if (const auto* number = field->get_ptr<const Json::number_unsigned_t*>()) {
        if (max >= 0 && *number <= static_cast<std::uint64_t>(max) &&
            (min <= 0 || *number >= static_cast<std::uint64_t>(min))) {
            return static_cast<std::int64_t>(*number);
        }
        complain(key, "is out of range");
        return std::nullopt;
    }
    complain(key, field->is_number_integer() ? "is out of range" : "is not a whole number");
    return std::nullopt;
}

void FieldReader::read(const char* key, std::string& value) {
    if (auto string = text(key)) {
        value = std::move(*string);
    }
}

void FieldReader::read(const char* key, bool& value) {
    const Json* field = find(key);
    if (field == nullptr) {
        return;
    }
    if (const auto* boolean = field->get_ptr<const bool*>()) {
        value = *boolean;
    } else {
        complain(key, "is not true or false");
    }
}

void FieldReader::read(const char* key, std::vector<std::string>& value) {
    const Json* field = find(key);
    if (field == nullptr) {
        return;
    }
    if (!field->is_array()) {
        complain(key, "is not an array of strings");
        return;
    }
    std::vector<std::string> strings;
    strings.reserve(field->size());
    for (const Json& item : *field) {
        const auto* string = item.get_ptr<const std::string*>();
        if (string == nullptr) {
            complain(key, "is not an array of strings");
            return;
        }
        strings.push_back(*string);
    }
    value = std::move(strings);
}

void FieldReader::read(const char* key, std::optional<milliseconds>& value) {
    if (const auto number = number_in(key, 0, kMaxMilliseconds)) {
        value = milliseconds(*number);
    }
}

void FieldReader::read(const char* key, milliseconds& value) {
    std::optional<milliseconds> duration;
    read(key, duration);
    value = duration.value_or(value);
}

}  // namespace mainstay::protocol
