#include "common/json_writer.h"

#include <array>
#include <charconv>

#include "common/fixed.h"
#include "common/utf8.h"

namespace mainstay::protocol {
namespace {

constexpr char kReplacement[] = "\xef\xbf\xbd";  // U+FFFD

constexpr bool is_plain(char c) noexcept {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte < 0x7f && c != '"' && c != '\\';
}

void append_unit(std::string& out, std::uint32_t unit) {
    FixedString<8> escape;
    escape.append_format("\\u%04x", unit);
    out.append(escape.view());
}

/// A character as one or two \u escapes.
void append_code(std::string& out, std::uint32_t code) {
    if (code < 0x10000) {
        append_unit(out, code);
        return;
    }
    append_unit(out, 0xd800U + ((code - 0x10000U) >> 10U));
    append_unit(out, 0xdc00U + ((code - 0x10000U) & 0x3ffU));
}

/// Appends the first character of @p text, which is not a plain one. @returns its bytes.
std::size_t append_special(std::string& out, std::string_view text, JsonCharset charset) {
    const char first = text.front();
    if (first == '"' || first == '\\') {
        out.push_back('\\');
        out.push_back(first);
        return 1;
    }
    const Utf8Character character = first_character(text);
    if (charset == JsonCharset::Ascii || character.code < 0x80) {
        append_code(out, character.is_valid() ? character.code : 0xfffd);
    } else if (character.is_valid()) {
        out.append(text.substr(0, character.size));
    } else {
        out.append(kReplacement);
    }
    return character.size;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text, JsonCharset charset) {
    out.push_back('"');
    while (!text.empty()) {
        std::size_t plain = 0;
        while (plain < text.size() && is_plain(text[plain])) {
            ++plain;
        }
        out.append(text.substr(0, plain));
        text.remove_prefix(plain);
        if (!text.empty()) {
            text.remove_prefix(append_special(out, text, charset));
        }
    }
    out.push_back('"');
}

void JsonObject::begin(std::string_view key) {
    if (!is_empty_) {
        out_.push_back(',');
    }
    is_empty_ = false;
    out_.push_back('"');
    out_.append(key).append("\":");
}

void JsonObject::add(std::string_view key, std::string_view value) {
    begin(key);
    append_json_string(out_, value, JsonCharset::Utf8);
}

void JsonObject::add(std::string_view key, const std::vector<std::string>& values) {
    begin(key);
    char separator = '[';
    for (const std::string& value : values) {
        out_.push_back(separator);
        append_json_string(out_, value, JsonCharset::Utf8);
        separator = ',';
    }
    out_.append(values.empty() ? "[]" : "]");
}

void JsonObject::add(std::string_view key, const std::vector<std::int32_t>& values) {
    begin(key);
    char separator = '[';
    for (const std::int32_t value : values) {
        out_.push_back(separator);
        append_number(value);
        separator = ',';
    }
    out_.append(values.empty() ? "[]" : "]");
}

void JsonObject::append_number(std::int64_t value) {
    std::array<char, 24> digits;  // NOLINT(cppcoreguidelines-pro-type-member-init): written next
    const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    out_.append(digits.data(), written.ptr);
}

void JsonObject::add(std::string_view key, std::int64_t value) {
    begin(key);
    append_number(value);
}

void JsonObject::add_bool(std::string_view key, bool value) {
    begin(key);
    out_.append(value ? "true" : "false");
}

}  // namespace mainstay::protocol
