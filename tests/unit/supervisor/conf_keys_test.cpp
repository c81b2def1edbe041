/// Every key of service.conf: what it sets, and what it refuses.
#include <catch2/catch.hpp>
#include <limits>
#include <set>

#include "supervisor/conf_names.h"
#include "unit/supervisor/conf_fixture.h"

using namespace std::chrono_literals;
using namespace mainstay;
using namespace mainstay::supervisor;

namespace {

using Kind = StreamTarget::Kind;
using Names = std::vector<std::string>;

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

struct Row {
    ConfKey key;
    const char* value;
    bool (*is_set)(const Definition& definition);
    const char* also = "";  ///< lines that the key needs beside it
};

bool holds_limit(const Definition& d, int resource, std::uint64_t soft, std::uint64_t hard) {
    return d.process().limits == std::vector<ResourceLimit>{{resource, soft, hard}};
}

bool succeeds(const StatusSet& set, int code) {
    return set.contains({ExitStatus::Kind::Exited, static_cast<std::uint8_t>(code), false});
}

bool holds_signal(const StatusSet& set, int signal) {
    return set.contains({ExitStatus::Kind::Signaled, static_cast<std::uint8_t>(signal), false});
}

using D = const Definition&;

const std::vector<Row>& general_rows() {
    static const std::vector<Row> rows = {
        {ConfKey::Description, "Bob's \"%n\" %%",
         [](D d) { return d.description == "Bob's \"web\" %"; }},
        {ConfKey::Type, "oneshot", [](D d) { return d.policy.type == ServiceType::Oneshot; }},
        {ConfKey::Exec, "a 'b c' %n",
         [](D d) {
             return d.programs().run == Command{"a", "b c", "web"};
         }},
        {ConfKey::ExecSetup, "a b",
         [](D d) {
             return d.programs().setup == Command{"a", "b"} && d.policy.has_setup;
         }},
        {ConfKey::ExecStop, "a",
         [](D d) { return d.programs().stop == Command{"a"} && d.policy.has_stop_program; }},
        {ConfKey::ExecReload, "a", [](D d) { return d.programs().reload == Command{"a"}; }},
        {ConfKey::ExecFinish, "a",
         [](D d) { return d.programs().finish == Command{"a"} && d.policy.has_finish; }},
        {ConfKey::ExecCheck, "a", [](D d) { return d.programs().check == Command{"a"}; }},
        {ConfKey::Members, "a b a",
         [](D d) {
             return d.relations().members == Names{"a", "b"};
         },
         "type = group"},
        {ConfKey::Needs, "a b@c",
         [](D d) {
             return d.relations().needs == Names{"a", "b@c"};
         }},
        {ConfKey::Wants, "a", [](D d) { return d.relations().wants == Names{"a"}; }},
        {ConfKey::After, "a", [](D d) { return d.relations().after == Names{"a"}; }},
        {ConfKey::Before, "a", [](D d) { return d.relations().before == Names{"a"}; }},
        {ConfKey::Conflicts, "a", [](D d) { return d.relations().conflicts == Names{"a"}; }},
        {ConfKey::Ready, "notify", [](D d) { return d.policy.readiness == Readiness::Notify; }},
        {ConfKey::Ready, "exec", [](D d) { return d.policy.readiness == Readiness::Exec; }},
        {ConfKey::Ready, "check", [](D d) { return d.policy.readiness == Readiness::Check; },
         "exec-check = x"},
        {ConfKey::Ready, "fd 7",
         [](D d) {
             return d.policy.readiness == Readiness::Descriptor && d.readiness.notification_fd == 7;
         }},
        {ConfKey::NotifyAccess, "all", [](D d) { return d.readiness.access == NotifyAccess::All; }},
        {ConfKey::CheckInterval, "250ms", [](D d) { return d.readiness.check_interval == 250ms; }},
        {ConfKey::WatchdogTimeout, "30", [](D d) { return d.policy.watchdog_timeout == 30s; },
         "ready = notify"},
        {ConfKey::StartTimeout, "5 min", [](D d) { return d.policy.start_timeout == 5min; }},
        {ConfKey::StopTimeout, "infinity", [](D d) { return d.policy.stop_timeout == kForever; }},
        {ConfKey::FinishTimeout, "1.5s", [](D d) { return d.policy.finish_timeout == 1500ms; }},
        {ConfKey::StopSignal, "SIGINT", [](D d) { return d.policy.stop_signal == SIGINT; }},
        {ConfKey::ReloadSignal, "10", [](D d) { return d.reload_signal == SIGUSR1; }},
        {ConfKey::Leftovers, "kill", [](D d) { return d.leftovers == Leftovers::Kill; }},
        {ConfKey::Restart, "on-failure",
         [](D d) { return d.policy.restart == RestartPolicy::OnFailure; }},
        {ConfKey::RestartDelay, "1s", [](D d) { return d.policy.pacing.delay == 1s; }},
        {ConfKey::RestartDelayMax, "1h", [](D d) { return d.policy.pacing.delay_max == 1h; }},
        {ConfKey::RestartResetAfter, "2min",
         [](D d) { return d.policy.pacing.reset_after == 2min; }},
        {ConfKey::RestartLimitCount, "5", [](D d) { return d.policy.restart_limit_count == 5; }},
        {ConfKey::RestartLimitInterval, "1min",
         [](D d) { return d.policy.restart_limit_interval == 1min; }},
        {ConfKey::SuccessStatus, "2 255 INT SIGHUP",
         [](D d) {
             const StatusSet& set = d.policy.success_status;
             return succeeds(set, 0) && succeeds(set, 2) && succeeds(set, 255) &&
                    !succeeds(set, 1) && holds_signal(set, SIGINT) && holds_signal(set, SIGHUP) &&
                    !holds_signal(set, SIGTERM);
         }},
        {ConfKey::PermanentFailureStatus, "64 78",
         [](D d) {
             const StatusSet& set = d.policy.permanent_failure_status;
             return succeeds(set, 64) && succeeds(set, 78) && !succeeds(set, 0);
         }},
        {ConfKey::OnFailureAction, "reboot",
         [](D d) { return d.policy.on_failure == FailureAction::Reboot; }},
        {ConfKey::OnFailureAction, "exec mail %n",
         [](D d) {
             return d.policy.on_failure == FailureAction::Exec &&
                    d.programs().on_failure == Command{"mail", "web"};
         }},
    };
    return rows;
}

const std::vector<Row>& process_rows() {
    static const std::vector<Row> rows = {
        {ConfKey::User, "www-data", [](D d) { return d.process().user == "www-data"; }},
        {ConfKey::Group, "33", [](D d) { return d.process().group == "33"; }},
        {ConfKey::SupplementaryGroups, "a 7",
         [](D d) {
             return d.process().supplementary_groups == Names{"a", "7"};
         }},
        {ConfKey::SupplementaryGroups, "",
         [](D d) { return d.process().supplementary_groups == Names(); }},
        {ConfKey::Umask, "0027", [](D d) { return d.process().umask == 027; }},
        {ConfKey::Directory, "'/srv/a b'", [](D d) { return d.process().directory == "/srv/a b"; }},
        {ConfKey::Chroot, "/jail", [](D d) { return d.process().chroot == "/jail"; }},
        {ConfKey::EnvironmentList, "A=1 'B=x y' A=2",
         [](D d) {
             return d.process().environment == Names{"B=x y", "A=2"};
         }},
        {ConfKey::EnvFile, "/e",
         [](D d) { return d.process().env_file == "/e" && !d.process().env_file_may_be_missing; }},
        {ConfKey::EnvFile, "-/e",
         [](D d) { return d.process().env_file == "/e" && d.process().env_file_may_be_missing; }},
        {ConfKey::Nice, "-20", [](D d) { return d.process().nice == -20; }},
        {ConfKey::Ionice, "idle",
         [](D d) {
             return d.process().io_priority == IoPriority{IoPriority::Class::Idle, 0};
         }},
        {ConfKey::Ionice, "realtime:7",
         [](D d) {
             return d.process().io_priority == IoPriority{IoPriority::Class::Realtime, 7};
         }},
        {ConfKey::Ionice, "best-effort:0",
         [](D d) {
             return d.process().io_priority == IoPriority{IoPriority::Class::BestEffort, 0};
         }},
        {ConfKey::CpuAffinity, "0-3,8,64",
         [](D d) {
             return d.process().cpu_affinity == std::vector<std::uint64_t>{0x10f, 1};
         }},
        {ConfKey::OomScoreAdj, "1000", [](D d) { return d.process().oom_score_adjust == 1000; }},
        {ConfKey::LimitAs, "2G", [](D d) { return holds_limit(d, 9, 2ULL << 30U, 2ULL << 30U); }},
        {ConfKey::LimitCore, "0:infinity", [](D d) { return holds_limit(d, 4, 0, kMax); }},
        {ConfKey::LimitCpu, "10", [](D d) { return holds_limit(d, 0, 10, 10); }},
        {ConfKey::LimitData, "1K", [](D d) { return holds_limit(d, 2, 1024, 1024); }},
        {ConfKey::LimitFsize, "1K", [](D d) { return holds_limit(d, 1, 1024, 1024); }},
        {ConfKey::LimitLocks, "1", [](D d) { return holds_limit(d, 10, 1, 1); }},
        {ConfKey::LimitMemlock, "1M", [](D d) { return holds_limit(d, 8, 1 << 20U, 1 << 20U); }},
        {ConfKey::LimitMsgqueue, "1", [](D d) { return holds_limit(d, 12, 1, 1); }},
        {ConfKey::LimitNice, "30", [](D d) { return holds_limit(d, 13, 30, 30); }},
        {ConfKey::LimitNofile, "4096:8192", [](D d) { return holds_limit(d, 7, 4096, 8192); }},
        {ConfKey::LimitNproc, "infinity", [](D d) { return holds_limit(d, 6, kMax, kMax); }},
        {ConfKey::LimitRss, "1", [](D d) { return holds_limit(d, 5, 1, 1); }},
        {ConfKey::LimitRtprio, "1", [](D d) { return holds_limit(d, 14, 1, 1); }},
        {ConfKey::LimitRttime, "1:2", [](D d) { return holds_limit(d, 15, 1, 2); }},
        {ConfKey::LimitSigpending, "1", [](D d) { return holds_limit(d, 11, 1, 1); }},
        {ConfKey::LimitStack, "8M", [](D d) { return holds_limit(d, 3, 8 << 20U, 8 << 20U); }},
        {ConfKey::CapabilityBoundingSet, "cap_chown CAP_KILL",
         [](D d) { return d.process().capability_bounding_set == 0x21; }},
        {ConfKey::CapabilityBoundingSet, "",
         [](D d) { return d.process().capability_bounding_set == 0; }},
        {ConfKey::AmbientCapabilities, "cap_checkpoint_restore",
         [](D d) { return d.process().ambient_capabilities == 1ULL << 40U; }},
        {ConfKey::Securebits, "noroot keep-caps-locked",
         [](D d) { return d.process().securebits == 0x21; }},
        {ConfKey::NoNewPrivileges, "yes", [](D d) { return d.process().no_new_privileges; }},
        {ConfKey::Tty, "/dev/tty1",
         [](D d) {
             const ProcessSettings& p = d.process();
             return p.terminal == "/dev/tty1" && p.input.kind == Kind::Terminal &&
                    p.output.kind == Kind::Terminal && p.error.kind == Kind::Terminal;
         }},
        {ConfKey::Stdin, "file:/a",
         [](D d) {
             return d.process().input == StreamTarget{Kind::File, "/a"};
         }},
        {ConfKey::Stdin, "null", [](D d) { return d.process().input.kind == Kind::Null; },
         "tty = /dev/tty1"},
        {ConfKey::Stdout, "append:/a",
         [](D d) {
             return d.process().output == StreamTarget{Kind::Append, "/a"};
         }},
        {ConfKey::Stdout, "console", [](D d) { return d.process().output.kind == Kind::Console; }},
        {ConfKey::Stderr, "tty", [](D d) { return d.process().error.kind == Kind::Terminal; },
         "tty = /dev/tty1"},
        {ConfKey::Stderr, "stdout", [](D d) { return d.process().error.kind == Kind::Output; }},
        {ConfKey::Stderr, "null", [](D d) { return d.process().error.kind == Kind::Null; }},
    };
    return rows;
}

const std::vector<Row>& resource_rows() {
    static const std::vector<Row> rows = {
        {ConfKey::FdStoreMax, "31", [](D d) { return d.readiness.store_max == 31; }},
        {ConfKey::MemoryMax, "256M", [](D d) { return d.cgroup().memory_max == 256ULL << 20U; }},
        {ConfKey::MemoryHigh, "infinity", [](D d) { return d.cgroup().memory_high == kMax; }},
        {ConfKey::PidsMax, "100", [](D d) { return d.cgroup().pids_max == 100; }},
        {ConfKey::PidsMax, "infinity", [](D d) { return d.cgroup().pids_max == kMax; }},
        {ConfKey::CpuMax, "150%", [](D d) { return d.cgroup().cpu_max == 150; }},
        {ConfKey::CpuWeight, "1", [](D d) { return d.cgroup().cpu_weight == 1; }},
        {ConfKey::IoWeight, "10000", [](D d) { return d.cgroup().io_weight == 10000; }},
        {ConfKey::LogMemory, "4K", [](D d) { return d.log().memory == 4096; }},
        {ConfKey::LogMaxSize, "infinity", [](D d) { return d.log().max_size == kMax; }},
        {ConfKey::LogMaxFiles, "0", [](D d) { return d.log().max_files == 0; }},
        {ConfKey::LogMaxAge, "24h", [](D d) { return d.log().max_age == 24h; }},
        {ConfKey::LogMinFree, "10%", [](D d) { return d.log().min_free_percent == 10; }},
        {ConfKey::LogTimestamp, "tai64n",
         [](D d) { return d.log().timestamp == LogTimestamp::Tai64n; }},
        {ConfKey::Listen, "fifo:/run/a", [](D d) { return d.listen().size() == 1; }},
    };
    return rows;
}

std::vector<Row> all_rows() {
    std::vector<Row> rows;
    for (const auto* some : {&general_rows(), &process_rows(), &resource_rows()}) {
        rows.insert(rows.end(), some->begin(), some->end());
    }
    return rows;
}

struct BadRow {
    ConfKey key;
    std::vector<std::string> values;
};

const std::vector<BadRow> kBadRows = {
    {ConfKey::Type, {"daemon", "", "oneshot oneshot"}},
    {ConfKey::Exec, {"", "''"}},
    {ConfKey::ExecSetup, {""}},
    {ConfKey::ExecStop, {""}},
    {ConfKey::ExecReload, {""}},
    {ConfKey::ExecFinish, {""}},
    {ConfKey::ExecCheck, {""}},
    {ConfKey::Description, {""}},
    {ConfKey::Members, {"a/b", ".a", "''"}},
    {ConfKey::Needs, {"a/b"}},
    {ConfKey::Wants, {"a/b"}},
    {ConfKey::After, {"a/b"}},
    {ConfKey::Before, {"a/b"}},
    {ConfKey::Conflicts, {"a/b"}},
    {ConfKey::Ready, {"fd", "fd 2", "fd 1024", "fd x", "fd 3 4", "soon", ""}},
    {ConfKey::NotifyAccess, {"exec", ""}},
    {ConfKey::CheckInterval, {"0", "infinity", "-1", "1d", "x", ""}},
    {ConfKey::WatchdogTimeout, {"0", "x"}},
    {ConfKey::StartTimeout, {"0", "0.0001ms", "5x", "99999999999h", ""}},
    {ConfKey::StopTimeout, {"0"}},
    {ConfKey::FinishTimeout, {"0"}},
    {ConfKey::StopSignal, {"0", "65", "FOO", ""}},
    {ConfKey::ReloadSignal, {"FOO"}},
    {ConfKey::Leftovers, {"yes"}},
    {ConfKey::Restart, {"yes", "on_failure"}},
    {ConfKey::RestartDelay, {"infinity", "x"}},
    {ConfKey::RestartDelayMax, {"infinity"}},
    {ConfKey::RestartResetAfter, {"0"}},
    {ConfKey::RestartLimitCount, {"-1", "1000001", "x", ""}},
    {ConfKey::RestartLimitInterval, {"0"}},
    {ConfKey::SuccessStatus, {"256", "-1", "FOO", "''"}},
    {ConfKey::PermanentFailureStatus, {"256", "INT"}},
    {ConfKey::OnFailureAction, {"exec", "shell", "reboot now", "exec ''"}},
    {ConfKey::User, {"", "a:b", "a/b", "'a b'", "4294967295", "-x", "99999999999999999999"}},
    {ConfKey::Group, {"", "a:b"}},
    {ConfKey::SupplementaryGroups, {"a,b", "''"}},
    {ConfKey::Umask, {"01000", "8", "rwx", ""}},
    {ConfKey::Directory, {"srv", "", "/a /b"}},
    {ConfKey::Chroot, {"srv"}},
    {ConfKey::EnvironmentList, {"A", "=b", "''"}},
    {ConfKey::EnvFile, {"e", "-", "-e", ""}},
    {ConfKey::Nice, {"-21", "20", "x"}},
    {ConfKey::Ionice, {"best-effort", "best-effort:8", "idle:1", "realtime:", "none", ""}},
    {ConfKey::CpuAffinity, {"", "3-1", "8192", "a", "1,", "1-", "0 1", "-1"}},
    {ConfKey::OomScoreAdj, {"-1001", "1001"}},
    {ConfKey::CapabilityBoundingSet, {"net_admin", "cap_nothing"}},
    {ConfKey::AmbientCapabilities, {"cap_nothing"}},
    {ConfKey::Securebits, {"root"}},
    {ConfKey::NoNewPrivileges, {"true", "1", ""}},
    {ConfKey::Tty, {"tty1"}},
    {ConfKey::Stdin, {"log", "file:a", "file:", "append:/a"}},
    {ConfKey::Stdout, {"stdout", "socket", "file:x", ""}},
    {ConfKey::Stderr, {"stderr"}},
    {ConfKey::MemoryMax, {"0", "1T", "-1"}},
    {ConfKey::MemoryHigh, {"0"}},
    {ConfKey::PidsMax, {"0", "1K", ""}},
    {ConfKey::CpuMax, {"150", "0%", "%", "819201%", ""}},
    {ConfKey::CpuWeight, {"0", "10001"}},
    {ConfKey::IoWeight, {"0", "10001"}},
    {ConfKey::LogMemory, {"4095", "17M", "infinity"}},
    {ConfKey::LogMaxSize, {"1K"}},
    {ConfKey::LogMaxFiles, {"10001", "-1"}},
    {ConfKey::LogMaxAge, {"0"}},
    {ConfKey::LogMinFree, {"100%", "5"}},
    {ConfKey::LogTimestamp, {"yes"}},
    {ConfKey::FdStoreMax, {"32", "-1", ""}},
    {ConfKey::Listen, {"80", "tcp", "unix"}},
};

std::vector<std::string> bad_values(ConfKey key) {
    for (const BadRow& row : kBadRows) {
        if (row.key == key) {
            return row.values;
        }
    }
    // What is not listed is a limit.
    REQUIRE(key >= ConfKey::LimitAs);
    REQUIRE(key <= ConfKey::LimitStack);
    return {"", "x", "1:x", "x:1", "-1", "1:2:3"};
}

}  // namespace

TEST_CASE("conf keys: each sets what it says", "[conf]") {
    std::set<ConfKey> seen;
    for (const Row& row : all_rows()) {
        const std::string line = std::string(info_of(row.key).name) + " = " + row.value;
        INFO(line);
        const ReadConf read = read_conf(line + "\n" + row.also + "\n");
        CHECK(read.problems().empty());
        CHECK(row.is_set(read.definition));
        seen.insert(row.key);
    }
    CHECK(seen.size() == kConfKeyCount);
}

TEST_CASE("conf keys: each refuses what it does not take, with place and example", "[conf]") {
    for (const ConfKeyInfo& info : conf_keys()) {
        for (const std::string& value : bad_values(info.key)) {
            const std::string start = std::string(info.name) + " = ";
            INFO(start << value);
            const ReadConf read = read_conf(std::string("\n").append(start).append(value));
            REQUIRE(read.problems().size() == 1);
            const Problem& problem = read.outcome.problems.front();
            CHECK(problem.place.line == 2);
            // An empty value is where the line ends; a second word may be the one at fault.
            CHECK(problem.place.column >= start.size());
            CHECK(problem.message.starts_with(info.name));
            const bool has_example = problem.message.ends_with(std::string(info.name) + " = " +
                                                               std::string(info.example));
            const bool is_special = problem.message.find(": one word only") != std::string::npos;
            CHECK((has_example || is_special));
            CHECK(read.definition == Definition());
        }
    }
}

TEST_CASE("conf keys: the example of each is right", "[conf]") {
    for (const ConfKeyInfo& info : conf_keys()) {
        const std::string line = std::string(info.name) + " = " + std::string(info.example);
        INFO(line);
        ConfDraft draft;
        const LexedConf lexed = lex_conf(line);
        REQUIRE(lexed.assignments.size() == 1);
        const SplitValue split = split_words(lexed.assignments.front());
        REQUIRE(split.faults.empty());
        CHECK_FALSE(info.take({0, split.words, joined_text(lexed.assignments.front())}, draft));
    }
}

TEST_CASE("conf keys: each is found by its name, and near it", "[conf]") {
    for (const ConfKeyInfo& info : conf_keys()) {
        CHECK(find_conf_key(info.name) == &info);
        CHECK(&info_of(info.key) == &info);
        CHECK(nearest_conf_key(info.name) == info.name);
    }
    CHECK(find_conf_key("execs") == nullptr);
    CHECK(nearest_conf_key("restart-dealy") == "restart-delay");
    CHECK(nearest_conf_key("xyzzy").empty());
}

TEST_CASE("conf keys: the limits are in the order of their names", "[conf]") {
    const auto limits = limit_infos();
    for (std::size_t i = 0; i < limits.size(); ++i) {
        CHECK(conf_keys()[index_of(ConfKey::LimitAs) + i].name ==
              "limit-" + std::string(limits[i].name));
    }
    CHECK(index_of(ConfKey::LimitStack) - index_of(ConfKey::LimitAs) + 1 == limits.size());
}
