#include "ctl/format_outcome.h"

#include <catch2/catch.hpp>

#include "views.h"

using namespace mainstay;
using namespace mainstay::ctl;
using namespace mainstay::ctl::test;
using protocol::ErrorCode;
using protocol::ServiceError;

namespace {

constexpr Order kUp{"up", 0};
constexpr Order kDown{"down", 0};

ServiceView klogd() {
    ServiceView view = make_view("klogd", ServiceState::Backoff, Wanted::Up, 10ms);
    view.restarts = 3;
    view.next_start = 2s;
    view.last_death = {{ExitStatus::Kind::Exited, 1, false}, 3ms, 10ms};
    view.log_lines = {"klogd: cannot open /proc/kmsg", "klogd: \x1b[1mgiving up"};
    return view;
}

}  // namespace

TEST_CASE("what worked is one line", "[outcome]") {
    CHECK(format_success(kUp, sshd(), kPlain) == "sshd: ready, pid 312\n");
    CHECK(format_success(kUp, db(), kPlain) == "db: up, pid 4802, not ready yet\n");
    CHECK(format_success(kDown, cron(), kPlain) == "cron: down\n");
    CHECK(format_success({"hup", SIGHUP}, sshd(), kPlain) == "sshd: HUP sent to pid 312\n");
    CHECK(format_success({"signal", 40}, sshd(), kPlain) == "sshd: signal 40 sent to pid 312\n");
    ServiceView gone = sshd();
    gone.pid = 0;
    CHECK(format_success({"kill", SIGKILL}, gone, kPlain) == "sshd: KILL sent\n");
}

TEST_CASE("what failed comes with its cause and its last lines", "[outcome]") {
    CHECK(format_failure(kUp, {1, "klogd", ErrorCode::ServiceFailed, "", klogd()}, kPlain) ==
          "klogd: up did not finish: exit 1, next start in 2 s (3rd restart)\n"
          "  log:      klogd: cannot open /proc/kmsg\n"
          "            klogd: \\x1b[1mgiving up\n");
}

TEST_CASE("the supervisor's own words go before ours", "[outcome]") {
    ServiceView view = klogd();
    view.log_lines.clear();
    CHECK(format_failure(kUp, {1, "klogd", ErrorCode::ServiceFailed, "exit 1 after 3 ms", view},
                         kPlain) ==
          "klogd: up did not finish: exit 1 after 3 ms, next start in 2 s (3rd restart)\n");
    view.state = ServiceState::Failed;
    CHECK(format_failure(kUp, {1, "klogd", ErrorCode::ServiceFailed, "", view}, kPlain) ==
          "klogd: up failed: exit 1, not started again\n");
}

TEST_CASE("a time that is over says how far the service is", "[outcome]") {
    ServiceView view = make_view("web", ServiceState::Stopping, Wanted::Down, 5s);
    view.pid = 33;
    view.deadline = 4s;
    CHECK(format_failure(kDown, {1, "web", ErrorCode::TimedOut, "", view}, kPlain) ==
          "web: down did not finish in time: stopping, pid 33, KILL in 4 s\n");
    CHECK(format_failure(kDown, {1, "web", ErrorCode::TimedOut, "still stopping after 5 s", view},
                         kPlain) == "web: down did not finish in time: still stopping after 5 s\n");
}

TEST_CASE("a service that there is not, or may not be touched, has one line", "[outcome]") {
    CHECK(format_failure(kUp, {1, "wbe", ErrorCode::UnknownService, "no service wbe", {}},
                         kPlain) == "wbe: no service wbe\n");
    CHECK(format_failure(kUp, {1, "wbe", ErrorCode::UnknownService, "", {}}, kPlain) ==
          "wbe: there is no such service; svctl list names those that there are\n");
    CHECK(format_failure({"hup", SIGHUP}, {1, "klogd", ErrorCode::NotUp, "", klogd()}, kPlain) ==
          "klogd: it is not running\n");
    CHECK(format_failure(kUp, {1, "a\x1b", ErrorCode::NotPermitted, "", {}}, kPlain) ==
          "a\\x1b: not permitted; try it as root\n");
    CHECK(format_failure(kUp, {1, "a", ErrorCode::ShuttingDown, "", {}}, kPlain) ==
          "a: the system is going down, nothing is started any more\n");
    CHECK(format_failure(kUp, {1, "a", ErrorCode::Internal, "", {}}, kPlain) ==
          "a: refused: internal\n");
}

TEST_CASE("a code without words of its own is named, so that it can be looked up", "[outcome]") {
    for (const ErrorCode code : {ErrorCode::BadRequest, ErrorCode::TooLong, ErrorCode::UnknownVerb,
                                 ErrorCode::ServiceFailed, ErrorCode::TimedOut,
                                 ErrorCode::TooManyConnections, ErrorCode::Internal}) {
        CHECK(format_failure(kUp, {1, "a", code, "", {}}, kPlain) ==
              "a: refused: " + std::string(to_string(code)) + "\n");
    }
}

TEST_CASE("what happened to a service without a view is told in the supervisor's words",
          "[outcome]") {
    CHECK(format_failure(kUp, {1, "a", ErrorCode::TimedOut, "still waiting for db", {}}, kPlain) ==
          "a: still waiting for db\n");
}
