#include "common/json_writer.h"

#include <array>
#include <charconv>

#include "common/fixed.h"
#include "common/utf8.h"

namespace mainstay::protocol {
namespace {

constexpr bool is_plain(char c) noexcept {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte < 0x7f && c != '"' && c != '\\';
}

void append_escaped(std::string& out, char c) {
    if (c == '"' || c == '\\') {
        out.push_back('\\');
        out.push_back(c);
        return;
    }
    FixedString<8> escape;
    escape.append_format("\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(c)));
    out.append(escape.view());
}

void append_string(std::string& out, std::string_view text) {
    out.push_back('"');
    while (!text.empty()) {
        std::size_t plain = 0;
        while (plain < text.size() && is_plain(text[plain])) {
            ++plain;
        }
        out.append(text.substr(0, plain));
        text.remove_prefix(plain);
        if (text.empty()) {
            break;
        }
        const Utf8Character character = first_character(text);
        if (!character.is_valid()) {
            out.append("\xef\xbf\xbd");  // U+FFFD
        } else if (character.size == 1) {
            append_escaped(out, text.front());
        } else {
            out.append(text.substr(0, character.size));
        }
        text.remove_prefix(character.size);
    }
    out.push_back('"');
}

}  // namespace

void JsonObject::begin(std::string_view key) {
    if (!fields_.empty()) {
        fields_.push_back(',');
    }
    fields_.push_back('"');
    fields_.append(key).append("\":");
}

void JsonObject::add(std::string_view key, std::string_view value) {
    begin(key);
    append_string(fields_, value);
}

void JsonObject::add(std::string_view key, const std::vector<std::string>& values) {
    begin(key);
    char separator = '[';
    for (const std::string& value : values) {
        fields_.push_back(separator);
        append_string(fields_, value);
        separator = ',';
    }
    fields_.append(values.empty() ? "[]" : "]");
}

void JsonObject::add(std::string_view key, const JsonObject& value) {
    begin(key);
    fields_.append("{").append(value.fields_).append("}");
}

void JsonObject::add(std::string_view key, std::int64_t value) {
    begin(key);
    std::array<char, 24> digits;  // NOLINT(cppcoreguidelines-pro-type-member-init): written next
    const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    fields_.append(digits.data(), written.ptr);
}

void JsonObject::add_bool(std::string_view key, bool value) {
    begin(key);
    fields_.append(value ? "true" : "false");
}

std::string JsonObject::line() const {
    std::string line;
    line.reserve(fields_.size() + 3);
    return line.append("{").append(fields_).append("}\n");
}

}  // namespace mainstay::protocol
