#include "supervisor/depgraph.h"

#include <catch2/catch.hpp>

using namespace mainstay::supervisor;

namespace {

using Names = std::vector<std::string>;

Relations needs(Names names) {
    Relations relations;
    relations.needs = std::move(names);
    return relations;
}
Relations after(Names names) {
    Relations relations;
    relations.after = std::move(names);
    return relations;
}

struct Graph : DependencyGraph {
    NodeId add(std::string_view name, const Relations& relations = {}) {
        const NodeId node = intern(name);
        define(node, relations);
        return node;
    }
    std::string cycle_of(std::string_view name) { return spell_cycle(find(name)); }
    bool says(std::string_view name, Relation relation, std::string_view other) const {
        const auto& all = edges(find(name));
        return std::any_of(all.begin(), all.end(), [&](const Edge& edge) {
            return edge.is(relation, Side::Says) && edge.node == find(other);
        });
    }
};

}  // namespace

TEST_CASE("graph: edges are known at both ends, whether there is such a service or not",
          "[depgraph]") {
    Graph graph;
    const NodeId web = graph.add("web", needs({"db"}));
    const NodeId db = graph.find("db");
    REQUIRE(db != kNoNode);
    CHECK_FALSE(graph.is_defined(db));
    CHECK(graph.is_defined(web));
    REQUIRE(graph.edges(db).size() == 1);
    CHECK(graph.edges(db).front().is(Relation::Needs, Side::Said));
    CHECK(graph.edges(db).front().node == web);
    CHECK(graph.intern("db") == db);
    CHECK(graph.find("nobody") == kNoNode);
    CHECK(graph.in_order_of_name() == std::vector<NodeId>{db, web});
}

TEST_CASE("graph: a definition replaces the one before it", "[depgraph]") {
    Graph graph;
    const NodeId web = graph.add("web", needs({"db"}));
    CHECK_FALSE(graph.define(web, needs({"db"})));
    CHECK(graph.define(web, needs({"cache"})));
    CHECK(graph.find("db") == kNoNode);
    CHECK(graph.says("web", Relation::Needs, "cache"));
    CHECK(graph.define(web, after({"cache"})));
    CHECK(graph.says("web", Relation::After, "cache"));
    CHECK_FALSE(graph.says("web", Relation::Needs, "cache"));
}

TEST_CASE("graph: numbers are used again when nobody mentions them", "[depgraph]") {
    Graph graph;
    const NodeId web = graph.add("web", needs({"db"}));
    const NodeId db = graph.add("db");
    graph.undefine(db);
    CHECK(graph.find("db") == db);  // web still mentions it
    CHECK_FALSE(graph.is_defined(db));
    graph.undefine(web);
    CHECK(graph.find("db") == kNoNode);
    CHECK(graph.find("web") == kNoNode);
    graph.add("x");
    graph.add("y");
    CHECK(graph.size() == 2);
    SECTION("one that mentions itself goes as well") {
        graph.undefine(graph.add("me", needs({"me"})));
        CHECK(graph.find("me") == kNoNode);
    }
}

TEST_CASE("graph: a service has one logger, which a definition leaves alone", "[depgraph]") {
    Graph graph;
    const NodeId web = graph.add("web", needs({"db"}));
    const NodeId api = graph.add("api");
    const NodeId one = graph.add("one");
    const NodeId two = graph.add("two");
    graph.log_to(web, one);
    graph.log_to(api, one);
    CHECK(graph.edges(one).size() == 2);
    graph.define(web, needs({"cache"}));
    CHECK(graph.says("web", Relation::Log, "one"));
    graph.log_to(web, two);
    CHECK(graph.says("web", Relation::Log, "two"));
    CHECK_FALSE(graph.says("web", Relation::Log, "one"));
    CHECK(graph.edges(one).size() == 1);
    graph.log_to(web, kNoNode);
    CHECK(graph.edges(two).empty());
    graph.undefine(two);
    graph.log_to(web, kNoNode);
    CHECK(graph.find("two") == kNoNode);
}

TEST_CASE("graph: circles of needs are spelled, others are none", "[depgraph]") {
    Graph graph;
    graph.add("a", needs({"b"}));
    graph.add("b", needs({"c", "a"}));
    graph.add("c", needs({"a"}));
    graph.add("d", needs({"a"}));
    graph.add("me", needs({"me"}));
    graph.find_cycles();
    CHECK(graph.cycle_of("a") == "a -> b -> a");
    CHECK(graph.cycle_of("c") == "c -> a -> b -> c");
    CHECK(graph.cycle_of("d").empty());
    CHECK(graph.cycle_of("me") == "me -> me");
    CHECK(graph.is_in_cycle(graph.find("b")));
    graph.define(graph.find("b"), {});
    graph.find_cycles();
    CHECK_FALSE(graph.is_in_cycle(graph.find("a")));
}

TEST_CASE("graph: order may close a circle of needs and members", "[depgraph]") {
    Graph graph;
    Relations group;
    group.members = {"m"};
    graph.add("g", group);
    graph.add("m", after({"g"}));
    graph.add("x", needs({"y"}));
    Relations y;
    y.before = {"z"};
    graph.add("y", after({"x"}));
    graph.find_cycles();
    CHECK(graph.cycle_of("g") == "g -> m -> g");
    CHECK(graph.cycle_of("x") == "x -> y -> x");
    CHECK(graph.order_cycles().empty());
}

TEST_CASE("graph: circles of order alone are told once and mean nothing", "[depgraph]") {
    Graph graph;
    const NodeId b = graph.add("b", after({"a"}));
    Relations a;
    a.after = {"c"};
    graph.add("a", a);
    Relations c;
    c.after = {"b"};
    graph.add("c", c);
    graph.add("z", after({"y"}));
    graph.add("y", after({"z", "a"}));
    graph.find_cycles();
    CHECK(graph.order_cycles() == Names{"a -> c -> b -> a", "y -> z -> y"});
    CHECK_FALSE(graph.is_in_cycle(b));
    CHECK(graph.is_void(b, {graph.find("a"), Relation::After, Side::Says}));
    CHECK_FALSE(graph.is_void(graph.find("y"), {graph.find("a"), Relation::After, Side::Says}));
}

TEST_CASE("graph: a logger that needs its writer is not waited for", "[depgraph]") {
    Graph graph;
    const NodeId web = graph.add("web");
    const NodeId logger = graph.add("logger", needs({"web"}));
    graph.log_to(web, logger);
    graph.find_cycles();
    CHECK_FALSE(graph.is_in_cycle(web));
    CHECK(graph.is_void(web, {logger, Relation::Log, Side::Says}));
    CHECK_FALSE(graph.is_void(logger, {web, Relation::Needs, Side::Says}));
}

TEST_CASE("graph: a long circle is spelled short, and a long chain is no circle", "[depgraph]") {
    Graph graph;
    constexpr int kCount = 20000;
    for (int i = 0; i < kCount; ++i) {
        graph.add("s" + std::to_string(i), needs({"s" + std::to_string(i + 1)}));
    }
    graph.find_cycles();
    CHECK_FALSE(graph.is_in_cycle(graph.find("s0")));
    graph.add("s" + std::to_string(kCount), needs({"s0"}));
    graph.find_cycles();
    CHECK(graph.cycle_of("s0") ==
          "s0 -> s1 -> s2 -> s3 -> s4 -> s5 -> s6 -> s7 -> s8 -> s9 -> s10 -> ... -> s0");
}
