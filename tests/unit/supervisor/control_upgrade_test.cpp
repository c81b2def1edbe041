#include <catch2/catch.hpp>

#include "unit/supervisor/control_fixture.h"
#include "unit/supervisor/state_text.h"

using namespace mainstay;
using namespace mainstay::supervisor;
using namespace mainstay::fakes;
using Stage = UpgradeState::Stage;

TEST_CASE("an upgrade is answered when it is known what came of it", "[control]") {
    Control control;
    const auto job = control.begin(R"({"id":1,"verb":"upgrade"})");
    CHECK(control.upgrades.begun == 1);
    CHECK(Control::more_of(job).empty());

    SECTION("a refusal says why") {
        control.upgrades.now = {Stage::Failed, "/sbin/supervisor: it fails its self-test"};
        control.handler.upgrade_changed();
        CHECK(control.wakes == 1);
        const std::string out = Control::end_of(job);
        CHECK(has(out, R"("error":"upgrade: /sbin/supervisor: it fails its self-test")"));
        CHECK(has(out, R"("id":1)"));
    }
    SECTION("the program that goes on says which it is") {
        control.upgrades.now = {Stage::Proving, ""};
        control.handler.upgrade_changed();
        CHECK(Control::more_of(job).empty());
        control.upgrades.now = {Stage::Done, ""};
        control.handler.upgrade_changed();
        const std::string out = Control::end_of(job);
        CHECK(has(out, R"("mainstay":"1.2.3")"));
        CHECK(has(out, R"("exit":0)"));
    }
}

TEST_CASE("who asks what came of an upgrade begins none", "[control]") {
    Control control;
    const auto job = control.begin(R"({"id":1,"verb":"upgrade","follow":true})");
    CHECK(control.upgrades.begun == 0);
    CHECK(has(Control::end_of(job), "was started anew meanwhile"));
}

TEST_CASE("who may only look upgrades nothing", "[control]") {
    Control control;
    CHECK(has(control.ask(R"({"id":1,"verb":"upgrade"})", Rights::Look), "not-permitted"));
    CHECK(control.upgrades.begun == 0);
}
