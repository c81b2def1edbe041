/// PURE. What the protocol's readers and writers of requests and of replies share. For them only.
#pragma once

#include <cstdint>

#include "common/json_fields.h"
#include "common/json_writer.h"
#include "common/protocol.h"

namespace mainstay::protocol {

inline constexpr auto kMaxId = static_cast<std::int64_t>(kMaxRequestId);
inline constexpr char kNotAnObject[] = "the line is not a JSON object";

/// Ids come from requests that were checked, so they fit (kMaxRequestId).
inline void add_id(JsonObject& object, RequestId id) {
    object.add("id", static_cast<std::int64_t>(id));
}

inline RequestId read_id(FieldReader& fields) {
    RequestId id = 0;
    fields.require("id");
    fields.read_number("id", id, 0, kMaxId);
    return id;
}

/// A line with an id, and what @p write adds.
template <typename Write>
std::string line_of(RequestId id, Write write) {
    std::string line;
    JsonObject object(line);
    add_id(object, id);
    write(object);
    object.end_line();
    return line;
}

}  // namespace mainstay::protocol
