#include "supervisor/reload.h"

#include <catch2/catch.hpp>
#include <csignal>
#include <functional>

using namespace std::chrono_literals;
using namespace mainstay;
using namespace mainstay::supervisor;

namespace {

using Change = std::function<void(Definition&)>;

struct Row {
    const char* words;
    Change change;
};

/// A change behind one of the pointers.
template <typename Part>
Change with(std::shared_ptr<const Part> Definition::*part, std::function<void(Part&)> change) {
    return [=](Definition& definition) {
        auto made = definition.*part ? std::make_shared<Part>(*(definition.*part))
                                     : std::make_shared<Part>();
        change(*made);
        definition.*part = std::move(made);
    };
}

Change program(std::function<void(Programs&)> change) {
    return with<Programs>(&Definition::own_programs, std::move(change));
}
Change relation(std::function<void(Relations&)> change) {
    return with<Relations>(&Definition::own_relations, std::move(change));
}
Change process(std::function<void(ProcessSettings&)> change) {
    return with<ProcessSettings>(&Definition::own_process, std::move(change));
}
Change cgroup(std::function<void(CgroupSettings&)> change) {
    return with<CgroupSettings>(&Definition::own_cgroup, std::move(change));
}
Change log(std::function<void(LogSettings&)> change) {
    return with<LogSettings>(&Definition::own_log, std::move(change));
}

Change listen(std::function<void(std::vector<ListenPoint>&)> change) {
    return with<std::vector<ListenPoint>>(&Definition::own_listen, std::move(change));
}

void check(const std::vector<Row>& rows) {
    for (const Row& row : rows) {
        Definition after;
        row.change(after);
        INFO(row.words);
        CHECK(describe_changes({}, after) == std::vector<std::string>{row.words});
        CHECK(describe_changes(after, {}).size() == 1);
        CHECK(describe_changes(after, after).empty());
    }
}

}  // namespace

TEST_CASE("changes: of the service and its policy", "[reload]") {
    check({
        {"directory of the definition - -> /b", [](Definition& d) { d.resolved = "/b"; }},
        {"description - -> Shop front", [](Definition& d) { d.description = "Shop front"; }},
        {"type longrun -> group", [](Definition& d) { d.policy.type = ServiceType::Group; }},
        {"ready exec -> notify", [](Definition& d) { d.policy.readiness = Readiness::Notify; }},
        {"start-timeout 1 m -> infinity", [](Definition& d) { d.policy.start_timeout = kForever; }},
        {"stop-timeout 10 s -> 30 s", [](Definition& d) { d.policy.stop_timeout = 30s; }},
        {"finish-timeout 10 s -> 2 s", [](Definition& d) { d.policy.finish_timeout = 2s; }},
        {"watchdog-timeout infinity -> 5 s", [](Definition& d) { d.policy.watchdog_timeout = 5s; }},
        {"stop-signal TERM -> INT", [](Definition& d) { d.policy.stop_signal = SIGINT; }},
        {"restart always -> never", [](Definition& d) { d.policy.restart = RestartPolicy::Never; }},
        {"restart-delay 250 ms -> 3 s", [](Definition& d) { d.policy.pacing.delay = 3s; }},
        {"restart-delay-max 30 s -> 9 s", [](Definition& d) { d.policy.pacing.delay_max = 9s; }},
        {"restart-reset-after 30 s -> 9 s",
         [](Definition& d) { d.policy.pacing.reset_after = 9s; }},
        {"restart-limit-count 0 -> 4", [](Definition& d) { d.policy.restart_limit_count = 4; }},
        {"restart-limit-interval 10 s -> 20 s",
         [](Definition& d) { d.policy.restart_limit_interval = 20s; }},
        {"on-failure-action none -> reboot",
         [](Definition& d) { d.policy.on_failure = FailureAction::Reboot; }},
        {"success-status changed", [](Definition& d) { d.policy.success_status.add_code(3); }},
        {"permanent-failure-status changed",
         [](Definition& d) { d.policy.permanent_failure_status.add_code(3); }},
        {"notification-fd -1 -> 3", [](Definition& d) { d.readiness.notification_fd = 3; }},
        {"notify-access main -> all",
         [](Definition& d) { d.readiness.access = NotifyAccess::All; }},
        {"fd-store-max 0 -> 3", [](Definition& d) { d.readiness.store_max = 3; }},
        {"check-interval 1 s -> 2 s", [](Definition& d) { d.readiness.check_interval = 2s; }},
        {"leftovers keep -> kill", [](Definition& d) { d.leftovers = Leftovers::Kill; }},
        {"reload-signal HUP -> USR1", [](Definition& d) { d.reload_signal = SIGUSR1; }},
        {"down file added", [](Definition& d) { d.has_down_file = true; }},
        {"log directory added", [](Definition& d) { d.has_log = true; }},
        {"control directory added", [](Definition& d) { d.has_control = true; }},
    });
}

TEST_CASE("changes: of programs and relations", "[reload]") {
    check({
        {"exec ./run -> /bin/web -f", program([](Programs& p) {
             p.run = {"/bin/web", "-f"};
         })},
        {"exec-setup - -> ./setup", program([](Programs& p) { p.setup = {"./setup"}; })},
        {"exec-stop - -> /bin/stop", program([](Programs& p) { p.stop = {"/bin/stop"}; })},
        {"exec-reload - -> r", program([](Programs& p) { p.reload = {"r"}; })},
        {"exec-finish - -> ./finish", program([](Programs& p) { p.finish = {"./finish"}; })},
        {"exec-check - -> ./check", program([](Programs& p) { p.check = {"./check"}; })},
        {"on-failure-action exec - -> f", program([](Programs& p) { p.on_failure = {"f"}; })},
        {"needs - -> db cache", relation([](Relations& r) {
             r.needs = {"db", "cache"};
         })},
        {"wants - -> a", relation([](Relations& r) { r.wants = {"a"}; })},
        {"after - -> a", relation([](Relations& r) { r.after = {"a"}; })},
        {"before - -> a", relation([](Relations& r) { r.before = {"a"}; })},
        {"conflicts - -> a", relation([](Relations& r) { r.conflicts = {"a"}; })},
        {"members - -> a", relation([](Relations& r) { r.members = {"a"}; })},
        {"log-memory 65536 -> 1", log([](LogSettings& l) { l.memory = 1; })},
        {"log-max-size 1048576 -> 1", log([](LogSettings& l) { l.max_size = 1; })},
        {"log-max-files 10 -> 1", log([](LogSettings& l) { l.max_files = 1; })},
        {"log-min-free 5 -> 1", log([](LogSettings& l) { l.min_free_percent = 1; })},
        {"listen - -> fifo:/run/a", listen([](auto& l) {
             l.emplace_back().path = "/run/a";
             l.back().kind = ListenPoint::Kind::Fifo;
         })},
        {"log-timestamp iso -> none",
         log([](LogSettings& l) { l.timestamp = LogTimestamp::None; })},
    });
}

TEST_CASE("changes: of the process and its cgroup", "[reload]") {
    check({
        {"user - -> web", process([](ProcessSettings& p) { p.user = "web"; })},
        {"group - -> web", process([](ProcessSettings& p) { p.group = "web"; })},
        {"supplementary-groups - -> a b", process([](ProcessSettings& p) {
             p.supplementary_groups = {"a", "b"};
         })},
        {"umask changed", process([](ProcessSettings& p) { p.umask = 077; })},
        {"directory - -> /srv", process([](ProcessSettings& p) { p.directory = "/srv"; })},
        {"chroot - -> /srv", process([](ProcessSettings& p) { p.chroot = "/srv"; })},
        // What a variable says may be a secret.
        {"environment changed",
         process([](ProcessSettings& p) { p.environment = {"PASSWORD=x"}; })},
        {"environment changed", process([](ProcessSettings& p) { p.unset = {"A"}; })},
        {"env-file - -> /e", process([](ProcessSettings& p) { p.env_file = "/e"; })},
        {"nice - -> 5", process([](ProcessSettings& p) { p.nice = 5; })},
        {"ionice changed", process([](ProcessSettings& p) { p.io_priority = IoPriority(); })},
        {"cpu-affinity changed", process([](ProcessSettings& p) { p.cpu_affinity = {3}; })},
        {"oom-score-adj - -> -5", process([](ProcessSettings& p) { p.oom_score_adjust = -5; })},
        {"limits changed", process([](ProcessSettings& p) {
             p.limits = {{1, 2, 3}};
         })},
        {"capabilities changed", process([](ProcessSettings& p) { p.no_new_privileges = true; })},
        {"tty - -> /dev/tty2", process([](ProcessSettings& p) { p.terminal = "/dev/tty2"; })},
        {"stdin changed",
         process([](ProcessSettings& p) { p.input.kind = StreamTarget::Kind::File; })},
        {"stdout changed",
         process([](ProcessSettings& p) { p.output.kind = StreamTarget::Kind::Null; })},
        {"stderr changed",
         process([](ProcessSettings& p) { p.error.kind = StreamTarget::Kind::Null; })},
        {"memory-max - -> 5", cgroup([](CgroupSettings& c) { c.memory_max = 5; })},
        {"memory-high - -> 5", cgroup([](CgroupSettings& c) { c.memory_high = 5; })},
        {"pids-max - -> 5", cgroup([](CgroupSettings& c) { c.pids_max = 5; })},
        {"cpu-max - -> 5", cgroup([](CgroupSettings& c) { c.cpu_max = 5; })},
        {"cpu-weight - -> 5", cgroup([](CgroupSettings& c) { c.cpu_weight = 5; })},
        {"io-weight - -> 5", cgroup([](CgroupSettings& c) { c.io_weight = 5; })},
    });
}

TEST_CASE("changes: several at once, and lists too long for a line", "[reload]") {
    Definition after;
    after.policy.stop_timeout = 1s;
    after.has_down_file = true;
    CHECK(describe_changes({}, after) ==
          std::vector<std::string>{"stop-timeout 10 s -> 1 s", "down file added"});
    Definition many;
    relation([](Relations& r) { r.needs.assign(100, "service"); })(many);
    const auto changes = describe_changes({}, many);
    REQUIRE(changes.size() == 1);
    CHECK(changes.front().size() < 160);
    CHECK(changes.front().ends_with("..."));
}
