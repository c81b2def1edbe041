/// PURE. The part of the protocol that writes and reads requests.
#include <limits>

#include "common/protocol_ids.h"
#include "common/protocol_view.h"
#include "common/signals.h"

namespace mainstay::protocol {
namespace {

constexpr char kNoServices[] = "is missing or empty: name at least one service";

/// Whether the verb makes no sense without services.
bool needs_services(const Request& request) noexcept {
    switch (kind_of(request.verb)) {
        case VerbKind::Look:
            return false;
        case VerbKind::Ask:
            return request.verb != Verb::Wait || request.goal != Goal::Boot;
        case VerbKind::Act:
            return true;
        case VerbKind::Configure:
            return request.verb == Verb::Disable || request.verb == Verb::Remove;
    }
    return true;
}

/// A signal by number, or by the name that kill(1) knows.
void read_signal(FieldReader& fields, Request& request) {
    const auto field = fields.find("signal");
    if (!field) {
        return;
    }
    if (field->node->kind != JsonKind::String) {
        fields.read_number("signal", request.signal, 1, kSignalMax);
    } else if (const auto number = parse_signal(field->node->text)) {
        request.signal = *number;
    } else {
        fields.complain("signal", "is no signal: give a name such as HUP, or a number");
    }
}

void read_path(FieldReader& fields, Request& request) {
    fields.read("path", request.path);
    const bool is_bad = !request.path.empty() && (request.path.front() != '/' ||
                                                  request.path.find('\0') != std::string::npos);
    if (is_bad) {
        fields.complain("path", "is not an absolute path");
    }
}

void read_status_text(FieldReader& fields, Request& request) {
    if (!fields.has("status_text")) {
        return;
    }
    std::string text;
    fields.read("status_text", text);
    if (text.size() > kMostStatusText) {
        fields.complain("status_text", "is longer than 1024 bytes");
    }
    request.status_text = std::move(text);
}

void read_resume(FieldReader& fields, Request& request) {
    if (fields.has("resume")) {
        request.resume.emplace();
        fields.read("resume", *request.resume);
    }
}

/// A service says at least one thing, and is in one phase.
void check_saying(FieldReader& fields, const Request& request) {
    const int phases = int{request.ready} + int{request.reloading} + int{request.stopping};
    if (phases == 0 && !request.status_text) {
        fields.complain("ready", "and \"status_text\" are missing: there is nothing to tell");
    }
    if (phases > 1) {
        fields.complain("ready",
                        "is one of \"ready\", \"reloading\" and \"stopping\": "
                        "give only one");
    }
}

/// What a verb cannot do without.
void check_completeness(FieldReader& fields, const Request& request) {
    if (needs_services(request) && request.services.empty()) {
        fields.complain("services", kNoServices);
    }
    if (request.verb == Verb::Signal && request.signal == 0) {
        fields.require("signal");
    }
    if (request.verb == Verb::Add && request.path.empty()) {
        fields.complain("path", "is missing: name the service directory to add");
    }
    if (request.verb == Verb::Enable && request.path.empty() && request.services.empty()) {
        fields.complain("services", kNoServices);
    }
    if (request.verb == Verb::Notify) {
        check_saying(fields, request);
    }
}

Request read_request(FieldReader& fields, Verb verb) {
    Request request;
    request.verb = verb;
    request.id = read_id(fields);
    fields.read("services", request.services);
    fields.read("wait", request.wait);
    fields.read("progress", request.progress);
    fields.read("timeout_ms", request.timeout);
    fields.read_word("detail", request.detail);
    fields.read_number("lines", request.lines, 0, kMostLogLines);
    fields.read("follow", request.follow);
    read_resume(fields, request);
    fields.read_word("for", request.goal);
    fields.read_word("place", request.place);
    fields.read("ready", request.ready);
    fields.read("reloading", request.reloading);
    fields.read("stopping", request.stopping);
    read_signal(fields, request);
    read_path(fields, request);
    read_status_text(fields, request);
    check_completeness(fields, request);
    return request;
}

/// The id of a request that is otherwise wrong, so that its sender can tell which it was.
std::optional<RequestId> readable_id(const JsonDocument& document) {
    if (!document.is_object()) {
        return std::nullopt;
    }
    FieldReader fields(document);
    const RequestId id = read_id(fields);
    return fields.is_good() ? std::optional<RequestId>(id) : std::nullopt;
}

Refusal bad_request(const JsonDocument& document, const std::string& problem) {
    return {readable_id(document), ErrorCode::BadRequest,
            "bad request: " + problem + "; see docs/protocol.md"};
}

/// What only some verbs have.
void add_particulars(JsonObject& object, const Request& request) {
    if (request.signal != 0) {
        object.add("signal", std::int64_t{request.signal});
    }
    if (request.detail != Detail::Usual) {
        object.add("detail", to_string(request.detail));
    }
    if (request.lines != kUsualLogLines) {
        object.add("lines", std::int64_t{request.lines});
    }
    add_flag(object, "follow", request.follow);
    if (request.resume) {
        object.add("resume", *request.resume);
    }
    if (request.goal != Goal::Ready) {
        object.add("for", to_string(request.goal));
    }
    if (request.place != Place::Permanent) {
        object.add("place", to_string(request.place));
    }
    add_text(object, "path", request.path);
    add_flag(object, "ready", request.ready);
    add_flag(object, "reloading", request.reloading);
    add_flag(object, "stopping", request.stopping);
    if (request.status_text) {
        object.add("status_text", *request.status_text);
    }
}

}  // namespace

std::string encode(const Request& request) {
    return line_of(request.id, [&](JsonObject& object) {
        object.add("verb", to_string(request.verb));
        if (!request.services.empty()) {
            object.add("services", request.services);
        }
        add_particulars(object, request);
        if (!request.wait) {
            object.add_bool("wait", false);
        }
        add_flag(object, "progress", request.progress);
        add_time(object, "timeout_ms", request.timeout);
    });
}

std::variant<Request, Refusal> parse_request(std::string_view line) {
    const JsonDocument document(line);
    if (!document.is_object()) {
        return bad_request(document, kNotAnObject);
    }
    FieldReader fields(document);
    std::string word;
    fields.require("verb");
    fields.read("verb", word);
    if (!fields.is_good()) {
        return bad_request(document, fields.problem());
    }
    const auto verb = parse_enum<Verb>(word);
    if (!verb) {
        return Refusal{readable_id(document), ErrorCode::UnknownVerb,
                       "unknown verb \"" + word + "\": this supervisor does not have it"};
    }
    Request request = read_request(fields, *verb);
    if (!fields.is_good()) {
        return bad_request(document, fields.problem());
    }
    return request;
}

}  // namespace mainstay::protocol
