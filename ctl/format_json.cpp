#include "ctl/format_json.h"

#include <nlohmann/json.hpp>

namespace mainstay::ctl {
namespace {

using Json = nlohmann::json;

std::string to_ascii_line(const Json& object) {
    return object.dump(-1, ' ', true, Json::error_handler_t::replace) + '\n';
}

Json version_object(const protocol::Greeting& greeting) {
    return {{"mainstay", greeting.version},
            {"commit", greeting.commit},
            {"protocol", greeting.protocol}};
}

}  // namespace

std::string format_json(std::string_view reply_line) {
    Json object = Json::parse(reply_line, nullptr, false);
    if (!object.is_object()) {
        return {};
    }
    object.erase("id");
    return to_ascii_line(object);
}

std::string format_json_error(std::string_view code, std::string_view message) {
    return to_ascii_line({{"code", code}, {"error", message}});
}

std::string format_json_version(const protocol::Greeting& own,
                                const std::optional<protocol::Greeting>& supervisor) {
    Json object{{"svctl", version_object(own)}};
    if (supervisor) {
        object["supervisor"] = version_object(*supervisor);
        object["supervisor"]["pid"] = supervisor->pid;
    }
    return to_ascii_line(object);
}

}  // namespace mainstay::ctl
