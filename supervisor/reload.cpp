#include "supervisor/reload.h"

#include <optional>

#include "common/signals.h"
#include "supervisor/words.h"

namespace mainstay::supervisor {
namespace {

constexpr std::size_t kLongestList = 120;

std::string words_of(Duration duration) {
    return duration >= kForever ? "infinity" : text_of(duration);
}
std::string words_of(const std::string& text) {
    return text.empty() ? "-" : text;
}
std::string words_of(const std::vector<std::string>& list) {
    std::string text;
    for (const std::string& each : list) {
        text += (text.empty() ? "" : " ") + each;
    }
    return words_of(text.size() > kLongestList ? text.substr(0, kLongestList) + "..." : text);
}
template <typename Number>
requires std::is_integral_v<Number> std::string words_of(Number number) {
    return std::to_string(number);
}
template <typename Word>
requires std::is_enum_v<Word> std::string words_of(Word word) {
    return std::string(to_string(word));
}
template <typename Value>
std::string words_of(const std::optional<Value>& value) {
    return value ? words_of(*value) : "-";
}

class Changes {
  public:
    template <typename Value>
    void compare(const char* key, const Value& before, const Value& after) {
        if (!(before == after)) {
            found.push_back(std::string(key) + " " + words_of(before) + " -> " + words_of(after));
        }
    }
    void compare_signals(const char* key, int before, int after) {
        compare(key, std::string(signal_name(before)), std::string(signal_name(after)));
    }
    /// Without the values.
    template <typename Value>
    void notice(const char* key, const Value& before, const Value& after) {
        if (!(before == after)) {
            found.push_back(std::string(key) + " changed");
        }
    }
    void presence(const char* what, bool before, bool after) {
        if (before != after) {
            found.push_back(std::string(what) + (after ? " added" : " removed"));
        }
    }

    std::vector<std::string> found;
};

void compare_policies(Changes& changes, const Policy& a, const Policy& b) {
    changes.compare("type", a.type, b.type);
    changes.compare("ready", a.readiness, b.readiness);
    changes.compare("start-timeout", a.start_timeout, b.start_timeout);
    changes.compare("stop-timeout", a.stop_timeout, b.stop_timeout);
    changes.compare("finish-timeout", a.finish_timeout, b.finish_timeout);
    changes.compare("watchdog-timeout", a.watchdog_timeout, b.watchdog_timeout);
    changes.compare_signals("stop-signal", a.stop_signal, b.stop_signal);
    changes.compare("restart", a.restart, b.restart);
    changes.compare("restart-delay", a.pacing.delay, b.pacing.delay);
    changes.compare("restart-delay-max", a.pacing.delay_max, b.pacing.delay_max);
    changes.compare("restart-reset-after", a.pacing.reset_after, b.pacing.reset_after);
    changes.compare("restart-limit-count", a.restart_limit_count, b.restart_limit_count);
    changes.compare("restart-limit-interval", a.restart_limit_interval, b.restart_limit_interval);
    changes.compare("on-failure-action", a.on_failure, b.on_failure);
    changes.notice("success-status", a.success_status, b.success_status);
    changes.notice("permanent-failure-status", a.permanent_failure_status,
                   b.permanent_failure_status);
}

void compare_programs(Changes& changes, const Programs& a, const Programs& b) {
    changes.compare("exec", a.run, b.run);
    changes.compare("exec-setup", a.setup, b.setup);
    changes.compare("exec-stop", a.stop, b.stop);
    changes.compare("exec-reload", a.reload, b.reload);
    changes.compare("exec-finish", a.finish, b.finish);
    changes.compare("exec-check", a.check, b.check);
    changes.compare("on-failure-action exec", a.on_failure, b.on_failure);
}

void compare_relations(Changes& changes, const Relations& a, const Relations& b) {
    changes.compare("needs", a.needs, b.needs);
    changes.compare("wants", a.wants, b.wants);
    changes.compare("after", a.after, b.after);
    changes.compare("before", a.before, b.before);
    changes.compare("conflicts", a.conflicts, b.conflicts);
    changes.compare("members", a.members, b.members);
}

void compare_processes(Changes& changes, const ProcessSettings& a, const ProcessSettings& b) {
    changes.compare("user", a.user, b.user);
    changes.compare("group", a.group, b.group);
    changes.compare("supplementary-groups", a.supplementary_groups, b.supplementary_groups);
    changes.notice("umask", a.umask, b.umask);
    changes.compare("directory", a.directory, b.directory);
    changes.compare("chroot", a.chroot, b.chroot);
    const bool same_environment = a.environment == b.environment && a.unset == b.unset;
    changes.notice("environment", true, same_environment);
    changes.compare("env-file", a.env_file, b.env_file);
    changes.compare("nice", a.nice, b.nice);
    changes.notice("ionice", a.io_priority, b.io_priority);
    changes.notice("cpu-affinity", a.cpu_affinity, b.cpu_affinity);
    changes.compare("oom-score-adj", a.oom_score_adjust, b.oom_score_adjust);
    changes.notice("limits", a.limits, b.limits);
    const bool same_rights = a.capability_bounding_set == b.capability_bounding_set &&
                             a.ambient_capabilities == b.ambient_capabilities &&
                             a.securebits == b.securebits &&
                             a.no_new_privileges == b.no_new_privileges;
    changes.notice("capabilities", true, same_rights);
    changes.compare("tty", a.terminal, b.terminal);
    changes.notice("stdin", a.input, b.input);
    changes.notice("stdout", a.output, b.output);
    changes.notice("stderr", a.error, b.error);
}

void compare_cgroups(Changes& changes, const CgroupSettings& a, const CgroupSettings& b) {
    changes.compare("memory-max", a.memory_max, b.memory_max);
    changes.compare("memory-high", a.memory_high, b.memory_high);
    changes.compare("pids-max", a.pids_max, b.pids_max);
    changes.compare("cpu-max", a.cpu_max, b.cpu_max);
    changes.compare("cpu-weight", a.cpu_weight, b.cpu_weight);
    changes.compare("io-weight", a.io_weight, b.io_weight);
}

void compare_logs(Changes& changes, const LogSettings& a, const LogSettings& b) {
    changes.compare("log-memory", a.memory, b.memory);
    changes.compare("log-max-size", a.max_size, b.max_size);
    changes.compare("log-max-files", a.max_files, b.max_files);
    changes.compare("log-max-age", a.max_age, b.max_age);
    changes.compare("log-min-free", a.min_free_percent, b.min_free_percent);
    changes.compare("log-timestamp", a.timestamp, b.timestamp);
}

std::vector<std::string> places_of(const std::vector<ListenPoint>& points) {
    std::vector<std::string> places;
    places.reserve(points.size());
    for (const ListenPoint& point : points) {
        places.push_back(to_string(point));
    }
    return places;
}

}  // namespace

std::vector<std::string> describe_changes(const Definition& before, const Definition& after) {
    if (before == after) {
        return {};
    }
    Changes changes;
    changes.compare("directory of the definition", before.resolved, after.resolved);
    changes.compare("description", before.description.text(), after.description.text());
    compare_programs(changes, before.programs(), after.programs());
    compare_policies(changes, before.policy, after.policy);
    changes.compare("notification-fd", before.readiness.notification_fd,
                    after.readiness.notification_fd);
    changes.compare("notify-access", before.readiness.access, after.readiness.access);
    changes.compare("fd-store-max", before.readiness.store_max, after.readiness.store_max);
    changes.compare("check-interval", before.readiness.check_interval,
                    after.readiness.check_interval);
    changes.compare("leftovers", before.leftovers, after.leftovers);
    changes.compare_signals("reload-signal", before.reload_signal, after.reload_signal);
    changes.presence("down file", before.has_down_file, after.has_down_file);
    changes.presence("log directory", before.has_log, after.has_log);
    changes.presence("control directory", before.has_control, after.has_control);
    compare_relations(changes, before.relations(), after.relations());
    compare_processes(changes, before.process(), after.process());
    compare_cgroups(changes, before.cgroup(), after.cgroup());
    compare_logs(changes, before.log(), after.log());
    changes.compare("listen", places_of(before.listen()), places_of(after.listen()));
    if (places_of(before.listen()) == places_of(after.listen())) {
        changes.notice("options of listen", before.listen(), after.listen());
    }
    return changes.found;
}

}  // namespace mainstay::supervisor
