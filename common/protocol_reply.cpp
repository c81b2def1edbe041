/// PURE. The part of the protocol that writes and reads replies.
#include <limits>

#include "common/protocol_ids.h"
#include "common/protocol_view.h"

namespace mainstay::protocol {
namespace {

constexpr std::int64_t kMaxPid = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t kMaxCount = std::numeric_limits<std::uint32_t>::max();
constexpr std::int64_t kMaxFigure = std::numeric_limits<std::int64_t>::max();

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
    if (fields.has("id")) {
        refusal.id = read_id(fields);
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
    if (fields.has("state")) {
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

void add_system(JsonObject& object, const SystemView& system) {
    object.add("host", system.host);
    object.add("running_ms", std::int64_t{system.running.count()});
    add_time(object, "boot_ms", system.boot_complete);
    add_flag(object, "stopping", system.is_stopping);
}

SystemReply read_system(FieldReader& fields, RequestId id) {
    SystemReply reply{id, {}};
    fields.read_object("system", [&](FieldReader& inner) {
        inner.read("host", reply.system.host);
        inner.read("running_ms", reply.system.running);
        inner.read("boot_ms", reply.system.boot_complete);
        inner.read("stopping", reply.system.is_stopping);
    });
    return reply;
}

LogReply read_log(FieldReader& fields, RequestId id) {
    LogReply reply;
    reply.id = id;
    fields.require("service");
    fields.read("service", reply.service);
    fields.read("lines", reply.lines);
    fields.read_number("lost_bytes", reply.lost_bytes, 0, kMaxFigure);
    fields.read("cursor", reply.cursor);
    fields.read("anew", reply.is_anew);
    fields.read("logger", reply.logger);
    return reply;
}

EventReply read_event(FieldReader& fields, RequestId id) {
    EventReply event;
    event.id = id;
    fields.read_word("event", event.kind);
    fields.read("at_ms", event.at);
    fields.read_word("was", event.was);
    fields.read_number("lost", event.lost, 0, kMaxCount);
    fields.read("service", event.service);
    if (fields.has("state")) {
        event.view = read_view(fields);
    }
    return event;
}

ChangeReply read_change(FieldReader& fields, RequestId id) {
    ChangeReply change;
    change.id = id;
    fields.read("service", change.service);
    fields.read("change", change.change);
    fields.read("fields", change.fields);
    fields.read("path", change.path);
    fields.read("target", change.target);
    fields.read("message", change.message);
    return change;
}

ProgressReply read_progress(FieldReader& fields, RequestId id) {
    ProgressReply reply{id, 0, {}};
    fields.read_number("pending", reply.pending, 0, kMaxCount);
    reply.view = read_view(fields);
    return reply;
}

/// A kind of line is told by a field that no other kind has.
Reply read_reply(FieldReader& fields) {
    if (!fields.has("service") && fields.has("error")) {
        return read_refusal(fields);
    }
    const RequestId id = read_id(fields);
    if (fields.has("event")) {
        return read_event(fields, id);
    }
    if (fields.has("change")) {
        return read_change(fields, id);
    }
    if (fields.has("code")) {
        return read_service_error(fields, id);
    }
    if (fields.has("lines")) {
        return read_log(fields, id);
    }
    if (fields.has("pending")) {
        return read_progress(fields, id);
    }
    if (fields.has("service")) {
        return ServiceReply{id, read_view(fields)};
    }
    if (fields.has("system")) {
        return read_system(fields, id);
    }
    if (fields.has("mainstay")) {
        return VersionReply{id, read_greeting(fields)};
    }
    fields.require("done");
    return read_done(fields, id);
}

template <typename Answer, typename Value>
Answer value_or_malformed(Value value, const FieldReader& fields) {
    if (fields.is_good()) {
        return value;
    }
    return Malformed{fields.problem()};
}

}  // namespace

std::string encode(const Greeting& greeting) {
    std::string line;
    JsonObject object(line);
    add_greeting(object, greeting);
    object.end_line();
    return line;
}

std::string encode(const Refusal& refusal) {
    std::string line;
    JsonObject object(line);
    if (refusal.id) {
        add_id(object, *refusal.id);
    }
    object.add("code", to_string(refusal.code));
    object.add("error", refusal.message);
    object.end_line();
    return line;
}

void append_service(std::string& out, RequestId id, const ServiceView& view) {
    JsonObject object(out);
    add_id(object, id);
    add_view(object, view);
    object.end_line();
}

std::string encode(const ServiceReply& reply) {
    std::string line;
    append_service(line, reply.id, reply.view);
    return line;
}

std::string encode(const ServiceError& error) {
    return line_of(error.id, [&](JsonObject& object) {
        if (error.view) {
            add_view(object, *error.view);
        } else {
            object.add("service", error.service);
        }
        object.add("code", to_string(error.code));
        object.add("error", error.message);
    });
}

std::string encode(const VersionReply& reply) {
    return line_of(reply.id, [&](JsonObject& object) { add_greeting(object, reply.supervisor); });
}

std::string encode(const SystemReply& reply) {
    return line_of(reply.id, [&](JsonObject& object) {
        object.add_object("system", [&](JsonObject& inner) { add_system(inner, reply.system); });
    });
}

std::string encode(const ProgressReply& reply) {
    return line_of(reply.id, [&](JsonObject& object) {
        object.add("pending", std::int64_t{reply.pending});
        add_view(object, reply.view);
    });
}

std::string encode(const LogReply& reply) {
    return line_of(reply.id, [&](JsonObject& object) {
        object.add("service", reply.service);
        object.add("lines", reply.lines);
        add_number(object, "lost_bytes", static_cast<std::int64_t>(reply.lost_bytes));
        add_text(object, "cursor", reply.cursor);
        add_flag(object, "anew", reply.is_anew);
        add_text(object, "logger", reply.logger);
    });
}

std::string encode(const EventReply& event) {
    return line_of(event.id, [&](JsonObject& object) {
        object.add("event", to_string(event.kind));
        object.add("at_ms", std::int64_t{event.at.count()});
        if (event.was) {
            object.add("was", to_string(*event.was));
        }
        add_number(object, "lost", event.lost);
        if (event.view) {
            add_view(object, *event.view);
        } else {
            add_text(object, "service", event.service);
        }
    });
}

std::string encode(const ChangeReply& change) {
    return line_of(change.id, [&](JsonObject& object) {
        add_text(object, "service", change.service);
        object.add("change", change.change);
        if (!change.fields.empty()) {
            object.add("fields", change.fields);
        }
        add_text(object, "path", change.path);
        add_text(object, "target", change.target);
        add_text(object, "message", change.message);
    });
}

std::string encode(const Done& done) {
    return line_of(done.id, [&](JsonObject& object) {
        object.add_bool("done", true);
        object.add("exit", std::int64_t{static_cast<int>(done.exit)});
    });
}

std::variant<Greeting, Refusal, Malformed> parse_greeting(std::string_view line) {
    using Answer = std::variant<Greeting, Refusal, Malformed>;
    const JsonDocument document(line);
    if (!document.is_object()) {
        return Malformed{kNotAnObject};
    }
    FieldReader fields(document);
    if (fields.has("error")) {
        return value_or_malformed<Answer>(read_refusal(fields), fields);
    }
    return value_or_malformed<Answer>(read_greeting(fields), fields);
}

std::variant<Reply, Malformed> parse_reply(std::string_view line) {
    const JsonDocument document(line);
    if (!document.is_object()) {
        return Malformed{kNotAnObject};
    }
    FieldReader fields(document);
    return value_or_malformed<std::variant<Reply, Malformed>>(read_reply(fields), fields);
}

}  // namespace mainstay::protocol
