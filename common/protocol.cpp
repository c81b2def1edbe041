#include "common/protocol.h"

#include <limits>

#include "common/json_fields.h"
#include "common/protocol_view.h"
#include "common/signals.h"

namespace mainstay::protocol {
namespace {

constexpr auto kMaxId = static_cast<std::int64_t>(kMaxRequestId);
constexpr std::int64_t kMaxPid = std::numeric_limits<std::int32_t>::max();

/// Ids come from requests that were checked, so they fit (kMaxRequestId).
void add_id(JsonObject& object, RequestId id) {
    object.add("id", static_cast<std::int64_t>(id));
}

void add_greeting(JsonObject& object, const Greeting& greeting) {
    object.add("mainstay", greeting.version);
    object.add("protocol", std::int64_t{greeting.protocol});
    object.add("pid", std::int64_t{greeting.pid});
    object.add("commit", greeting.commit);
}

Greeting read_greeting(FieldReader& fields) {
    Greeting greeting;
    fields.require("mainstay");
    fields.require("protocol");
    fields.read("mainstay", greeting.version);
    fields.read("commit", greeting.commit);
    fields.read_number("protocol", greeting.protocol, 0, std::numeric_limits<int>::max());
    fields.read_number("pid", greeting.pid, 0, kMaxPid);
    return greeting;
}

/// A code that a newer supervisor may have: the sentence beside it still tells.
ErrorCode read_code(FieldReader& fields) {
    std::string word;
    fields.require("code");
    fields.read("code", word);
    return parse_enum<ErrorCode>(word).value_or(ErrorCode::Internal);
}

Refusal read_refusal(FieldReader& fields) {
    Refusal refusal;
    RequestId id = 0;
    if (fields.find("id") != nullptr) {
        fields.read_number("id", id, 0, kMaxId);
        refusal.id = id;
    }
    fields.read("error", refusal.message);
    refusal.code = read_code(fields);
    return refusal;
}

ServiceError read_service_error(FieldReader& fields, RequestId id) {
    ServiceError error;
    error.id = id;
    fields.read("service", error.service);
    fields.read("error", error.message);
    error.code = read_code(fields);
    if (fields.find("state") != nullptr) {
        error.view = read_view(fields);
    }
    return error;
}

Done read_done(FieldReader& fields, RequestId id) {
    int number = 0;
    fields.require("exit");
    fields.read_number("exit", number, 0, 255);
    return {id, exit_code_of(number)};
}

Reply read_reply(FieldReader& fields) {
    if (fields.find("service") == nullptr && fields.find("error") != nullptr) {
        return read_refusal(fields);
    }
    RequestId id = 0;
    fields.require("id");
    fields.read_number("id", id, 0, kMaxId);
    if (fields.find("code") != nullptr) {
        return read_service_error(fields, id);
    }
    if (fields.find("service") != nullptr) {
        return ServiceReply{id, read_view(fields)};
    }
    if (fields.find("mainstay") != nullptr) {
        return VersionReply{id, read_greeting(fields)};
    }
    fields.require("done");
    return read_done(fields, id);
}

bool needs_services(Verb verb) noexcept {
    switch (verb) {
        case Verb::Up:
        case Verb::Down:
        case Verb::Restart:
        case Verb::Once:
        case Verb::Signal:
            return true;
        case Verb::Status:
        case Verb::List:
        case Verb::Version:
            return false;
    }
    return false;
}

/// A signal by number, or by the name that kill(1) knows.
void read_signal(FieldReader& fields, Request& request) {
    const Json* field = fields.find("signal");
    if (field == nullptr) {
        return;
    }
    const auto* name = field->get_ptr<const std::string*>();
    if (name == nullptr) {
        fields.read_number("signal", request.signal, 1, kSignalMax);
    } else if (const auto number = parse_signal(*name)) {
        request.signal = *number;
    } else {
        fields.complain("signal", "is no signal: give a name such as HUP, or a number");
    }
}

Request read_request(FieldReader& fields, Verb verb) {
    Request request;
    request.verb = verb;
    fields.require("id");
    fields.read_number("id", request.id, 0, kMaxId);
    fields.read("services", request.services);
    fields.read("wait", request.wait);
    fields.read("timeout_ms", request.timeout);
    read_signal(fields, request);
    if (needs_services(verb) && request.services.empty()) {
        fields.complain("services", "is missing or empty: name at least one service");
    }
    if (verb == Verb::Signal && request.signal == 0) {
        fields.require("signal");
    }
    return request;
}

/// The id of a request that is otherwise wrong, so that its sender can tell which it was.
std::optional<RequestId> readable_id(const Json& object) {
    FieldReader fields(object);
    RequestId id = 0;
    fields.require("id");
    fields.read_number("id", id, 0, kMaxId);
    return fields.is_good() ? std::optional<RequestId>(id) : std::nullopt;
}

Refusal bad_request(const Json& object, const std::string& problem) {
    return {readable_id(object), ErrorCode::BadRequest,
            "bad request: " + problem + "; see docs/protocol.md"};
}

constexpr char kNotAnObject[] = "the line is not a JSON object";

template <typename Answer, typename Value>
Answer value_or_malformed(Value value, const FieldReader& fields) {
    if (fields.is_good()) {
        return value;
    }
    return Malformed{fields.problem()};
}

}  // namespace

std::string encode(const Greeting& greeting) {
    JsonObject object;
    add_greeting(object, greeting);
    return object.line();
}

std::string encode(const Request& request) {
    JsonObject object;
    add_id(object, request.id);
    object.add("verb", to_string(request.verb));
    if (!request.services.empty()) {
        object.add("services", request.services);
    }
    if (request.signal != 0) {
        object.add("signal", std::int64_t{request.signal});
    }
    if (!request.wait) {
        object.add_bool("wait", false);
    }
    if (request.timeout) {
        object.add("timeout_ms", request.timeout->count());
    }
    return object.line();
}

std::string encode(const Refusal& refusal) {
    JsonObject object;
    if (refusal.id) {
        add_id(object, *refusal.id);
    }
    object.add("code", to_string(refusal.code));
    object.add("error", refusal.message);
    return object.line();
}

std::string encode(const ServiceReply& reply) {
    JsonObject object;
    add_id(object, reply.id);
    add_view(object, reply.view);
    return object.line();
}

std::string encode(const ServiceError& error) {
    JsonObject object;
    add_id(object, error.id);
    if (error.view) {
        add_view(object, *error.view);
    } else {
        object.add("service", error.service);
    }
    object.add("code", to_string(error.code));
    object.add("error", error.message);
    return object.line();
}

std::string encode(const VersionReply& reply) {
    JsonObject object;
    add_id(object, reply.id);
    add_greeting(object, reply.supervisor);
    return object.line();
}

std::string encode(const Done& done) {
    JsonObject object;
    add_id(object, done.id);
    object.add_bool("done", true);
    object.add("exit", std::int64_t{static_cast<int>(done.exit)});
    return object.line();
}

std::variant<Request, Refusal> parse_request(std::string_view line) {
    const Json object = parse_json(line);
    if (!object.is_object()) {
        return bad_request(object, kNotAnObject);
    }
    FieldReader fields(object);
    std::string word;
    fields.require("verb");
    fields.read("verb", word);
    if (!fields.is_good()) {
        return bad_request(object, fields.problem());
    }
    const auto verb = parse_enum<Verb>(word);
    if (!verb) {
        return Refusal{readable_id(object), ErrorCode::UnknownVerb,
                       "unknown verb \"" + word + "\": this supervisor does not have it"};
    }
    Request request = read_request(fields, *verb);
    if (!fields.is_good()) {
        return bad_request(object, fields.problem());
    }
    return request;
}

std::variant<Greeting, Refusal, Malformed> parse_greeting(std::string_view line) {
    using Answer = std::variant<Greeting, Refusal, Malformed>;
    const Json object = parse_json(line);
    if (!object.is_object()) {
        return Malformed{kNotAnObject};
    }
    FieldReader fields(object);
    if (fields.find("error") != nullptr) {
        return value_or_malformed<Answer>(read_refusal(fields), fields);
    }
    return value_or_malformed<Answer>(read_greeting(fields), fields);
}

std::variant<Reply, Malformed> parse_reply(std::string_view line) {
    const Json object = parse_json(line);
    if (!object.is_object()) {
        return Malformed{kNotAnObject};
    }
    FieldReader fields(object);
    return value_or_malformed<std::variant<Reply, Malformed>>(read_reply(fields), fields);
}

}  // namespace mainstay::protocol
