#include "common/protocol_view.h"

#include <limits>

namespace mainstay::protocol {
namespace {

constexpr std::int64_t kMaxPid = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t kMaxCount = std::numeric_limits<std::uint32_t>::max();

void add_exec_failure(JsonObject& object, const ExecFailure& failure) {
    object.add("stage", failure.stage);
    object.add("path", failure.path);
    object.add("error", failure.error);
}

ExecFailure read_exec_failure(FieldReader& fields) {
    ExecFailure failure;
    fields.read("stage", failure.stage);
    fields.read("path", failure.path);
    fields.read("error", failure.error);
    return failure;
}

void add_logger(JsonObject& object, const LoggerView& logger) {
    object.add("state", to_string(logger.state));
    object.add("pid", std::int64_t{logger.pid});
}

LoggerView read_logger(FieldReader& fields) {
    LoggerView logger;
    fields.require("state");
    fields.read_word("state", logger.state);
    fields.read_number("pid", logger.pid, 0, kMaxPid);
    return logger;
}

void add_blocker(JsonObject& object, const BlockerView& blocker) {
    object.add("service", blocker.name);
    add_text(object, "relation", blocker.relation);
    if (blocker.state) {
        object.add("state", to_string(*blocker.state));
    }
    add_time(object, "deadline_ms", blocker.deadline);
}

BlockerView read_blocker(FieldReader& fields) {
    BlockerView blocker;
    fields.require("service");
    fields.read("service", blocker.name);
    fields.read("relation", blocker.relation);
    fields.read_word("state", blocker.state);
    fields.read("deadline_ms", blocker.deadline);
    return blocker;
}

void add_flags(JsonObject& object, const ServiceView& view) {
    add_flag(object, "paused", view.is_paused);
    if (!view.is_enabled) {
        object.add_bool("enabled", false);
    }
    add_flag(object, "down_file", view.has_down_file);
    add_flag(object, "reloading", view.is_reloading);
    add_flag(object, "listening", view.is_listening);
    add_flag(object, "changed", view.has_changed);
}

void add_parts(JsonObject& object, const ServiceView& view) {
    if (view.last_death) {
        object.add_object("last_death",
                          [&](JsonObject& inner) { add_death(inner, *view.last_death); });
    }
    if (view.exec_failure) {
        object.add_object("exec_failure",
                          [&](JsonObject& inner) { add_exec_failure(inner, *view.exec_failure); });
    }
    if (view.logger) {
        object.add_object("logger", [&](JsonObject& inner) { add_logger(inner, *view.logger); });
    }
    if (!view.blockers.empty()) {
        object.add_objects("waits_for", view.blockers, add_blocker);
    }
    if (view.own_details) {
        add_details(object, *view.own_details);
    }
    if (!view.log_lines.empty()) {
        object.add("log", view.log_lines);
    }
}

void read_parts(FieldReader& fields, ServiceView& view) {
    fields.read_object("last_death",
                       [&](FieldReader& inner) { view.last_death = read_death(inner); });
    fields.read_object("exec_failure",
                       [&](FieldReader& inner) { view.exec_failure = read_exec_failure(inner); });
    fields.read_object("logger", [&](FieldReader& inner) { view.logger = read_logger(inner); });
    fields.read_objects("waits_for",
                        [&](FieldReader& inner) { view.blockers.push_back(read_blocker(inner)); });
    fields.read("log", view.log_lines);
}

}  // namespace

void add_text(JsonObject& object, std::string_view key, const std::string& text) {
    if (!text.empty()) {
        object.add(key, text);
    }
}

void add_flag(JsonObject& object, std::string_view key, bool flag) {
    if (flag) {
        object.add_bool(key, true);
    }
}

void add_number(JsonObject& object, std::string_view key, std::int64_t number) {
    if (number != 0) {
        object.add(key, number);
    }
}

void add_time(JsonObject& object, std::string_view key,
              std::optional<std::chrono::milliseconds> time) {
    if (time) {
        object.add(key, std::int64_t{time->count()});
    }
}

void add_view(JsonObject& object, const ServiceView& view) {
    object.add("service", view.name);
    object.add("state", to_string(view.state));
    object.add("wanted", to_string(view.wanted));
    object.add("since_ms", std::int64_t{view.since.count()});
    add_text(object, "type", view.type);
    add_flags(object, view);
    add_number(object, "pid", view.pid);
    add_number(object, "restarts", view.restarts);
    add_time(object, "next_start_ms", view.next_start);
    add_time(object, "deadline_ms", view.deadline);
    add_text(object, "description", view.description);
    add_text(object, "directory", view.directory);
    add_text(object, "status_text", view.status_text);
    add_text(object, "notify_error", view.notify_error);
    add_text(object, "cause", view.cause);
    add_parts(object, view);
}

ServiceView read_view(FieldReader& fields) {
    ServiceView view;
    fields.require("service");
    fields.require("state");
    fields.read("service", view.name);
    fields.read("description", view.description);
    fields.read("directory", view.directory);
    fields.read("type", view.type);
    fields.read("status_text", view.status_text);
    fields.read("notify_error", view.notify_error);
    fields.read("cause", view.cause);
    fields.read_word("state", view.state);
    fields.read_word("wanted", view.wanted);
    fields.read("paused", view.is_paused);
    fields.read("enabled", view.is_enabled);
    fields.read("down_file", view.has_down_file);
    fields.read("reloading", view.is_reloading);
    fields.read("listening", view.is_listening);
    fields.read("changed", view.has_changed);
    fields.read_number("pid", view.pid, 0, kMaxPid);
    fields.read_number("restarts", view.restarts, 0, kMaxCount);
    fields.read("since_ms", view.since);
    fields.read("next_start_ms", view.next_start);
    fields.read("deadline_ms", view.deadline);
    read_parts(fields, view);
    if (fields.has("details")) {
        fields.read_object("details", [&](FieldReader& inner) {
            view.own_details = std::make_shared<const ServiceDetails>(read_details(inner));
        });
    }
    return view;
}

}  // namespace mainstay::protocol
