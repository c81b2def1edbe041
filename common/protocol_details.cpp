/// PURE. The details of a ServiceView as fields of a JSON object and back: the part that only the
/// page of a service shows.
#include <limits>

#include "common/protocol_view.h"
#include "common/signals.h"

namespace mainstay::protocol {
namespace {

constexpr std::int64_t kMaxPid = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t kMaxCount = std::numeric_limits<std::uint32_t>::max();
constexpr std::int64_t kMaxFigure = std::numeric_limits<std::int64_t>::max();

void add_related(JsonObject& object, std::string_view key,
                 const std::vector<RelatedView>& services) {
    if (services.empty()) {
        return;
    }
    object.add_objects(key, services, [](JsonObject& inner, const RelatedView& related) {
        inner.add("service", related.name);
        if (related.state) {
            inner.add("state", to_string(*related.state));
        }
    });
}

void read_related(FieldReader& fields, std::string_view key, std::vector<RelatedView>& services) {
    fields.read_objects(key, [&](FieldReader& inner) {
        RelatedView related;
        inner.require("service");
        inner.read("service", related.name);
        inner.read_word("state", related.state);
        services.push_back(std::move(related));
    });
}

void add_figure(JsonObject& object, std::string_view key, std::optional<std::uint64_t> figure) {
    if (figure) {
        constexpr auto kMost = static_cast<std::uint64_t>(kMaxFigure);
        object.add(key, static_cast<std::int64_t>(*figure < kMost ? *figure : kMost));
    }
}

void add_usage(JsonObject& object, const UsageView& usage) {
    if (usage == UsageView()) {
        return;
    }
    object.add_object("usage", [&](JsonObject& inner) {
        add_figure(inner, "memory_bytes", usage.memory_bytes);
        add_figure(inner, "memory_peak_bytes", usage.memory_peak_bytes);
        add_figure(inner, "cpu_us", usage.cpu_microseconds);
        add_figure(inner, "tasks", usage.tasks);
    });
}

void read_usage(FieldReader& fields, UsageView& usage) {
    fields.read_object("usage", [&](FieldReader& inner) {
        inner.read_number("memory_bytes", usage.memory_bytes, 0, kMaxFigure);
        inner.read_number("memory_peak_bytes", usage.memory_peak_bytes, 0, kMaxFigure);
        inner.read_number("cpu_us", usage.cpu_microseconds, 0, kMaxFigure);
        inner.read_number("tasks", usage.tasks, 0, kMaxFigure);
    });
}

void add_restart(JsonObject& object, const RestartView& restart) {
    object.add_object("restart", [&](JsonObject& inner) {
        inner.add("policy", restart.policy);
        add_number(inner, "limit_count", restart.limit_count);
        add_number(inner, "limit_interval_ms", restart.limit_interval.count());
    });
}

RestartView read_restart(FieldReader& fields) {
    RestartView restart;
    fields.read("policy", restart.policy);
    fields.read_number("limit_count", restart.limit_count, 0, kMaxCount);
    fields.read("limit_interval_ms", restart.limit_interval);
    return restart;
}

void add_counted(JsonObject& object, std::string_view key, std::uint32_t count,
                 std::string_view pids_key, const std::vector<std::int32_t>& pids) {
    if (count > 0) {
        object.add_object(key, [&](JsonObject& inner) {
            inner.add("count", std::int64_t{count});
            inner.add(pids_key, pids);
        });
    }
}

void read_counted(FieldReader& fields, std::string_view key, std::uint32_t& count,
                  std::string_view pids_key, std::vector<std::int32_t>& pids) {
    fields.read_object(key, [&](FieldReader& inner) {
        inner.read_number("count", count, 0, kMaxCount);
        inner.read(pids_key, pids, 1, kMaxPid);
    });
}

}  // namespace

void add_death(JsonObject& object, const Death& death) {
    if (death.status.kind == ExitStatus::Kind::Unknown) {
        add_flag(object, "unknown", true);
    } else {
        const char* key = death.status.kind == ExitStatus::Kind::Exited ? "code" : "signal";
        object.add(key, std::int64_t{death.status.value});
    }
    add_flag(object, "core", death.status.dumped_core);
    object.add("lived_ms", std::int64_t{death.lived.count()});
    object.add("ago_ms", std::int64_t{death.ago.count()});
    add_flag(object, "oom", death.out_of_memory);
    add_text(object, "cause", death.cause);
    add_text(object, "next", death.next);
}

Death read_death(FieldReader& fields) {
    Death death;
    fields.read("lived_ms", death.lived);
    fields.read("ago_ms", death.ago);
    fields.read("core", death.status.dumped_core);
    fields.read("oom", death.out_of_memory);
    fields.read("cause", death.cause);
    fields.read("next", death.next);
    if (fields.has("unknown")) {
        death.status = ExitStatus::unknown();
    } else if (fields.has("signal")) {
        death.status.kind = ExitStatus::Kind::Signaled;
        fields.read_number("signal", death.status.value, 1, kSignalMax);
    } else {
        fields.require("code");
        fields.read_number("code", death.status.value, 0, 255);
    }
    return death;
}

void add_details(JsonObject& object, const ServiceDetails& details) {
    object.add_object("details", [&](JsonObject& inner) {
        add_text(inner, "readiness", details.readiness);
        add_time(inner, "up_ms", details.up_for);
        add_time(inner, "ready_ms", details.ready_for);
        add_time(inner, "watchdog_ms", details.watchdog);
        if (details.restart) {
            add_restart(inner, *details.restart);
        }
        add_related(inner, "needs", details.needs);
        add_related(inner, "wants", details.wants);
        add_related(inner, "after", details.after);
        add_related(inner, "before", details.before);
        add_related(inner, "conflicts", details.conflicts);
        add_related(inner, "members", details.members);
        add_related(inner, "needed_by", details.needed_by);
        add_counted(inner, "leftovers", details.leftovers.count, "pids", details.leftovers.pids);
        add_counted(inner, "zombies", details.zombies.count, "parents", details.zombies.parents);
        add_usage(inner, details.usage);
        add_number(inner, "death_count", details.death_count);
        if (!details.deaths.empty()) {
            inner.add_objects("deaths", details.deaths, add_death);
        }
    });
}

ServiceDetails read_details(FieldReader& fields) {
    ServiceDetails details;
    fields.read("readiness", details.readiness);
    fields.read("up_ms", details.up_for);
    fields.read("ready_ms", details.ready_for);
    fields.read("watchdog_ms", details.watchdog);
    fields.read_object("restart",
                       [&](FieldReader& inner) { details.restart = read_restart(inner); });
    read_related(fields, "needs", details.needs);
    read_related(fields, "wants", details.wants);
    read_related(fields, "after", details.after);
    read_related(fields, "before", details.before);
    read_related(fields, "conflicts", details.conflicts);
    read_related(fields, "members", details.members);
    read_related(fields, "needed_by", details.needed_by);
    read_counted(fields, "leftovers", details.leftovers.count, "pids", details.leftovers.pids);
    read_counted(fields, "zombies", details.zombies.count, "parents", details.zombies.parents);
    read_usage(fields, details.usage);
    fields.read_number("death_count", details.death_count, 0, kMaxCount);
    fields.read_objects("deaths",
                        [&](FieldReader& inner) { details.deaths.push_back(read_death(inner)); });
    return details;
}

}  // namespace mainstay::protocol
