#include "ctl/explain.h"

#include <catch2/catch.hpp>

#include "views.h"

using namespace mainstay;
using namespace mainstay::ctl;
using namespace mainstay::ctl::test;

TEST_CASE("why follows what is waited for down to its cause", "[explain]") {
    ServiceView front = make_view("front", ServiceState::Waiting, Wanted::Up, 3min);
    front.blockers = {{"api", "needs", ServiceState::Waiting, {}}};
    ServiceView starting = db();
    starting.deadline = 41s;
    const std::vector<ServiceView> views{front, api(), starting, sshd()};
    CHECK(explain(views, "front", kPlain) ==
          "front waits for 3 m now.\n"
          "front needs api (waiting).\n"
          "api waits for 3 m now.\n"
          "api needs db (starting, 41 s left).\n"
          "db runs, but has not said that it is ready, for 19 s; it has 41 s left.\n");
    CHECK(explain(views, "nix", kPlain).empty());
}

TEST_CASE("why ends with what to do", "[explain]") {
    ServiceView waiting = api();
    waiting.blockers = {{"web", "needs", ServiceState::Backoff, {}}};
    ServiceView broken = web();
    broken.exec_failure = {"exec", "/etc/sv/web/run", "Permission denied"};
    CHECK(explain({waiting, broken}, "api", kPlain) ==
          "api waits for 3 m now.\n"
          "api needs web (backoff).\n"
          "web could not be started; next start in 8 s (7th restart): exec /etc/sv/web/run: "
          "Permission denied.\n"
          "What to do: chmod +x /etc/sv/web/run makes it executable.\n");
}

TEST_CASE("why has a sentence for every state", "[explain]") {
    for (std::uint8_t i = 0; !to_string(static_cast<ServiceState>(i)).empty(); ++i) {
        const ServiceView view = make_view("a", static_cast<ServiceState>(i), Wanted::Up, 5s);
        const std::string text = explain({view}, "a", kPlain);
        CAPTURE(text);
        CHECK(text.find("a ") == 0);
        CHECK(text.find(".\n") != std::string::npos);
    }
    CHECK(explain({cron()}, "cron", kPlain) ==
          "cron is down for 2 d 3 h: it has a down file, so it is not started at boot.\n");
    ServiceView view = make_view("a", ServiceState::Failed, Wanted::Up, 1s);
    view.cause = "its finish program says so";
    view.last_death = {{ExitStatus::Kind::Exited, 2, false}, 1500ms, 1s};
    CHECK(explain({view}, "a", kPlain) ==
          "a has failed for good (its finish program says so): exit 2 after 1.50 s.\n"
          "What to do: svctl up a tries it again, when its cause is mended.\n");
}

TEST_CASE("why tells who is wanted by nobody, and who waits for somebody to call", "[explain]") {
    ServiceView view = make_view("a", ServiceState::Down, Wanted::Down, 1s);
    CHECK(explain({view}, "a", kPlain) == "a is down for 1 s: nobody wants it up.\n");
    view.cause = "svctl down by root";
    CHECK(explain({view}, "a", kPlain) ==
          "a is down for 1 s: nobody wants it up: svctl down by root.\n");
    view = make_view("a", ServiceState::Waiting, Wanted::Up, 1s);
    view.is_listening = true;
    view.cause = "waiting for the first connection";
    CHECK(explain({view}, "a", kPlain) ==
          "a has been waiting for the first connection for 1 s.\n"
          "What to do: it starts when somebody comes; svctl up a starts it now.\n");
}

TEST_CASE("why names a logger that is in trouble, and no other", "[explain]") {
    ServiceView view = make_view("a", ServiceState::Ready, Wanted::Up, 1s);
    for (const ServiceState state : {ServiceState::Ready, ServiceState::Down}) {
        view.logger = {state};
        CHECK(explain({view}, "a", kPlain) == "a is ready for 1 s.\n");
    }
    view.logger = {ServiceState::Failed};
    CHECK(explain({view}, "a", kPlain)
              .starts_with("a is ready for 1 s.\na/log, its logger, is in failed.\n"));
}

TEST_CASE("a cycle is told once around", "[explain]") {
    ServiceView a = make_view("a", ServiceState::Waiting, Wanted::Up, 1s);
    a.blockers = {{"b", "needs", ServiceState::Waiting, {}}};
    ServiceView b = make_view("b", ServiceState::Waiting, Wanted::Up, 1s);
    b.blockers = {{"a", "needs", ServiceState::Waiting, {}}};
    CHECK(
        explain({a, b}, "a", kPlain) ==
        "a waits for 1 s now.\na needs b (waiting).\nb waits for 1 s now.\nb needs a (waiting).\n");
}
