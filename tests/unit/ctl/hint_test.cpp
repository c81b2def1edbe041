#include "ctl/hint.h"

#include <catch2/catch.hpp>

#include "views.h"

using namespace mainstay;
using namespace mainstay::ctl;
using namespace mainstay::ctl::test;

namespace {

ServiceView died(ExitStatus status, std::chrono::milliseconds lived) {
    ServiceView view = web();
    view.last_death = {status, lived, 1s};
    return view;
}

}  // namespace

TEST_CASE("who is well gets no hint", "[hint]") {
    CHECK(hint_for(sshd()).empty());
    CHECK(hint_for(cron()).empty());
    CHECK(hint_for(api()).empty());
    CHECK(hint_for(web()).empty());
}

TEST_CASE("a program that cannot be executed gets the remedy", "[hint]") {
    ServiceView view = web();
    view.exec_failure = {"exec", "/etc/sv/web/run", "Permission denied"};
    CHECK(hint_for(view) == "chmod +x /etc/sv/web/run makes it executable");
    view.exec_failure->error = "No such file or directory";
    CHECK(hint_for(view) ==
          "write /etc/sv/web/run, or say with exec in its service.conf what to run");
    view.exec_failure->error = "Exec format error";
    CHECK(hint_for(view) == "its first line must name what executes it, such as #!/bin/sh");
    view.exec_failure = {"chdir", "/srv", "No such file or directory"};
    CHECK(hint_for(view).empty());
}

TEST_CASE("how it died says what it may be", "[hint]") {
    ServiceView view = died({ExitStatus::Kind::Exited, 127, false}, 1s);
    CHECK(hint_for(view).find("a program was not found") != std::string::npos);
    view = died({ExitStatus::Kind::Exited, 126, false}, 1s);
    CHECK(hint_for(view).find("not executable") != std::string::npos);
    view = died({ExitStatus::Kind::Exited, 0, false}, 20ms);
    CHECK(hint_for(view).find("keep it in front") != std::string::npos);
    view.last_death->lived = 5s;
    CHECK(hint_for(view).empty());
    view = died({ExitStatus::Kind::Signaled, SIGKILL, false}, 1s);
    view.last_death->out_of_memory = true;
    CHECK(hint_for(view).find("memory-max") != std::string::npos);
}

TEST_CASE("a need that is not there comes before how it died", "[hint]") {
    const ServiceView view = with(died({ExitStatus::Kind::Exited, 127, false}, 1s),
                                  needing({{"net", ServiceState::Ready}, {"db", {}}}));
    CHECK(hint_for(view) == "db is not ready; web may end because of that");
}

TEST_CASE("who was not even tried is told of what it needs", "[hint]") {
    const ServiceView failed = make_view("web", ServiceState::Failed, Wanted::Up, 1s);
    CHECK(hint_for(with(failed, needing({{"db", {}}}))) ==
          "svctl enable db makes db known; or take it out of web's needs");
    ServiceDetails details = needing({{"db", ServiceState::Failed}});
    CHECK(hint_for(with(failed, details)) == "web starts when db does: see svctl status db");
    // In a circle neither starts.
    details.needed_by = {{"db", ServiceState::Failed}};
    CHECK(hint_for(with(failed, details)) ==
          "svctl up web tries it again, when its cause is mended");
}

TEST_CASE("what failed for good can be tried again", "[hint]") {
    ServiceView view = make_view("a", ServiceState::Failed, Wanted::Up, 1s);
    CHECK(hint_for(view) == "svctl up a tries it again, when its cause is mended");
}

TEST_CASE("who waits for what cannot come is told", "[hint]") {
    ServiceView view = api();
    view.blockers = {{"db", "needs", std::nullopt, {}}};
    CHECK(hint_for(view) == "svctl enable db makes db known");
    view.blockers = {{"x", "after", ServiceState::Up, {}},
                     {"db", "needs", ServiceState::Failed, {}}};
    CHECK(hint_for(view) == "it starts when db does: see svctl status db");
}

TEST_CASE("who runs may need a hand as well", "[hint]") {
    ServiceView view = sshd();
    view.has_changed = true;
    CHECK(hint_for(view) == "its definition has changed: svctl restart sshd uses it");
    view.is_paused = true;
    CHECK(hint_for(view) == "svctl cont sshd lets it go on");
    view.logger = {ServiceState::Backoff, 0};
    CHECK(hint_for(view) == "its output is not read: see svctl status sshd/log");
    ServiceDetails details;
    details.readiness = "fd";
    CHECK(hint_for(with(db(), details)).find("has not said yet that it is ready (fd)") !=
          std::string::npos);
}
