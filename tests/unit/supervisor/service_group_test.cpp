/// A group by itself: each event in each state in which it means something else.
#include <catch2/catch.hpp>
#include <string>

#include "supervisor/service_state.h"
#include "unit/supervisor/state_text.h"

using namespace std::chrono_literals;
using namespace mainstay;
using namespace mainstay::supervisor;

namespace {

Policy group_policy() {
    Policy policy;
    policy.type = ServiceType::Group;
    return policy;
}

/// A group that was told a number of things, one after the other.
struct Group {
    Step last;

    Group& tell(const Event& event) {
        last = step(last.next, event, group_policy());
        return *this;
    }
    const Snapshot& now() const { return last.next; }
    std::string effects() const { return words(last.effects); }
};

Group down() {
    return {};
}
Group waiting() {
    return down().tell(WantUp{});
}
Group starting_members() {
    return waiting().tell(NeedsMet{});
}
Group ready() {
    return starting_members().tell(MembersReady{});
}
Group stopping() {
    return ready().tell(WantDown{});
}
Group stopping_members() {
    return stopping().tell(DependentsDown{});
}
Group failed() {
    return waiting().tell(Block{Obstacle::NeedFailed});
}

}  // namespace

TEST_CASE("group alone: up for its needs, then for its members, and back", "[group]") {
    CHECK(waiting().effects() == "start its needs, check needs");
    CHECK(starting_members().effects() == "start members");
    CHECK(ready().now().state == ServiceState::Ready);
    CHECK(stopping().effects() == "check dependents");
    CHECK(stopping_members().effects() == "stop members");
    CHECK(stopping_members().tell(MembersDown{}).now().state == ServiceState::Down);
}

TEST_CASE("group alone: started along, it is wanted, and begins unless it is on its way",
          "[group]") {
    const Group begun = down().tell(StartAlong{});
    CHECK(begun.now().state == ServiceState::Waiting);
    CHECK(begun.now().wanted == Wanted::Up);
    CHECK(begun.effects() == "check needs");
    CHECK(failed().tell(StartAlong{}).now().state == ServiceState::Waiting);
    for (Group group : {waiting(), ready()}) {
        const Snapshot before = group.now();
        CHECK(group.tell(StartAlong{}).now() == before);
        CHECK(group.effects().empty());
    }
    Group back = stopping_members().tell(StartAlong{});
    CHECK(back.now().state == ServiceState::Stopping);
    CHECK(back.now().wanted == Wanted::Up);
    CHECK(back.tell(MembersDown{}).now().state == ServiceState::Waiting);
}

TEST_CASE("group alone: up takes back a stop of which nothing was done", "[group]") {
    Group group = stopping().tell(WantUp{});
    CHECK(group.now().state == ServiceState::Ready);
    CHECK(group.now().wanted == Wanted::Up);
    CHECK_FALSE(group.now().by_hand);
    // Its members were told already: it begins anew.
    group = stopping_members().tell(WantUp{});
    CHECK(group.now().state == ServiceState::Waiting);
    // It stops for what it needs: that is to come back first.
    group = ready().tell(HoldBack{});
    CHECK(group.now().state == ServiceState::Stopping);
    group.tell(WantUp{});
    CHECK(group.now().state == ServiceState::Stopping);
    CHECK(group.tell(DependentsDown{}).now().state == ServiceState::Waiting);
}

TEST_CASE("group alone: held back only while it could be up", "[group]") {
    for (Group group : {down(), failed(), waiting()}) {
        const Snapshot before = group.now();
        CHECK(group.tell(HoldBack{}).last.ignored);
        CHECK(group.now() == before);
    }
    Group group = starting_members().tell(HoldBack{});
    CHECK(group.now().state == ServiceState::Waiting);
    CHECK_FALSE(group.now().members_started);
    CHECK(group.effects() == "check needs");
    group = ready().tell(HoldBack{});
    CHECK(group.effects() == "check dependents");
    // What it needs stops, not its members.
    CHECK(group.tell(DependentsDown{}).now().state == ServiceState::Waiting);
    CHECK(group.effects() == "check needs");
}

TEST_CASE("group alone: blocked, it fails, unless it rests or goes down anyway", "[group]") {
    Group group = ready().tell(Block{Obstacle::MemberFailed});
    CHECK(group.now().state == ServiceState::Stopping);
    CHECK(group.tell(DependentsDown{}).now().state == ServiceState::Failed);
    CHECK(group.now().obstacle == Obstacle::MemberFailed);
    CHECK(group.tell(Block{Obstacle::NeedMissing}).now().obstacle == Obstacle::NeedMissing);
    for (Group other : {down(), stopping()}) {
        const Snapshot before = other.now();
        CHECK(other.tell(Block{Obstacle::NeedFailed}).last.ignored);
        CHECK(other.now() == before);
    }
    // It is to come back: then not.
    Group back = stopping_members().tell(StartAlong{}).tell(Block{Obstacle::NeedFailed});
    CHECK(back.tell(MembersDown{}).now().state == ServiceState::Failed);
}

TEST_CASE("group alone: unblocked, it tries again, once it has come to its end", "[group]") {
    Group group = failed().tell(Unblock{});
    CHECK(group.now().state == ServiceState::Waiting);
    CHECK(group.now().obstacle == Obstacle::None);
    group = ready().tell(Block{Obstacle::NeedFailed}).tell(Unblock{});
    CHECK(group.now().state == ServiceState::Stopping);
    CHECK(group.tell(DependentsDown{}).now().state == ServiceState::Waiting);
    CHECK(ready().tell(Unblock{}).last.ignored);
}

TEST_CASE("group alone: answers to what it does not ask any more change nothing", "[group]") {
    const auto is_ignored = [](Group group, const Event& event) {
        const Snapshot before = group.now();
        group.tell(event);
        return group.last.ignored && group.now() == before && group.last.effects.empty();
    };
    CHECK(is_ignored(down(), NeedsMet{}));
    CHECK(is_ignored(starting_members(), NeedsMet{}));
    CHECK(is_ignored(ready(), NeedsMet{}));
    CHECK(is_ignored(waiting(), MembersReady{}));
    CHECK(is_ignored(ready(), MembersReady{}));
    CHECK(is_ignored(waiting(), MemberLeft{}));
    CHECK(is_ignored(ready(), DependentsDown{}));
    CHECK(is_ignored(stopping_members(), DependentsDown{}));
    CHECK(is_ignored(stopping(), MembersDown{}));
    CHECK(is_ignored(down(), TryRestart{}));
    CHECK(is_ignored(ready(), Reset{}));
}

TEST_CASE("group alone: what is for a process is not for a group", "[group]") {
    for (const Event& event : {Event(Reload{SIGHUP}), Event(SendSignal{SIGTERM}),
                               Event(Spawned{1, 100}), Event(Executed{1}), Event(BecameReady{1}),
                               Event(Exited{1, {}, 1s}), Event(TimedOut{TimerKind::Start, 1})}) {
        for (Group group : {down(), waiting(), ready(), stopping(), failed()}) {
            CAPTURE(event.index(), to_string(group.now().state));
            const Snapshot before = group.now();
            CHECK(group.tell(event).last.ignored);
            CHECK(group.now() == before);
            CHECK(group.last.effects.empty());
        }
    }
}
