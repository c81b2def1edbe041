#include "ctl/describe.h"

#include <catch2/catch.hpp>

#include "views.h"

using namespace mainstay;
using namespace mainstay::ctl;
using namespace mainstay::ctl::test;

TEST_CASE("ordinals are those of English", "[describe]") {
    CHECK(ordinal(1) == "1st");
    CHECK(ordinal(2) == "2nd");
    CHECK(ordinal(3) == "3rd");
    CHECK(ordinal(4) == "4th");
    CHECK(ordinal(11) == "11th");
    CHECK(ordinal(12) == "12th");
    CHECK(ordinal(13) == "13th");
    CHECK(ordinal(21) == "21st");
    CHECK(ordinal(102) == "102nd");
    CHECK(ordinal(112) == "112th");
    CHECK(ordinal(0) == "0th");
}

TEST_CASE("a countdown is never 0 before its time", "[describe]") {
    CHECK(countdown_text(0ms) == "0 s");
    CHECK(countdown_text(1ms) == "0.1 s");
    CHECK(countdown_text(250ms) == "0.3 s");
    CHECK(countdown_text(900ms) == "0.9 s");
    CHECK(countdown_text(901ms) == "1 s");
    CHECK(countdown_text(7990ms) == "8 s");
    CHECK(countdown_text(8s) == "8 s");
    CHECK(countdown_text(2h + 5min) == "2 h 5 m");
}

TEST_CASE("what lasted shortly is told to the hundredth", "[describe]") {
    CHECK(lasted_text(0ms) == "0.00 s");
    CHECK(lasted_text(310ms) == "0.31 s");
    CHECK(lasted_text(9999ms) == "9.99 s");
    CHECK(lasted_text(10s) == "10 s");
    CHECK(lasted_text(51h) == "2 d 3 h");
}

TEST_CASE("the last column says what matters in each state", "[describe]") {
    CHECK(detail(web()) == "exit 1, next start in 8 s (7th)");
    CHECK(detail(api()) == "needs db (starting, 41 s left)");
    CHECK(detail(db()) == "pid 4802, not ready yet");
    CHECK(detail(sshd()) == "pid 312");
    CHECK(detail(cron()) == "down file");

    ServiceView view = make_view("a", ServiceState::Down, Wanted::Down, 1s);
    CHECK(detail(view).empty());

    view.state = ServiceState::Starting;
    view.wanted = Wanted::Up;
    CHECK(detail(view).empty());

    view.state = ServiceState::Stopping;
    view.pid = 33;
    view.deadline = 3500ms;
    CHECK(detail(view) == "pid 33, KILL in 4 s");

    view.state = ServiceState::Finishing;
    CHECK(detail(view) == "pid 33, KILL in 4 s");

    view.state = ServiceState::Ready;
    view.is_paused = true;
    view.wanted = Wanted::Once;
    CHECK(detail(view) == "paused, pid 33, once");

    view = make_view("a", ServiceState::Failed, Wanted::Up, 1s);
    view.last_death = {{ExitStatus::Kind::Signaled, SIGSEGV, true}, 1s, 1s};
    CHECK(detail(view) == "killed by SEGV (core dumped), not started again");

    view.state = ServiceState::Done;
    view.last_death = {{ExitStatus::Kind::Exited, 0, false}, 1s, 1s};
    CHECK(detail(view) == "exit 0");
}

TEST_CASE("what is waited for is told with its state", "[describe]") {
    CHECK(blocker_text({"db", "needs", ServiceState::Starting, 41s}) ==
          "needs db (starting, 41 s left)");
    CHECK(blocker_text({"nix", "needs", std::nullopt, {}}) == "needs nix (does not exist)");
    CHECK(blocker_text({"b", "conflicts", ServiceState::Stopping, 3s}) ==
          "conflicts with b (stopping, 3 s left)");
    CHECK(blocker_text({"b", "", ServiceState::Up, {}}) == "waits for b (up)");
    ServiceView view = api();
    view.blockers.push_back({"net", "after", ServiceState::Waiting, {}});
    CHECK(detail(view) == "needs db (starting, 41 s left) and 1 more");
}

TEST_CASE("what a service says of itself, and that its definition changed, is shown",
          "[describe]") {
    ServiceView view = sshd();
    view.status_text = "2 sessions";
    view.is_reloading = true;
    view.has_changed = true;
    CHECK(detail(view) == "pid 312, reloading, 2 sessions, definition changed");
    view = db();
    view.deadline = 41s;
    CHECK(detail(view) == "pid 4802, not ready yet, 41 s left");
}

TEST_CASE("a death that has a cause names it", "[describe]") {
    Death death{{ExitStatus::Kind::Signaled, SIGKILL, false}, 1s, 1s, true, "", ""};
    CHECK(death_text(death) == "killed by KILL (out of memory)");
    death = {{ExitStatus::Kind::Signaled, SIGABRT, true}, 1s, 1s, false, "watchdog", ""};
    CHECK(death_text(death) == "killed by ABRT (core dumped) (watchdog)");
}

TEST_CASE("a start that never became the program is told by its stage", "[describe]") {
    ServiceView view = web();
    view.exec_failure = {"exec", "/etc/sv/web/run", "No such file or directory"};
    CHECK(detail(view) ==
          "exec /etc/sv/web/run: No such file or directory, next start in 8 s (7th)");
    view.exec_failure = {"fork", "", "Resource temporarily unavailable"};
    CHECK(death_text(view) == "fork: Resource temporarily unavailable");
}

TEST_CASE("a log that is in trouble puts its service into trouble", "[describe]") {
    ServiceView view = sshd();
    view.logger = {ServiceState::Ready, 311};
    CHECK(standing(view) == Standing::Ready);
    CHECK(detail(view) == "pid 312");
    view.logger = {ServiceState::Backoff, 0};
    CHECK(standing(view) == Standing::Trouble);
    CHECK(detail(view) == "pid 312, its log is in backoff");
}

TEST_CASE("trouble is told with the state where that adds something", "[describe]") {
    CHECK(trouble_text(web()) == "exit 1, next start in 8 s (7th restart)");
    CHECK(trouble_text(db()) == "pid 4802, not ready yet");
    CHECK(trouble_text(api()) == "waiting, needs db (starting, 41 s left)");
    ServiceView view = make_view("a", ServiceState::Stopping, Wanted::Down, 1s);
    view.pid = 33;
    view.deadline = 4s;
    CHECK(trouble_text(view) == "stopping, pid 33, KILL in 4 s");
    view = make_view("a", ServiceState::Down, Wanted::Down, 1s);
    view.last_death = {{ExitStatus::Kind::Exited, 2, false}, 1s, 1s};
    CHECK(trouble_text(view) == "down, exit 2");
}
