#include "ctl/format_json.h"

#include "common/json_reader.h"
#include "common/json_writer.h"

namespace mainstay::ctl {
namespace {

using protocol::append_json_string;
using protocol::JsonCharset;
using protocol::JsonDocument;
using protocol::JsonKind;
using protocol::JsonNode;
using protocol::JsonObject;

/// Writes a document again, all but the root's member @p left_out, and all of it in ASCII.
class AsciiWriter {
  public:
    AsciiWriter(const JsonDocument& document, std::string_view left_out)
        : document_(document), left_out_(left_out) {}

    std::string write() {
        const std::uint32_t end = document_.node(0).next;
        for (std::uint32_t at = 0; at < end;) {
            close_up_to(at);
            const JsonNode& node = document_.node(at);
            const bool is_left_out = open_.size() == 1 && node.key == left_out_;
            at = is_left_out ? node.next : put(at, node);
        }
        close_up_to(end);
        return std::move(out_.append("\n"));
    }

  private:
    bool is_object(std::uint32_t index) const noexcept {
        return document_.node(index).kind == JsonKind::Object;
    }

    /// Ends every object and array that has no member at @p index or after it.
    void close_up_to(std::uint32_t index) {
        while (!open_.empty() && document_.node(open_.back()).next <= index) {
            out_.push_back(is_object(open_.back()) ? '}' : ']');
            open_.pop_back();
        }
    }

    /// @returns the index of the value that comes next.
    std::uint32_t put(std::uint32_t index, const JsonNode& node) {
        if (!open_.empty()) {
            const char last = out_.back();
            out_.append(last == '{' || last == '[' ? "" : ",");
            if (is_object(open_.back())) {
                append_json_string(out_, node.key, JsonCharset::Ascii);
                out_.push_back(':');
            }
        }
        put_value(index, node);
        return index + 1;
    }

    void put_value(std::uint32_t index, const JsonNode& node) {
        switch (node.kind) {
            case JsonKind::Null:
                out_.append("null");
                break;
            case JsonKind::True:
                out_.append("true");
                break;
            case JsonKind::False:
                out_.append("false");
                break;
            case JsonKind::Number:
                out_.append(node.text);
                break;
            case JsonKind::String:
                append_json_string(out_, node.text, JsonCharset::Ascii);
                break;
            case JsonKind::Array:
            case JsonKind::Object:
                out_.push_back(node.kind == JsonKind::Object ? '{' : '[');
                open_.push_back(index);
                break;
        }
    }

    const JsonDocument& document_;
    std::string_view left_out_;
    std::string out_;
    std::vector<std::uint32_t> open_;  ///< arrays and objects that are not ended
};

void add_version(JsonObject& object, const protocol::Greeting& greeting) {
    object.add("mainstay", greeting.version);
    object.add("commit", greeting.commit);
    object.add("protocol", std::int64_t{greeting.protocol});
    if (greeting.pid != 0) {
        object.add("pid", std::int64_t{greeting.pid});
    }
}

}  // namespace

std::string format_json(std::string_view reply_line) {
    const JsonDocument document(reply_line);
    return document.is_object() ? AsciiWriter(document, "id").write() : std::string();
}

std::string format_json_error(std::string_view code, std::string_view message) {
    std::string line;
    JsonObject object(line);
    object.add("code", code);
    object.add("error", message);
    object.end();
    return format_json(line);
}

std::string format_json_version(const protocol::Greeting& own,
                                const std::optional<protocol::Greeting>& supervisor) {
    std::string line;
    JsonObject object(line);
    object.add_object("svctl", [&](JsonObject& inner) { add_version(inner, own); });
    if (supervisor) {
        object.add_object("supervisor",
                          [&](JsonObject& inner) { add_version(inner, *supervisor); });
    }
    object.end();
    return format_json(line);
}

}  // namespace mainstay::ctl
