/// Compares our reader of JSON with one that others use and look at: nlohmann/json.
#pragma once

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "common/json_reader.h"

namespace mainstay::test {

using Reference = nlohmann::json;

/// Whether the value at @p index is @p expected; @p index is moved behind it. Not for deep nesting.
inline bool is_same(const protocol::JsonDocument& document, std::uint32_t& index,
                    const Reference& expected) {
    using protocol::JsonKind;
    const protocol::JsonNode& node = document.node(index++);
    switch (node.kind) {
        case JsonKind::Null:
            return expected.is_null();
        case JsonKind::True:
        case JsonKind::False:
            return expected.is_boolean() && expected.get<bool>() == (node.kind == JsonKind::True);
        case JsonKind::Number:
            return expected.is_number() &&
                   std::strtod(std::string(node.text).c_str(), nullptr) == expected.get<double>();
        case JsonKind::String:
            return expected.is_string() && expected.get_ref<const std::string&>() == node.text;
        case JsonKind::Array:
        case JsonKind::Object:
            break;
    }
    std::size_t position = 0;
    Reference members = Reference::object();
    while (index < node.next) {
        const std::string key(document.node(index).key);
        const std::uint32_t member = index;
        if (node.kind == JsonKind::Array) {
            if (!expected.is_array() || position >= expected.size() ||
                !is_same(document, index, expected[position])) {
                return false;
            }
        } else {
            members[key] = member;  // of several of one name the last counts
            index = document.node(member).next;
        }
        ++position;
    }
    if (node.kind == JsonKind::Array) {
        return expected.is_array() && expected.size() == position;
    }
    if (!expected.is_object() || expected.size() != members.size()) {
        return false;
    }
    for (const auto& [key, at] : members.items()) {
        auto member = at.get<std::uint32_t>();
        if (!expected.contains(key) || !is_same(document, member, expected[key])) {
            return false;
        }
    }
    return true;
}

/// Both refuse @p text, or both accept it and read the same. Three differences are meant: the
/// library skips a byte order mark, takes a NUL byte for the end, and refuses numbers that a double
/// cannot hold.
inline bool same_as_reference(std::string_view text) {
    const protocol::JsonDocument document(text);
    const Reference expected = Reference::parse(text, nullptr, false);
    if (text.starts_with("\xef\xbb\xbf") || text.find('\0') != std::string_view::npos) {
        return !document.is_valid();
    }
    if (expected.is_discarded()) {
        const bool may_be_too_large =
            text.find_first_of("eE") != std::string_view::npos || text.size() > 300;
        return !document.is_valid() || may_be_too_large;
    }
    std::uint32_t index = 0;
    return document.is_valid() && is_same(document, index, expected);
}

}  // namespace mainstay::test
