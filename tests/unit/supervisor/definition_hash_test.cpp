/// The number by which a supervisor finds out whether a definition was changed while there was
/// none.
#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <string>

#include "supervisor/definition.h"
#include "supervisor/state_record.h"

using namespace std::chrono_literals;
using namespace mainstay;
using namespace mainstay::supervisor;

namespace {

struct Change {
    const char* what;
    std::function<void(Definition&)> make;
};
using Changes = std::vector<Change>;

/// A change of one of the parts that are shared.
template <typename Part, typename Make>
std::function<void(Definition&)> in(std::shared_ptr<const Part> Definition::*part, Make make) {
    return [part, make](Definition& definition) {
        Part own;
        make(own);
        definition.*part = std::make_shared<const Part>(own);
    };
}

template <typename Make>
std::function<void(Definition&)> in_policy(Make make) {
    return [make](Definition& definition) { make(definition.policy); };
}

StatusSet codes(std::initializer_list<int> all) {
    StatusSet set;
    for (const int code : all) {
        set.add_code(static_cast<std::uint8_t>(code));
    }
    return set;
}

StatusSet signals(std::initializer_list<int> all) {
    StatusSet set;
    for (const int signal : all) {
        set.add_signal(signal);
    }
    return set;
}

const Changes kOfDirectory = {
    {"path", [](Definition& d) { d.path = "/sv/a"; }},
    {"resolved", [](Definition& d) { d.resolved = "/sv/a"; }},
    {"instance", [](Definition& d) { d.instance = "/sv/a"; }},
    {"log target", [](Definition& d) { d.log_target = "/sv/a"; }},
    {"notification-fd", [](Definition& d) { d.readiness.notification_fd = 3; }},
    {"notify-access", [](Definition& d) { d.readiness.access = NotifyAccess::All; }},
    {"check-interval", [](Definition& d) { d.readiness.check_interval = 2s; }},
    {"leftovers", [](Definition& d) { d.leftovers = Leftovers::Kill; }},
    {"reload signal", [](Definition& d) { d.reload_signal = SIGUSR1; }},
    {"down", [](Definition& d) { d.has_down_file = true; }},
    {"log", [](Definition& d) { d.has_log = true; }},
    {"control", [](Definition& d) { d.has_control = true; }},
};

const Changes kOfPolicy = {
    {"limit count", in_policy([](Policy& p) { p.restart_limit_count = 3; })},
    {"limit interval", in_policy([](Policy& p) { p.restart_limit_interval = 11s; })},
    {"start-timeout", in_policy([](Policy& p) { p.start_timeout = 11s; })},
    {"stop-timeout", in_policy([](Policy& p) { p.stop_timeout = 11s; })},
    {"finish-timeout", in_policy([](Policy& p) { p.finish_timeout = 11s; })},
    {"watchdog", in_policy([](Policy& p) { p.watchdog_timeout = 11s; })},
    {"stop-signal", in_policy([](Policy& p) { p.stop_signal = SIGINT; })},
    {"oneshot", in_policy([](Policy& p) { p.type = ServiceType::Oneshot; })},
    {"group", in_policy([](Policy& p) { p.type = ServiceType::Group; })},
    {"restart", in_policy([](Policy& p) { p.restart = RestartPolicy::Never; })},
    {"on-failure-action", in_policy([](Policy& p) { p.on_failure = FailureAction::Exit; })},
    {"ready", in_policy([](Policy& p) { p.readiness = Readiness::Notify; })},
    {"setup", in_policy([](Policy& p) { p.has_setup = true; })},
    {"stop", in_policy([](Policy& p) { p.has_stop_program = true; })},
    {"finish", in_policy([](Policy& p) { p.has_finish = true; })},
    {"delay", in_policy([](Policy& p) { p.pacing.delay = 11s; })},
    {"delay, the longest", in_policy([](Policy& p) { p.pacing.delay_max = 11s; })},
    {"delay, forgotten", in_policy([](Policy& p) { p.pacing.reset_after = 11s; })},
    {"success 1", in_policy([](Policy& p) { p.success_status = codes({1}); })},
    {"success 0 1", in_policy([](Policy& p) {
         p.success_status = codes({0, 1});
     })},
    {"success 255", in_policy([](Policy& p) { p.success_status = codes({255}); })},
    {"success of none", in_policy([](Policy& p) { p.success_status = StatusSet(); })},
    {"success TERM", in_policy([](Policy& p) { p.success_status = signals({15}); })},
    {"success of 64", in_policy([](Policy& p) { p.success_status = signals({64}); })},
    {"for good 1", in_policy([](Policy& p) { p.permanent_failure_status = codes({1}); })},
    {"for good 0 1", in_policy([](Policy& p) {
         p.permanent_failure_status = codes({0, 1});
     })},
    {"for good TERM", in_policy([](Policy& p) { p.permanent_failure_status = signals({15}); })},
};

const Changes kOfPrograms = {
    {"run", in(&Definition::own_programs, [](Programs& p) { p.run = {"a"}; })},
    {"run, one word", in(&Definition::own_programs, [](Programs& p) { p.run = {"a b"}; })},
    {"run, two words", in(&Definition::own_programs,
                          [](Programs& p) {
                              p.run = {"a", "b"};
                          })},
    {"setup", in(&Definition::own_programs, [](Programs& p) { p.setup = {"a"}; })},
    {"stop", in(&Definition::own_programs, [](Programs& p) { p.stop = {"a"}; })},
    {"reload", in(&Definition::own_programs, [](Programs& p) { p.reload = {"a"}; })},
    {"finish", in(&Definition::own_programs, [](Programs& p) { p.finish = {"a"}; })},
    {"check", in(&Definition::own_programs, [](Programs& p) { p.check = {"a"}; })},
    {"on failure", in(&Definition::own_programs, [](Programs& p) { p.on_failure = {"a"}; })},
    {"needs", in(&Definition::own_relations, [](Relations& r) { r.needs = {"a"}; })},
    {"wants", in(&Definition::own_relations, [](Relations& r) { r.wants = {"a"}; })},
    {"after", in(&Definition::own_relations, [](Relations& r) { r.after = {"a"}; })},
    {"before", in(&Definition::own_relations, [](Relations& r) { r.before = {"a"}; })},
    {"conflicts", in(&Definition::own_relations, [](Relations& r) { r.conflicts = {"a"}; })},
    {"members", in(&Definition::own_relations, [](Relations& r) { r.members = {"a"}; })},
};

using Process = ProcessSettings;
const auto kProcess = &Definition::own_process;
const Changes kOfProcess = {
    {"user", in(kProcess, [](Process& p) { p.user = "a"; })},
    {"group", in(kProcess, [](Process& p) { p.group = "a"; })},
    {"no groups", in(kProcess, [](Process& p) { p.supplementary_groups.emplace(); })},
    {"groups", in(kProcess, [](Process& p) { p.supplementary_groups = {{"a"}}; })},
    {"umask", in(kProcess, [](Process& p) { p.umask = 077; })},
    {"directory", in(kProcess, [](Process& p) { p.directory = "a"; })},
    {"chroot", in(kProcess, [](Process& p) { p.chroot = "a"; })},
    {"environment", in(kProcess, [](Process& p) { p.environment = {"a"}; })},
    {"unset", in(kProcess, [](Process& p) { p.unset = {"a"}; })},
    {"env-file", in(kProcess, [](Process& p) { p.env_file = "a"; })},
    {"env-file -", in(kProcess, [](Process& p) { p.env_file_may_be_missing = true; })},
    {"nice 0", in(kProcess, [](Process& p) { p.nice = 0; })},
    {"nice -1", in(kProcess, [](Process& p) { p.nice = -1; })},
    {"io idle", in(kProcess,
                   [](Process& p) {
                       p.io_priority = {IoPriority::Class::Idle, 0};
                   })},
    {"io 0", in(kProcess, [](Process& p) { p.io_priority = IoPriority(); })},
    {"io 1", in(kProcess,
                [](Process& p) {
                    p.io_priority = {IoPriority::Class::BestEffort, 1};
                })},
    {"cpus", in(kProcess, [](Process& p) { p.cpu_affinity = {1}; })},
    {"oom", in(kProcess, [](Process& p) { p.oom_score_adjust = 0; })},
    {"limit", in(kProcess,
                 [](Process& p) {
                     p.limits = {{0, 0, 0}};
                 })},
    {"limit, resource", in(kProcess,
                           [](Process& p) {
                               p.limits = {{1, 0, 0}};
                           })},
    {"limit, soft", in(kProcess,
                       [](Process& p) {
                           p.limits = {{0, 1, 0}};
                       })},
    {"limit, hard", in(kProcess,
                       [](Process& p) {
                           p.limits = {{0, 0, 1}};
                       })},
    {"no capabilities", in(kProcess, [](Process& p) { p.capability_bounding_set = 0; })},
    {"ambient", in(kProcess, [](Process& p) { p.ambient_capabilities = 1; })},
    {"securebits", in(kProcess, [](Process& p) { p.securebits = 1; })},
    {"no-new-privileges", in(kProcess, [](Process& p) { p.no_new_privileges = true; })},
    {"terminal", in(kProcess, [](Process& p) { p.terminal = "a"; })},
    {"input", in(kProcess, [](Process& p) { p.input.kind = StreamTarget::Kind::Console; })},
    {"output", in(kProcess, [](Process& p) { p.output.kind = StreamTarget::Kind::Console; })},
    {"error", in(kProcess, [](Process& p) { p.error.kind = StreamTarget::Kind::Console; })},
    {"output to", in(kProcess, [](Process& p) { p.output.path = "/a"; })},
    {"error to", in(kProcess, [](Process& p) { p.error.path = "/a"; })},
};

const Changes kOfLimits = {
    {"memory-max", in(&Definition::own_cgroup, [](CgroupSettings& c) { c.memory_max = 7; })},
    {"memory-high", in(&Definition::own_cgroup, [](CgroupSettings& c) { c.memory_high = 7; })},
    {"pids-max", in(&Definition::own_cgroup, [](CgroupSettings& c) { c.pids_max = 7; })},
    {"cpu-max", in(&Definition::own_cgroup, [](CgroupSettings& c) { c.cpu_max = 7; })},
    {"cpu-weight", in(&Definition::own_cgroup, [](CgroupSettings& c) { c.cpu_weight = 7; })},
    {"io-weight", in(&Definition::own_cgroup, [](CgroupSettings& c) { c.io_weight = 7; })},
    {"log memory", in(&Definition::own_log, [](LogSettings& l) { l.memory = 7; })},
    {"log size", in(&Definition::own_log, [](LogSettings& l) { l.max_size = 7; })},
    {"log files", in(&Definition::own_log, [](LogSettings& l) { l.max_files = 7; })},
    {"log age", in(&Definition::own_log, [](LogSettings& l) { l.max_age = 7s; })},
    {"log free", in(&Definition::own_log, [](LogSettings& l) { l.min_free_percent = 7; })},
    {"log stamp",
     in(&Definition::own_log, [](LogSettings& l) { l.timestamp = LogTimestamp::None; })},
};

}  // namespace

TEST_CASE("hash: no two of all things that a definition can say give the same number", "[hash]") {
    std::map<std::uint64_t, std::string> seen = {{hash_of(Definition()), "nothing"}};
    for (const Changes* part : {&kOfDirectory, &kOfPolicy, &kOfPrograms, &kOfProcess, &kOfLimits}) {
        for (const Change& change : *part) {
            Definition definition;
            change.make(definition);
            const auto [other, is_new] = seen.emplace(hash_of(definition), change.what);
            INFO(change.what << " as " << other->second);
            CHECK(is_new);
        }
    }
}

TEST_CASE("hash: the same said again, and what is only for people, is no change", "[hash]") {
    for (const Changes* part : {&kOfDirectory, &kOfPolicy, &kOfPrograms, &kOfProcess, &kOfLimits}) {
        for (const Change& change : *part) {
            CAPTURE(change.what);
            Definition once;
            change.make(once);
            Definition again;
            change.make(again);
            again.description = "other words for it";
            CHECK(hash_of(once) == hash_of(again));
        }
    }
}

TEST_CASE("hash: words do not run into each other", "[hash]") {
    const auto with = [](const std::vector<std::string>& needs,
                         const std::vector<std::string>& wants) {
        Definition definition;
        auto relations = std::make_shared<Relations>();
        relations->needs = needs;
        relations->wants = wants;
        definition.own_relations = relations;
        return hash_of(definition);
    };
    CHECK(with({"ab"}, {}) != with({"a", "b"}, {}));
    CHECK(with({"a", "b"}, {}) != with({"a"}, {"b"}));
    CHECK(with({"a", "b"}, {}) != with({"b", "a"}, {}));
    CHECK(with({""}, {}) != with({}, {}));
}
