/// What is done about a service that a dead supervisor left in any state, as data.
#include <catch2/catch.hpp>
#include <csignal>
#include <string>

#include "supervisor/service_state.h"
#include "unit/supervisor/state_text.h"

using namespace mainstay;
using namespace mainstay::supervisor;

namespace {

Snapshot in(ServiceState state, Wanted wanted = Wanted::Up) {
    Snapshot s;
    s.state = state;
    s.wanted = wanted;
    return s;
}

Snapshot running(ServiceState state, Wanted wanted = Wanted::Up) {
    Snapshot s = in(state, wanted);
    s.has_run = true;
    s.generation = 5;
    s.pid = 100;
    return s;
}

Snapshot stopping(StopStage stage) {
    Snapshot s = running(ServiceState::Stopping, Wanted::Down);
    s.stop_stage = stage;
    return s;
}

Snapshot with_auxiliary(Snapshot s, Role role) {
    s.has_auxiliary = true;
    s.auxiliary = role;
    s.auxiliary_generation = 6;
    s.auxiliary_pid = 101;
    return s;
}

Snapshot group(Snapshot s, bool members_started) {
    s.members_started = members_started;
    return s;
}

std::string unknown(const Snapshot& s, const Policy& policy = Policy{}) {
    return words(resume(s, policy, Performed::Unknown));
}
std::string done(const Snapshot& s, const Policy& policy = Policy{}) {
    return words(resume(s, policy, Performed::Yes));
}

Policy failing_with(FailureAction action) {
    Policy policy;
    policy.on_failure = action;
    return policy;
}

}  // namespace

TEST_CASE("resume: where all was done, only who waits is looked at", "[resume]") {
    CHECK(done(in(ServiceState::Waiting)) == "check needs");
    CHECK(done(group(in(ServiceState::Waiting), true)).empty());
    CHECK(done(stopping(StopStage::Dependents)) == "check dependents");
    for (const StopStage stage : {StopStage::Members, StopStage::Drain, StopStage::Program,
                                  StopStage::Terminate, StopStage::Kill}) {
        CAPTURE(to_string(stage));
        CHECK(done(with_auxiliary(stopping(stage), Role::Reload)).empty());
    }
    CHECK(done(running(ServiceState::Ready)).empty());
    CHECK(done(in(ServiceState::Failed), failing_with(FailureAction::Reboot)).empty());
}

TEST_CASE("resume: what is wanted and on its way starts its needs again", "[resume]") {
    CHECK(unknown(running(ServiceState::Starting)) == "start its needs");
    CHECK(unknown(running(ServiceState::Ready)) == "start its needs");
    CHECK(unknown(in(ServiceState::Waiting)) == "start its needs, check needs");
    CHECK(unknown(running(ServiceState::Starting, Wanted::Down)).empty());
    CHECK(unknown(in(ServiceState::Down, Wanted::Up)).empty());
}

TEST_CASE("resume: a signal that may not have been sent is sent again, in each stage", "[resume]") {
    CHECK(unknown(stopping(StopStage::Dependents)) == "check dependents");
    CHECK(unknown(stopping(StopStage::Terminate)) == "send TERM, send CONT");
    Snapshot told = stopping(StopStage::Terminate);
    told.sent_signal = SIGINT;
    CHECK(unknown(told) == "send INT, send CONT");
    CHECK(unknown(with_auxiliary(stopping(StopStage::Kill), Role::Stop)) ==
          "send KILL to the group, send KILL to the group");
    CHECK(unknown(stopping(StopStage::Drain)) == "close its input");
}

TEST_CASE(
    "resume: a reload that keeps a stop program from its turn is killed, the stop program not",
    "[resume]") {
    CHECK(unknown(with_auxiliary(stopping(StopStage::Program), Role::Reload)) ==
          "send KILL to the group");
    CHECK(unknown(with_auxiliary(stopping(StopStage::Program), Role::Stop)).empty());
}

TEST_CASE("resume: what a service that rests left behind is killed, but for its failure program",
          "[resume]") {
    for (const ServiceState state :
         {ServiceState::Down, ServiceState::Done, ServiceState::Failed}) {
        CAPTURE(to_string(state));
        CHECK(unknown(with_auxiliary(in(state, Wanted::Down), Role::Reload)) ==
              "send KILL to the group");
    }
    CHECK(unknown(with_auxiliary(in(ServiceState::Failed), Role::Failure)).empty());
    CHECK(unknown(with_auxiliary(in(ServiceState::Done), Role::Failure)) ==
          "send KILL to the group");
}

TEST_CASE("resume: members are told once more", "[resume]") {
    Policy policy;
    policy.type = ServiceType::Group;
    Snapshot down = in(ServiceState::Stopping, Wanted::Down);
    down.stop_stage = StopStage::Members;
    CHECK(unknown(down, policy) == "stop members");
    CHECK(unknown(group(in(ServiceState::Waiting), true), policy) ==
          "start its needs, start members");
    CHECK(unknown(group(in(ServiceState::Waiting), false), policy) ==
          "start its needs, check needs");
    // Somebody may have told one of them otherwise since.
    CHECK(unknown(in(ServiceState::Ready), policy) == "start its needs");
}

TEST_CASE("resume: what failed for good takes down what it was to, not who only could not start",
          "[resume]") {
    const Snapshot failed = in(ServiceState::Failed);
    CHECK(unknown(failed, failing_with(FailureAction::Reboot)) == "reboot");
    CHECK(unknown(failed, failing_with(FailureAction::Poweroff)) == "poweroff");
    CHECK(unknown(failed, failing_with(FailureAction::Exit)) == "exit");
    CHECK(unknown(failed, failing_with(FailureAction::Exec)).empty());
    CHECK(unknown(failed, failing_with(FailureAction::None)).empty());
    CHECK(unknown(in(ServiceState::Done), failing_with(FailureAction::Reboot)).empty());
    Snapshot blocked = failed;
    blocked.obstacle = Obstacle::NeedFailed;
    CHECK(unknown(blocked, failing_with(FailureAction::Reboot)).empty());
}
