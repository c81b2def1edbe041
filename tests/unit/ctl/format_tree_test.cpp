#include "ctl/format_tree.h"

#include <catch2/catch.hpp>

#include "views.h"

using namespace mainstay;
using namespace mainstay::ctl;
using namespace mainstay::ctl::test;

namespace {

ServiceView service(const char* name, std::vector<RelatedView> needs,
                    ServiceState state = ServiceState::Ready) {
    return with(make_view(name, state, Wanted::Up, 1s), needing(std::move(needs)));
}

const std::vector<ServiceView> kShop{
    service("web", {{"api", ServiceState::Ready}, {"cache", ServiceState::Down}}),
    service("api", {{"db", ServiceState::Up}, {"net", ServiceState::Done}}),
    service("db", {{"net", ServiceState::Done}}, ServiceState::Up),
    service("cache", {}, ServiceState::Down),
    service("net", {{"nix", std::nullopt}}, ServiceState::Done),
    service("cron", {}),
};

}  // namespace

TEST_CASE("the tree shows what needs what, each subtree once", "[tree]") {
    CHECK(format_tree(kShop, {}, kPlain) ==
          "cron (ready)\n"
          "web (ready)\n"
          "|- api (ready)\n"
          "|  |- db (up)\n"
          "|  |  `- net (done)\n"
          "|  |     `- nix (does not exist)\n"
          "|  `- net (done) see above\n"
          "`- cache (down)\n");
}

TEST_CASE("UTF-8 has lines, and a tree may begin anywhere", "[tree]") {
    CHECK(format_tree(kShop, {"db"}, kUtf8) ==
          "db (up)\n"
          "└─ net (done)\n"
          "   └─ nix (does not exist)\n");
}

TEST_CASE("a cycle is marked and ends", "[tree]") {
    const std::vector<ServiceView> views{service("a", {{"b", {}}}), service("b", {{"c", {}}}),
                                         service("c", {{"a", {}}})};
    CHECK(format_tree(views, {}, kPlain) ==
          "a (ready)\n"
          "`- b (ready)\n"
          "   `- c (ready)\n"
          "      `- a (ready) cycle\n");
    CHECK(format_tree({service("self", {{"self", {}}})}, {}, kPlain) ==
          "self (ready)\n"
          "`- self (ready) cycle\n");
}

TEST_CASE("members and wants are told apart from needs", "[tree]") {
    ServiceDetails details;
    details.members = {{"m", ServiceState::Ready}};
    details.wants = {{"w", ServiceState::Down}};
    CHECK(format_tree({with(make_view("g", ServiceState::Ready, Wanted::Up, 1s), details),
                       service("m", {}), service("w", {}, ServiceState::Down)},
                      {}, kPlain) ==
          "g (ready)\n"
          "|- m (ready, member)\n"
          "`- w (down, wanted)\n");
}

TEST_CASE("a long chain is no deep recursion", "[tree]") {
    std::vector<ServiceView> views;
    constexpr int kLength = 2000;
    for (int i = 0; i < kLength; ++i) {
        views.push_back(service(("s" + std::to_string(i)).c_str(),
                                {{"s" + std::to_string(i + 1), ServiceState::Ready}}));
    }
    const std::string tree = format_tree(views, {}, kPlain);
    CHECK(tree.find("s1999 (ready)") != std::string::npos);
    CHECK(tree.find("s2000 (does not exist)") != std::string::npos);
}
