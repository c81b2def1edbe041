#include "common/json_reader.h"

#include <limits>

#include "common/utf8.h"

namespace mainstay::protocol {
namespace {

constexpr std::uint32_t kNoNode = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t kUsualNodes = 32;

constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

/// @returns the value of a hexadecimal digit, or 16.
constexpr std::uint32_t hex_value(char c) noexcept {
    if (is_digit(c)) {
        return static_cast<std::uint32_t>(c - '0');
    }
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? static_cast<std::uint32_t>(lower - 'a' + 10) : 16;
}

void append_utf8(std::string& out, std::uint32_t code) {
    const auto tail = [&](unsigned shift) {
        out.push_back(static_cast<char>(0x80U | ((code >> shift) & 0x3fU)));
    };
    if (code < 0x80) {
        out.push_back(static_cast<char>(code));
    } else if (code < 0x800) {
        out.push_back(static_cast<char>(0xc0U | (code >> 6U)));
        tail(0);
    } else if (code < 0x10000) {
        out.push_back(static_cast<char>(0xe0U | (code >> 12U)));
        tail(6);
        tail(0);
    } else {
        out.push_back(static_cast<char>(0xf0U | (code >> 18U)));
        tail(12);
        tail(6);
        tail(0);
    }
}

}  // namespace

/// Goes over the text once. Where it is in arrays and objects is told by the nodes themselves.
class JsonParser {
  public:
    JsonParser(std::string_view text, JsonDocument& document)
        : text_(text), nodes_(document.nodes_), unescaped_(document.unescaped_) {}

    bool parse() {
        Next next = Next::Value;
        while (next == Next::Value) {
            next = read_value();
        }
        return next == Next::End;
    }

  private:
    enum class Next : std::uint8_t { Value, End, Error };

    bool at_end() const noexcept { return at_ == text_.size(); }
    /// The next byte; 0, which is nothing of JSON, at the end.
    char peek() const noexcept { return at_end() ? '\0' : text_[at_]; }

    bool take(char expected) noexcept {
        if (peek() != expected || at_end()) {
            return false;
        }
        ++at_;
        return true;
    }

    void skip_space() noexcept {
        while (!at_end() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' ||
                             text_[at_] == '\r')) {
            ++at_;
        }
    }

    JsonNode& add(JsonKind kind) {
        JsonNode& node = nodes_.emplace_back();
        node.kind = kind;
        node.parent = container_;
        node.next = static_cast<std::uint32_t>(nodes_.size());
        node.key = key_;
        key_ = {};
        return node;
    }

    Next read_value() {
        skip_space();
        switch (peek()) {
            case '{':
                return open(JsonKind::Object);
            case '[':
                return open(JsonKind::Array);
            case '"': {
                std::string_view text;
                if (!read_string(text)) {
                    return Next::Error;
                }
                add(JsonKind::String).text = text;
                return after_value();
            }
            case 't':
                return read_literal("true", JsonKind::True);
            case 'f':
                return read_literal("false", JsonKind::False);
            case 'n':
                return read_literal("null", JsonKind::Null);
            default:
                return read_number();
        }
    }

    bool is_in_object() const noexcept { return nodes_[container_].kind == JsonKind::Object; }

    Next open(JsonKind kind) {
        ++at_;
        add(kind);
        container_ = static_cast<std::uint32_t>(nodes_.size() - 1);
        skip_space();
        if (take(is_in_object() ? '}' : ']')) {
            close();
            return after_value();
        }
        return before_member();
    }

    void close() noexcept {
        JsonNode& node = nodes_[container_];
        node.next = static_cast<std::uint32_t>(nodes_.size());
        container_ = node.parent;
    }

    Next before_member() {
        if (!is_in_object()) {
            return Next::Value;
        }
        skip_space();
        if (!read_string(key_)) {
            return Next::Error;
        }
        skip_space();
        return take(':') ? Next::Value : Next::Error;
    }

    Next after_value() {
        while (container_ != kNoNode) {
            skip_space();
            if (take(',')) {
                return before_member();
            }
            if (!take(is_in_object() ? '}' : ']')) {
                return Next::Error;
            }
            close();
        }
        skip_space();
        return at_end() ? Next::End : Next::Error;
    }

    Next read_literal(std::string_view word, JsonKind kind) {
        if (text_.substr(at_, word.size()) != word) {
            return Next::Error;
        }
        at_ += word.size();
        add(kind);
        return after_value();
    }

    bool skip_digits() noexcept {
        const std::size_t first = at_;
        while (is_digit(peek())) {
            ++at_;
        }
        return at_ > first;
    }

    Next read_number() {
        const std::size_t first = at_;
        take('-');
        const bool starts_well = take('0') || skip_digits();
        if (!starts_well || (take('.') && !skip_digits())) {
            return Next::Error;
        }
        if (take('e') || take('E')) {
            static_cast<void>(take('+') || take('-'));
            if (!skip_digits()) {
                return Next::Error;
            }
        }
        add(JsonKind::Number).text = text_.substr(first, at_ - first);
        return after_value();
    }

    /// Most strings have no escape: those stay where they are.
    bool read_string(std::string_view& text) {
        if (!take('"')) {
            return false;
        }
        const std::size_t first = at_;
        if (!skip_unescaped()) {
            return false;
        }
        if (take('"')) {
            text = text_.substr(first, at_ - 1 - first);
            return true;
        }
        return read_escaped_string(first, text);
    }

    /// Up to a quote or a backslash. @returns false for what may not stand in a string.
    bool skip_unescaped() noexcept {
        while (!at_end()) {
            const auto byte = static_cast<unsigned char>(text_[at_]);
            if (byte == '"' || byte == '\\') {
                return true;
            }
            if (byte < 0x20) {
                return false;
            }
            if (byte < 0x80) {
                ++at_;
                continue;
            }
            const Utf8Character character = first_character(text_.substr(at_));
            if (!character.is_valid()) {
                return false;
            }
            at_ += character.size;
        }
        return false;
    }

    bool read_escaped_string(std::size_t first, std::string_view& text) {
        if (unescaped_.capacity() < text_.size()) {
            unescaped_.reserve(text_.size());  // once: an escape is longer than what it stands for
        }
        const std::size_t start = unescaped_.size();
        unescaped_.append(text_.substr(first, at_ - first));
        while (!take('"')) {
            if (!take('\\') || !read_escape()) {
                return false;
            }
            const std::size_t plain = at_;
            if (!skip_unescaped()) {
                return false;
            }
            unescaped_.append(text_.substr(plain, at_ - plain));
        }
        text = std::string_view(unescaped_).substr(start);
        return true;
    }

    /// What follows a backslash.
    bool read_escape() {
        constexpr std::string_view kLetters = "\"\\/bfnrt";
        constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
        const char letter = peek();
        if (letter == 'u' && !at_end()) {
            ++at_;
            return read_code();
        }
        const std::size_t index = at_end() ? std::string_view::npos : kLetters.find(letter);
        if (index == std::string_view::npos) {
            return false;
        }
        ++at_;
        unescaped_.push_back(kMeanings[index]);
        return true;
    }

    bool read_code() {
        std::uint32_t code = 0;
        if (!read_hex(code)) {
            return false;
        }
        constexpr std::uint32_t kHighFirst = 0xd800;
        constexpr std::uint32_t kLowFirst = 0xdc00;
        constexpr std::uint32_t kLowLast = 0xdfff;
        if (code >= kLowFirst && code <= kLowLast) {
            return false;
        }
        if (code >= kHighFirst && code < kLowFirst) {
            std::uint32_t low = 0;
            if (!take('\\') || !take('u') || !read_hex(low) || low < kLowFirst || low > kLowLast) {
                return false;
            }
            code = 0x10000 + ((code - kHighFirst) << 10U) + (low - kLowFirst);
        }
        append_utf8(unescaped_, code);
        return true;
    }

    bool read_hex(std::uint32_t& code) noexcept {
        for (int i = 0; i < 4; ++i) {
            const std::uint32_t digit = hex_value(peek());
            if (digit > 15) {
                return false;
            }
            code = code * 16 + digit;
            ++at_;
        }
        return true;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::vector<JsonNode>& nodes_;
    std::string& unescaped_;
    std::uint32_t container_ = kNoNode;
    std::string_view key_;  ///< of the value that comes next
};

JsonDocument::JsonDocument(std::string_view text) {
    nodes_.reserve(kUsualNodes);
    if (!JsonParser(text, *this).parse()) {
        nodes_.clear();
    }
}

}  // namespace mainstay::protocol
