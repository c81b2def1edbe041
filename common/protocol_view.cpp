#include "common/protocol_view.h"

#include <limits>

#include "common/signals.h"

namespace mainstay::protocol {
namespace {

constexpr std::int64_t kMaxPid = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t kMaxCount = std::numeric_limits<std::uint32_t>::max();

JsonObject death_object(const Death& death) {
    JsonObject object;
    const char* key = death.status.kind == ExitStatus::Kind::Exited ? "code" : "signal";
    object.add(key, std::int64_t{death.status.value});
    if (death.status.dumped_core) {
        object.add_bool("core", true);
    }
    object.add("lived_ms", death.lived.count());
    object.add("ago_ms", death.ago.count());
    return object;
}

std::optional<Death> read_death(FieldReader& fields) {
    const Json* object = fields.find_object("last_death");
    if (object == nullptr) {
        return std::nullopt;
    }
    Death death;
    FieldReader inner(*object);
    inner.read("lived_ms", death.lived);
    inner.read("ago_ms", death.ago);
    inner.read("core", death.status.dumped_core);
    if (inner.find("signal") != nullptr) {
        death.status.kind = ExitStatus::Kind::Signaled;
        inner.read_number("signal", death.status.value, 1, kSignalMax);
    } else {
        inner.require("code");
        inner.read_number("code", death.status.value, 0, 255);
    }
    if (!inner.is_good()) {
        fields.complain("last_death", inner.problem());
    }
    return death;
}

JsonObject exec_failure_object(const ExecFailure& failure) {
    JsonObject object;
    object.add("stage", failure.stage);
    object.add("path", failure.path);
    object.add("error", failure.error);
    return object;
}

JsonObject logger_object(const LoggerView& logger) {
    JsonObject object;
    object.add("state", to_string(logger.state));
    object.add("pid", std::int64_t{logger.pid});
    return object;
}

std::optional<ExecFailure> read_exec_failure(FieldReader& fields) {
    const Json* object = fields.find_object("exec_failure");
    if (object == nullptr) {
        return std::nullopt;
    }
    ExecFailure failure;
    FieldReader inner(*object);
    inner.read("stage", failure.stage);
    inner.read("path", failure.path);
    inner.read("error", failure.error);
    if (!inner.is_good()) {
        fields.complain("exec_failure", inner.problem());
    }
    return failure;
}

std::optional<LoggerView> read_logger(FieldReader& fields) {
    const Json* object = fields.find_object("logger");
    if (object == nullptr) {
        return std::nullopt;
    }
    LoggerView logger;
    FieldReader inner(*object);
    inner.require("state");
    inner.read_word("state", logger.state);
    inner.read_number("pid", logger.pid, 0, kMaxPid);
    if (!inner.is_good()) {
        fields.complain("logger", inner.problem());
    }
    return logger;
}

void add_text(JsonObject& object, const char* key, const std::string& text) {
    if (!text.empty()) {
        object.add(key, text);
    }
}

void add_time(JsonObject& object, const char* key, std::optional<std::chrono::milliseconds> time) {
    if (time) {
        object.add(key, time->count());
    }
}

void add_number(JsonObject& object, const char* key, std::int64_t number) {
    if (number != 0) {
        object.add(key, number);
    }
}

void add_flags(JsonObject& object, const ServiceView& view) {
    if (view.is_paused) {
        object.add_bool("paused", true);
    }
    if (!view.is_enabled) {
        object.add_bool("enabled", false);
    }
    if (view.has_down_file) {
        object.add_bool("down_file", true);
    }
}

void add_parts(JsonObject& object, const ServiceView& view) {
    if (view.last_death) {
        object.add("last_death", death_object(*view.last_death));
    }
    if (view.exec_failure) {
        object.add("exec_failure", exec_failure_object(*view.exec_failure));
    }
    if (view.logger) {
        object.add("logger", logger_object(*view.logger));
    }
    if (!view.log_lines.empty()) {
        object.add("log", view.log_lines);
    }
}

}  // namespace

void add_view(JsonObject& object, const ServiceView& view) {
    object.add("service", view.name);
    object.add("state", to_string(view.state));
    object.add("wanted", to_string(view.wanted));
    object.add("since_ms", view.since.count());
    add_flags(object, view);
    add_number(object, "pid", view.pid);
    add_number(object, "restarts", view.restarts);
    add_time(object, "next_start_ms", view.next_start);
    add_time(object, "deadline_ms", view.deadline);
    add_text(object, "description", view.description);
    add_text(object, "directory", view.directory);
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
    fields.read("cause", view.cause);
    fields.read_word("state", view.state);
    fields.read_word("wanted", view.wanted);
    fields.read("paused", view.is_paused);
    fields.read("enabled", view.is_enabled);
    fields.read("down_file", view.has_down_file);
    fields.read_number("pid", view.pid, 0, kMaxPid);
    fields.read_number("restarts", view.restarts, 0, kMaxCount);
    fields.read("since_ms", view.since);
    fields.read("next_start_ms", view.next_start);
    fields.read("deadline_ms", view.deadline);
    fields.read("log", view.log_lines);
    view.last_death = read_death(fields);
    view.exec_failure = read_exec_failure(fields);
    view.logger = read_logger(fields);
    return view;
}

}  // namespace mainstay::protocol
