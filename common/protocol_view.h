/// PURE. A ServiceView as fields of a JSON object and back. For protocol.cpp only.
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

}  // namespace mainstay::protocol
