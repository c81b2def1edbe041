#include "supervisor/restart_policy.h"

#include <catch2/catch.hpp>
#include <csignal>

#include "supervisor/death_log.h"
#include "unit/supervisor/fixture.h"

using namespace std::chrono_literals;
using namespace mainstay;
using namespace mainstay::supervisor;
using fakes::exited;
using fakes::killed_by;
using Kind = RestartDecision::Kind;

namespace {

RunEnd ended(ExitStatus status, Duration lived = 5s) {
    RunEnd end;
    end.status = status;
    end.lived = lived;
    end.at = MonotonicTime(1h);
    return end;
}

RestartDecision decide(const RunEnd& end, const Policy& policy, Wanted wanted = Wanted::Up) {
    return decide_restart(end, policy, wanted, {});
}

}  // namespace

TEST_CASE("restart: what an end means, by policy and type", "[restart_policy]") {
    struct Row {
        RestartPolicy restart;
        ServiceType type;
        Wanted wanted;
        ExitStatus status;
        Kind kind;
        Failure why;
    };
    using enum RestartPolicy;
    using enum ServiceType;
    const std::vector<Row> rows = {
        {Always, Longrun, Wanted::Up, exited(0), Kind::Restart, Failure::None},
        {Always, Longrun, Wanted::Up, exited(1), Kind::Restart, Failure::None},
        {OnFailure, Longrun, Wanted::Up, exited(0), Kind::Done, Failure::None},
        {OnFailure, Longrun, Wanted::Up, exited(1), Kind::Restart, Failure::None},
        {OnFailure, Longrun, Wanted::Up, killed_by(SIGTERM), Kind::Restart, Failure::None},
        {Never, Longrun, Wanted::Up, exited(0), Kind::Done, Failure::None},
        {Never, Longrun, Wanted::Up, exited(1), Kind::Failed, Failure::NotRestarted},
        {Always, Longrun, Wanted::Once, exited(0), Kind::Done, Failure::None},
        {Always, Longrun, Wanted::Once, exited(1), Kind::Failed, Failure::RanOnce},
        {Always, Oneshot, Wanted::Up, exited(0), Kind::Done, Failure::None},
        {Always, Oneshot, Wanted::Up, exited(1), Kind::Restart, Failure::None},
        {Never, Oneshot, Wanted::Up, exited(1), Kind::Failed, Failure::NotRestarted}};
    for (const Row& row : rows) {
        Policy policy;
        policy.restart = row.restart;
        policy.type = row.type;
        const RestartDecision decision = decide(ended(row.status), policy, row.wanted);
        INFO(to_string(row.restart)
             << ", " << to_string(row.type) << ", " << int(row.status.value));
        CHECK(decision.kind == row.kind);
        CHECK(decision.why == row.why);
    }
}

TEST_CASE("restart: which statuses are success", "[restart_policy]") {
    Policy policy;
    policy.success_status.add_code(7);
    policy.success_status.add_signal(SIGHUP);
    CHECK(is_success(ended(exited(0)), policy));
    CHECK(is_success(ended(exited(7)), policy));
    CHECK(is_success(ended(killed_by(SIGHUP)), policy));
    CHECK_FALSE(is_success(ended(exited(1)), policy));
    CHECK_FALSE(is_success(ended(killed_by(SIGTERM)), policy));
    RunEnd told = ended(killed_by(SIGTERM));
    told.sent_signal = SIGTERM;
    CHECK(is_success(told, policy));
    told.status = killed_by(SIGSEGV);
    CHECK_FALSE(is_success(told, policy));
    RunEnd never = ended(exited(0));
    never.was_executed = false;
    CHECK_FALSE(is_success(never, policy));
    RunEnd cut = ended(exited(0));
    cut.cut_short = Failure::Watchdog;
    CHECK_FALSE(is_success(cut, policy));
}

TEST_CASE("restart: a permanent failure is final, whatever else holds", "[restart_policy]") {
    Policy policy;
    policy.permanent_failure_status.add_code(0);
    CHECK(decide(ended(exited(0)), policy).why == Failure::PermanentStatus);
    RunEnd end = ended(exited(1));
    end.finish_gave_up = true;
    CHECK(decide(end, policy).why == Failure::SaidByFinish);
    // A status that no program had means nothing.
    end = ended(exited(0));
    end.was_executed = false;
    CHECK(decide(end, policy).kind == Kind::Restart);
}

TEST_CASE("restart: one that was cut short fails for that where it is not started again",
          "[restart_policy]") {
    Policy policy;
    policy.restart = RestartPolicy::Never;
    RunEnd end = ended(killed_by(SIGTERM));
    end.sent_signal = SIGTERM;
    end.cut_short = Failure::NotReady;
    CHECK(decide(end, policy).why == Failure::NotReady);
    policy.restart = RestartPolicy::OnFailure;
    CHECK(decide(end, policy).kind == Kind::Restart);
}

TEST_CASE("restart: waits grow with short runs and start over after a long one",
          "[restart_policy]") {
    const Policy policy;
    RestartMemory memory;
    std::vector<Duration> waits;
    for (int i = 0; i < 10; ++i) {
        const auto decision = decide_restart(ended(exited(1), 10ms), policy, Wanted::Up, memory);
        waits.push_back(decision.wait);
        memory = decision.memory;
    }
    CHECK(waits == std::vector<Duration>{250ms, 500ms, 1s, 2s, 4s, 8s, 16s, 30s, 30s, 30s});
    CHECK(memory.restarts == 10);
    const auto after = decide_restart(ended(exited(1), 30s), policy, Wanted::Up, memory);
    CHECK(after.wait == Duration(0));
    CHECK(after.memory.short_runs == 0);
    CHECK(after.memory.restarts == 1);
}

TEST_CASE("restart: the limit counts in windows", "[restart_policy]") {
    Policy policy;
    policy.restart_limit_count = 2;
    policy.restart_limit_interval = 10s;
    RestartMemory memory;
    const auto end_at = [&](Duration at) {
        RunEnd end = ended(exited(1));
        end.at = MonotonicTime(at);
        const auto decision = decide_restart(end, policy, Wanted::Up, memory);
        memory = decision.memory;
        return decision;
    };
    CHECK(end_at(100s).kind == Kind::Restart);
    CHECK(end_at(105s).kind == Kind::Restart);
    SECTION("one too many within it") {
        const auto decision = end_at(109999ms);
        CHECK(decision.kind == Kind::Failed);
        CHECK(decision.why == Failure::RestartLimit);
    }
    SECTION("the first after it opens the next") {
        CHECK(end_at(110s).kind == Kind::Restart);
        CHECK(memory.limit_count == 1);
        CHECK(end_at(119s).kind == Kind::Restart);
        CHECK(end_at(119s).kind == Kind::Failed);
    }
}

TEST_CASE("deaths: the newest sixteen are kept", "[death_log]") {
    DeathLog log;
    CHECK(log.size() == 0);
    for (int i = 1; i <= 40; ++i) {
        DeathRecord record;
        record.at = std::chrono::seconds(i);
        log.add(record);
        CHECK(log.size() == std::min<std::size_t>(static_cast<std::size_t>(i), DeathLog::kMost));
        for (std::size_t age = 0; age < log.size(); ++age) {
            CHECK(log.newest(age).at == std::chrono::seconds(i - static_cast<int>(age)));
        }
        log.newest().restarted = true;
        CHECK(log.newest(0).restarted);
    }
}
