#include "supervisor/check_runner.h"

#include <catch2/catch.hpp>
#include <vector>

#include "fakes/fake_clock.h"
#include "fakes/fake_helpers.h"
#include "fakes/fake_os.h"

using namespace std::chrono_literals;
using namespace mainstay;
using namespace mainstay::supervisor;

namespace {

constexpr ServiceId kWeb = 3;
const HelperEnd kPassed{std::nullopt, {ExitStatus::Kind::Exited, 0, false}};
const HelperEnd kFailed{std::nullopt, {ExitStatus::Kind::Exited, 1, false}};
const HelperEnd kKilled{std::nullopt, {ExitStatus::Kind::Signaled, 9, false}};
const HelperEnd kMissing{ExecFault{"exec", "/etc/sv/web/check", ENOENT}, {}};

struct Checks {
    Checks() { definition.readiness.check_interval = 2s; }

    void begin() {
        runner.check_until_passed(kWeb, "web", definition, [this] { ++passed; });
    }
    void ask() {
        runner.check(kWeb, "web", definition, [this](CheckOutcome o) { outcomes.push_back(o); });
    }

    fakes::FakeHelpers helpers;
    fakes::FakeOutputs outputs;
    fakes::FakeClock clock;
    fakes::FakeJournal journal;
    Definition definition;
    CheckRunner runner{{helpers, outputs, clock, journal}};
    int passed = 0;
    std::vector<CheckOutcome> outcomes;
};

}  // namespace

TEST_CASE("check: again and again until it passes, then no more", "[check]") {
    Checks c;
    c.begin();
    REQUIRE(c.helpers.running.size() == 1);
    c.helpers.end(1, kFailed);
    CHECK(c.helpers.running.empty());
    c.clock.advance(1999ms);
    CHECK(c.helpers.running.empty());
    c.clock.advance(1ms);
    REQUIRE(c.helpers.running.size() == 1);
    CHECK(c.passed == 0);
    c.helpers.end(2, kPassed);
    CHECK(c.passed == 1);
    c.clock.advance(1h);
    CHECK(c.helpers.last == 2);
    CHECK(c.clock.armed() == 0);
}

TEST_CASE("check: one that hangs is killed, and there are never two", "[check]") {
    Checks c;
    c.begin();
    c.clock.advance(kCheckTimeout);
    REQUIRE(c.helpers.running.size() == 1);
    CHECK(c.helpers.running[1].killed);
    CHECK(c.journal.has("web: its check does not end; killed after 10 s"));
    c.clock.advance(1h);
    CHECK(c.helpers.last == 1);
    c.helpers.end(1, kKilled);
    CHECK(c.passed == 0);
    c.clock.advance(2s);
    CHECK(c.helpers.last == 2);
}

TEST_CASE("check: stopped with the run, whatever stage it is in", "[check]") {
    Checks c;
    c.begin();
    c.runner.stop(kWeb);
    CHECK(c.helpers.running[1].killed);
    c.helpers.end(1, kPassed);
    CHECK(c.passed == 0);
    c.clock.advance(1h);
    CHECK(c.helpers.last == 1);

    c.begin();
    c.helpers.end(2, kFailed);
    c.runner.stop(kWeb);
    c.clock.advance(1h);
    CHECK(c.helpers.last == 2);
    CHECK(c.clock.armed() == 0);
}

TEST_CASE("check: one of the run before says nothing of this one", "[check]") {
    Checks c;
    c.begin();
    c.runner.stop(kWeb);
    c.begin();
    CHECK(c.helpers.running.size() == 1);
    c.helpers.end(1, kPassed);
    CHECK(c.passed == 0);
    c.clock.advance(2s);
    c.helpers.end(2, kPassed);
    CHECK(c.passed == 1);
}

TEST_CASE("check: who asks while one runs gets its outcome", "[check]") {
    Checks c;
    c.begin();
    c.ask();
    c.ask();
    CHECK(c.helpers.running.size() == 1);
    c.helpers.end(1, kFailed);
    CHECK(c.outcomes == std::vector{CheckOutcome::Failed, CheckOutcome::Failed});
    c.ask();
    CHECK(c.helpers.last == 2);
    c.runner.stop(kWeb);
    CHECK_FALSE(c.helpers.running[2].killed);
    c.helpers.end(2, kPassed);
    CHECK(c.outcomes.back() == CheckOutcome::Passed);
    CHECK(c.passed == 0);
}

TEST_CASE("check: what cannot be run is said, and is answered later than asked", "[check]") {
    Checks c;
    c.ask();
    c.helpers.end(1, kMissing);
    CHECK(c.outcomes == std::vector{CheckOutcome::Impossible});
    CHECK(c.journal.has("web: its check cannot be run: "));
    c.helpers.should_fail = true;
    c.ask();
    CHECK(c.outcomes.size() == 1);
    c.clock.advance(0s);
    CHECK(c.outcomes.size() == 2);
    c.begin();
    c.helpers.should_fail = false;
    c.clock.advance(2s);
    c.helpers.end(2, kPassed);
    CHECK(c.passed == 1);
}

TEST_CASE("check: as the service, its output thrown away, its errors to the log", "[check]") {
    Checks c;
    ProcessSettings settings;
    settings.user = "www";
    settings.terminal = "/dev/tty1";
    c.definition.own_process = std::make_shared<const ProcessSettings>(settings);
    c.ask();
    const SpawnPlan& plan = c.helpers.running[1].plan;
    CHECK(plan.input == -1);
    CHECK(plan.output == 31);  // of FakeOutputs
    REQUIRE(plan.settings);
    CHECK(plan.settings->user == "www");
    CHECK(plan.settings->terminal.empty());
    CHECK(plan.settings->output.kind == StreamTarget::Kind::Null);
    CHECK(plan.settings->error.kind == StreamTarget::Kind::Log);
}
