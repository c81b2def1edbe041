/// PURE. Writes one JSON object field by field, in the order of the calls, at the end of a string.
/// Done by hand because a status of a thousand services is written while the supervisor does
/// nothing else: building a tree first takes ten times as long.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mainstay::protocol {

class JsonObject {
  public:
    /// Begins an object; end() or end_line() must come, and nobody else writes to @p out until
    /// then.
    explicit JsonObject(std::string& out) : out_(out) { out_.push_back('{'); }
    JsonObject(const JsonObject&) = delete;
    JsonObject& operator=(const JsonObject&) = delete;

    /// Keys are ours: they are written as they are. Bytes of values that are not UTF-8 become
    /// U+FFFD; control characters are escaped.
    void add(std::string_view key, std::string_view value);
    void add(std::string_view key, const std::vector<std::string>& values);
    void add(std::string_view key, const std::vector<std::int32_t>& values);
    void add(std::string_view key, std::int64_t value);
    void add_bool(std::string_view key, bool value);

    /// @param write is called with the JsonObject that becomes the value
    template <typename Write>
    void add_object(std::string_view key, Write write) {
        begin(key);
        write_object(write);
    }

    /// An array: @p write is called with an object and an item for each of @p items.
    template <typename Items, typename Write>
    void add_objects(std::string_view key, const Items& items, Write write) {
        begin(key);
        out_.push_back('[');
        bool first = true;
        for (const auto& item : items) {
            if (!first) {
                out_.push_back(',');
            }
            first = false;
            write_object([&](JsonObject& object) { write(object, item); });
        }
        out_.push_back(']');
    }

    void end() { out_.push_back('}'); }
    /// Ends it as a line of the protocol.
    void end_line() { out_.append("}\n"); }

  private:
    void begin(std::string_view key);
    void append_number(std::int64_t value);

    template <typename Write>
    void write_object(Write write) {
        JsonObject inner(out_);
        write(inner);
        inner.end();
    }

    std::string& out_;
    bool is_empty_ = true;
};

/// What stands for characters beyond ASCII: they themselves, or escapes.
enum class JsonCharset : std::uint8_t { Utf8, Ascii };

/// Appends @p text as a JSON string in quotes.
void append_json_string(std::string& out, std::string_view text, JsonCharset charset);

}  // namespace mainstay::protocol
