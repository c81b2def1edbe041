#include "ctl/format_stream.h"

#include <catch2/catch.hpp>

#include "ctl/format_deaths.h"
#include "ctl/kernel_log.h"
#include "views.h"

using namespace mainstay;
using namespace mainstay::ctl;
using namespace mainstay::ctl::test;
using protocol::EventKind;
using protocol::EventReply;

namespace {

/// 2026-03-01 12:03:23 of local time.
constexpr LocalTime kNow{1772366603};

EventReply event_of(EventKind kind) {
    EventReply event;
    event.kind = kind;
    return event;
}

}  // namespace

TEST_CASE("log lines are raw in a pipe and harmless on a terminal", "[stream]") {
    const protocol::LogReply log{1, "web", {"a\x1b[1mb", "c"}, 0};
    CHECK(format_log_lines(log, Prefix::None, kPiped) == "a\x1b[1mb\nc\n");
    CHECK(format_log_lines(log, Prefix::Name, kNarrow) == "web: a\\x1b[1mb\nweb: c\n");
    CHECK(format_log_lines({1, "web", {std::string(90, 'x')}, 0}, Prefix::None, kNarrow) ==
          std::string(90, 'x') + "\n");
    CHECK(format_log_lines({1, "web", {"a"}, 17}, Prefix::None, kPiped) == "(17 bytes lost)\na\n");
}

TEST_CASE("who has a logger has no lines here, and is told where they are", "[stream]") {
    CHECK(format_logger({1, "web", {}, 0, {}, false, "web/log"}, kPiped) ==
          "web: its lines go to its logger, web/log, whose run program says where they are\n");
}

TEST_CASE("an event is one line", "[stream]") {
    EventReply event = event_of(EventKind::State);
    event.was = ServiceState::Starting;
    event.view = sshd();
    CHECK(format_event(event, kNow, 2s, kPlain) == "12:03:21 sshd: starting -> ready, pid 312\n");
    event.view = make_view("sshd", ServiceState::Down, Wanted::Down, 0s);
    event.view->last_death = {{ExitStatus::Kind::Signaled, SIGTERM, false}, 3s, 0s};
    event.was = ServiceState::Stopping;
    CHECK(format_event(event, kNow, 0s, kPlain) ==
          "12:03:23 sshd: stopping -> down, killed by TERM\n");
    event = event_of(EventKind::Removed);
    event.service = "web";
    CHECK(format_event(event, kNow, 0s, kPlain) == "12:03:23 web: removed\n");
    event = event_of(EventKind::Lost);
    event.lost = 5;
    CHECK(format_event(event, kNow, 0s, kPlain) == "12:03:23 5 events lost: svctl was too slow\n");
    CHECK(format_event(event_of(EventKind::Boot), kNow, 0s, kPlain) ==
          "12:03:23 the boot is complete\n");
    CHECK(format_event(event_of(EventKind::Watching), kNow, 0s, kPlain).empty());
    event = event_of(EventKind::Added);
    event.view = cron();
    CHECK(format_event(event, kNow, 0s, kPlain) == "12:03:23 cron: added, down\n");
    event = event_of(EventKind::Changed);
    event.view = sshd();
    event.view->is_paused = true;
    CHECK(format_event(event, kNow, 0s, kPlain) == "12:03:23 sshd: ready, paused, pid 312\n");
}

TEST_CASE("what a verb changed is one line", "[stream]") {
    CHECK(format_change({1, "web", "enabled", {}, "/etc/service/web", "/etc/sv/web", ""}, kPlain) ==
          "web: enabled, /etc/service/web -> /etc/sv/web\n");
    CHECK(format_change({1, "web", "changed", {"exec", "needs"}, "", "", "it runs as before"},
                        kPlain) == "web: changed: exec, needs; it runs as before\n");
}

TEST_CASE("progress counts down while nothing comes", "[stream]") {
    ServiceView view = db();
    view.deadline = 41s;
    CHECK(progress_text({1, 1, view}, 0s, kPlain) == "waiting for db (up, 41 s left)");
    CHECK(progress_text({1, 4, view}, 1s, kPlain) == "waiting for db (up, 40 s left) and 3 more");
    CHECK(progress_text({1, 1, api()}, 60s, kPlain) ==
          "waiting for api (waiting, needs db (starting, 0 s left))");
    view = make_view("web", ServiceState::Stopping, Wanted::Down, 3s);
    view.deadline = 7s;
    CHECK(progress_text({1, 1, view}, 0s, kPlain) == "waiting for web (stopping, KILL in 7 s)");
    CHECK(progress_text({1, 1, api()}, 0s, kNarrow) == "waiting for api (waiting, needs db (sta~");
}

TEST_CASE("deaths of all are told in order of time", "[stream]") {
    ServiceDetails details;
    details.deaths = {{{ExitStatus::Kind::Exited, 1, false}, 310ms, 62s, false, "", "restarted"},
                      {{ExitStatus::Kind::Exited, 1, false}, 12s, 2s, false, "", ""}};
    ServiceView other = sshd();
    other.last_death = {{ExitStatus::Kind::Signaled, SIGKILL, false}, 26h, 30s, true, "", ""};
    CHECK(format_deaths({with(web(), details), other, cron()}, kNow, kPlain) ==
          "12:02:21 web  after 0.31 s  exit 1, restarted\n"
          "12:02:53 sshd after 1 d 2 h killed by KILL (out of memory)\n"
          "12:03:21 web  after 12 s    exit 1\n");
    CHECK(format_deaths({cron()}, kNow, kPlain).empty());
}

TEST_CASE("PID 1's messages are found in the kernel's log", "[stream]") {
    CHECK(init_message("30,339,5140900,-;init: switching root\n SUBSYSTEM=x\n") ==
          "[    5.140900] switching root");
    CHECK_FALSE(init_message("6,339,5140900,-;random: crng init done\n").has_value());
    for (const char* record : {"", ";", "6,339;x", "no record", "6,1,2,-;", ";init:"}) {
        CHECK_FALSE(init_message(record).has_value());
    }
    CHECK(init_message(";init: x") == "[    0.000000] x");
}
