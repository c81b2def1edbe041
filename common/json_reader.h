/// PURE. Reads one JSON text (RFC 8259) into a flat list of values. Strict and total: any bytes
/// give a document or none, nothing is thrown but std::bad_alloc, and nothing recurses, so a line
/// of nested brackets costs no more than any other of its length.
///
/// Strings without an escape, numbers and keys are views into the text, which must outlive the
/// document: reading a thousand lines allocates a few times, not for each value
/// (docs/decisions/0020-own-json-reader.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mainstay::protocol {

enum class JsonKind : std::uint8_t { Null, False, True, Number, String, Array, Object };

/// A value in the order of the text: the members of an array or object follow it.
struct JsonNode {
    JsonKind kind = JsonKind::Null;
    std::uint32_t parent = 0;  ///< index of the array or object that it is in
    std::uint32_t next = 0;    ///< index after it and all its members
    std::string_view key;      ///< of a member of an object
    std::string_view text;     ///< a string without quotes and escapes; a number as it was written
};

class JsonDocument {
  public:
    /// @param text may be anything
    explicit JsonDocument(std::string_view text);
    JsonDocument(const JsonDocument&) = delete;
    JsonDocument& operator=(const JsonDocument&) = delete;

    /// Whether the text was JSON; else there are no nodes.
    bool is_valid() const noexcept { return !nodes_.empty(); }
    bool is_object() const noexcept { return is_valid() && nodes_[0].kind == JsonKind::Object; }

    /// The whole text is the node 0.
    const JsonNode& node(std::uint32_t index) const noexcept { return nodes_[index]; }

  private:
    friend class JsonParser;

    std::vector<JsonNode> nodes_;
    std::string unescaped_;  ///< never grows beyond its first capacity: nodes point into it
};

}  // namespace mainstay::protocol
