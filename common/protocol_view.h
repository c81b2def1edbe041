/// PURE. A ServiceView as fields of a JSON object and back. For the protocol's .cpp files only.
#pragma once

#include "common/json_fields.h"
#include "common/json_writer.h"
#include "common/service_view.h"

namespace mainstay::protocol {

/// Adds the fields of @p view to @p object. What has its default value is left out, but for name
/// and state: a status of a thousand services is mostly defaults.
void add_view(JsonObject& object, const ServiceView& view);

/// Reads what add_view wrote; problems end up in @p fields.
ServiceView read_view(FieldReader& fields);

/// The part of both that is a service's details (protocol_details.cpp).
void add_details(JsonObject& object, const ServiceDetails& details);
ServiceDetails read_details(FieldReader& fields);

/// A death as an object of its own (protocol_details.cpp).
void add_death(JsonObject& object, const Death& death);
Death read_death(FieldReader& fields);

/// What is left out where it says nothing.
void add_text(JsonObject& object, std::string_view key, const std::string& text);
void add_flag(JsonObject& object, std::string_view key, bool flag);
void add_number(JsonObject& object, std::string_view key, std::int64_t number);
void add_time(JsonObject& object, std::string_view key,
              std::optional<std::chrono::milliseconds> time);

}  // namespace mainstay::protocol
