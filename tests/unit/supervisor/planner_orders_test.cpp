/// Orders of the planner that come late: whether they still hold, and which are given again after a
/// supervisor died.
#include <algorithm>
#include <catch2/catch.hpp>
#include <deque>
#include <string>

#include "supervisor/planner.h"
#include "unit/supervisor/state_text.h"

using namespace mainstay;
using namespace mainstay::supervisor;

namespace {

using Names = std::vector<std::string>;

/// Services whose states are what the test says.
struct World {
    DependencyGraph graph;
    Planner planner{graph};
    std::deque<Snapshot> snapshots;
    Policy policy;

    Snapshot& add(const std::string& name, ServiceState state, const Relations& relations = {}) {
        const NodeId node = graph.intern(name);
        graph.define(node, relations);
        graph.find_cycles();
        Snapshot& s = snapshots.emplace_back();
        s.state = state;
        s.wanted = Wanted::Up;
        Planner::Orders orders;
        planner.enter(node, s, policy, orders);
        return s;
    }
    NodeId node(const std::string& name) const { return graph.find(name); }

    Planner::Orders resume() {
        Planner::Orders orders;
        planner.resume(orders);
        return orders;
    }
    bool confirm(const std::string& name, const Event& event) {
        instead.clear();
        return planner.confirm(node(name), event, instead);
    }
    Planner::Orders instead;
};

Relations conflicts(Names names) {
    Relations relations;
    relations.conflicts = std::move(names);
    return relations;
}
Relations needs(Names names) {
    Relations relations;
    relations.needs = std::move(names);
    return relations;
}

/// Who is to give way to whom: "a to b".
Names ways(const World& world, const Planner::Orders& orders) {
    Names all;
    for (const Planner::Order& order : orders) {
        if (const auto* way = std::get_if<GiveWay>(&order.event)) {
            all.push_back(world.graph.name(order.node) + " to " + world.graph.name(way->to));
        }
    }
    return all;
}

}  // namespace

TEST_CASE("resume: of two that conflict the one that runs gives way to the one that waits",
          "[planner][resume]") {
    World world;
    world.add("a", ServiceState::Ready, conflicts({"b"}));
    Snapshot& b = world.add("b", ServiceState::Waiting);
    SECTION("whoever says so") {
        CHECK(ways(world, world.resume()) == Names{"a to b"});
    }
    SECTION("only one of two that both wait") {
        world.snapshots[0].state = ServiceState::Waiting;
        CHECK(ways(world, world.resume()) == Names{"b to a"});
    }
    SECTION("none where the other is not wanted") {
        b.wanted = Wanted::Down;
        CHECK(ways(world, world.resume()).empty());
    }
    SECTION("none where it was told already") {
        world.snapshots[0].wanted = Wanted::Down;
        world.snapshots[0].state = ServiceState::Stopping;
        CHECK(ways(world, world.resume()).empty());
    }
}

TEST_CASE("resume: who has no conflict gives no way", "[planner][resume]") {
    World world;
    world.add("a", ServiceState::Ready, needs({"c"}));
    world.add("b", ServiceState::Waiting, conflicts({"nowhere"}));
    world.add("c", ServiceState::Waiting, conflicts({"c"}));
    CHECK(ways(world, world.resume()).empty());
}

TEST_CASE("an order for who is not there any more does not hold", "[planner]") {
    World world;
    world.add("a", ServiceState::Waiting);
    CHECK(world.confirm("a", NeedsMet{}));
    Planner::Orders orders;
    world.planner.leave(world.node("a"), orders);
    for (const Event& event : {Event(NeedsMet{}), Event(WantUp{}), Event(Unblock{}),
                               Event(DependentsDown{}), Event(GiveWay{0})}) {
        CHECK_FALSE(world.confirm("a", event));
    }
}

TEST_CASE("nobody gives way to who is not wanted any more", "[planner]") {
    World world;
    world.add("a", ServiceState::Ready, conflicts({"b"}));
    Snapshot& b = world.add("b", ServiceState::Waiting);
    b.wanted = Wanted::Down;
    CHECK_FALSE(world.confirm("a", GiveWay{world.node("b")}));
    CHECK(world.planner.gave_way_to(world.node("a")) == kNoNode);
    b.wanted = Wanted::Up;
    CHECK(world.confirm("a", GiveWay{world.node("b")}));
    CHECK(world.planner.gave_way_to(world.node("a")) == world.node("b"));
}

TEST_CASE("a start that was ordered before what it needs failed is a failure instead",
          "[planner]") {
    World world;
    Snapshot& db = world.add("db", ServiceState::Ready);
    Snapshot& web = world.add("web", ServiceState::Waiting, needs({"db"}));
    CHECK(world.confirm("web", NeedsMet{}));
    SECTION("it failed") {
        db.state = ServiceState::Failed;
        CHECK_FALSE(world.confirm("web", NeedsMet{}));
        REQUIRE(world.instead.size() == 1);
        CHECK(world.instead[0].node == world.node("web"));
        REQUIRE(std::holds_alternative<Block>(world.instead[0].event));
        CHECK(std::get<Block>(world.instead[0].event).obstacle == Obstacle::NeedFailed);
    }
    SECTION("it only stops: the start waits") {
        db.state = ServiceState::Stopping;
        CHECK_FALSE(world.confirm("web", NeedsMet{}));
        CHECK(world.instead.empty());
        CHECK(world.planner.blocker(world.node("web")) == world.node("db"));
    }
    SECTION("it waits no more") {
        web.state = ServiceState::Starting;
        CHECK_FALSE(world.confirm("web", NeedsMet{}));
        CHECK(world.instead.empty());
    }
}

TEST_CASE("a failure that was ordered before what it needs came back is a start instead",
          "[planner]") {
    World world;
    Snapshot& db = world.add("db", ServiceState::Failed);
    world.add("web", ServiceState::Waiting, needs({"db"}));
    CHECK(world.confirm("web", Block{Obstacle::NeedFailed}));
    db.state = ServiceState::Ready;
    CHECK_FALSE(world.confirm("web", Block{Obstacle::NeedFailed}));
    REQUIRE(world.instead.size() == 1);
    CHECK(std::holds_alternative<NeedsMet>(world.instead[0].event));
    // What its own definition says is nothing that the planner could know better.
    CHECK(world.confirm("web", Block{Obstacle::Definition}));
}
