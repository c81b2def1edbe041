#include "ctl/format_status.h"

#include <catch2/catch.hpp>

#include "views.h"

using namespace mainstay;
using namespace mainstay::ctl;
using namespace mainstay::ctl::test;

namespace {

/// 2026-03-01 12:03:23 of local time.
constexpr LocalTime kNow{1772366603};

}  // namespace

TEST_CASE("the page of a service is the one of the design", "[status]") {
    CHECK(format_status(web(), kNow, kPlain) ==
          "web: backoff for 12 s, next start in 8 s (7th restart)\n"
          "  Shop front, /etc/sv/web, enabled\n"
          "  last run: 0.31 s, exit 1, at 12:03:11\n"
          "  log:      Traceback (most recent call last):\n"
          "              File \"shop.py\", line 7\n"
          "            ConnectionRefusedError: [Errno 111] cannot reach db at 10.0.0.7:543~\n");
}

TEST_CASE("the page is cut to a narrow terminal, and not at all for a pipe", "[status]") {
    ServiceView broken = make_view("web", ServiceState::Failed, Wanted::Up, 5s);
    broken.cause = "/etc/sv/web/service.conf:1:8: nice: 'x' is no number";
    CHECK(format_status(broken, kNow, kNarrow) ==
          "web: failed for 5 s\n"
          "  /etc/sv/web, enabled\n"
          "  cause:    /etc/sv/web/service.conf:1:8:\n"
          "            nice: 'x' is no number\n"
          "  hint:     svctl up web tries it again,\n"
          "            when its cause is mended\n");
    CHECK(format_status(web(), kNow, kNarrow) ==
          "web: backoff for 12 s, next start in 8 s (7th restart)\n"
          "  Shop front, /etc/sv/web, enabled\n"
          "  last run: 0.31 s, exit 1, at 12:03:11\n"
          "  log:      Traceback (most recent call~\n"
          "              File \"shop.py\", line 7\n"
          "            ConnectionRefusedError: [Er~\n");
    CHECK(format_status(web(), kNow, kPiped).find("giving up after 3 attempts\n") !=
          std::string::npos);
}

TEST_CASE("a service that is simply up has a short page", "[status]") {
    CHECK(format_status(sshd(), kNow, kPlain) ==
          "sshd: ready for 2 d 3 h, pid 312\n"
          "  /etc/sv/sshd, enabled\n");
    CHECK(format_status(cron(), kNow, kPlain) ==
          "cron: down for 2 d 3 h\n"
          "  /etc/sv/cron, enabled, down file: not started at boot\n");
}

TEST_CASE("the page shows all there is to know", "[status]") {
    ServiceView view = db();
    view.is_paused = true;
    view.is_enabled = false;
    view.wanted = Wanted::Once;
    view.cause = "waits for its newline on fd 3";
    view.exec_failure = {"exec", "/etc/sv/db/run", "Exec format error"};
    view.last_death = {{ExitStatus::Kind::Signaled, SIGSEGV, true}, 26h, 36h};
    view.logger = {ServiceState::Ready, 4801};
    CHECK(format_status(view, kNow, kPlain) ==
          "db: up for 19 s, paused, pid 4802, not ready yet\n"
          "  /etc/sv/db, not enabled\n"
          "  wanted:   once\n"
          "  cause:    waits for its newline on fd 3\n"
          "  start:    exec /etc/sv/db/run: Exec format error\n"
          "  last run: 1 d 2 h, killed by SEGV (core dumped), at 2026-02-28 00:03:23\n"
          "  logger:   ready, pid 4801\n"
          "  hint:     svctl cont db lets it go on\n");
}

TEST_CASE("the page of a service in trouble is the one of the design", "[status]") {
    ServiceDetails details = needing({{"db", ServiceState::Starting}});
    details.needed_by = {{"api", ServiceState::Waiting}};
    details.restart = {"always", 0, 0s};
    details.death_count = 7;
    ServiceView view = with(web(), details);
    view.log_lines.resize(1);
    CHECK(format_status(view, kNow, kPiped) ==
          "web: backoff for 12 s, next start in 8 s (7th restart, no limit)\n"
          "  Shop front, /etc/sv/web, enabled\n"
          "  last run: 0.31 s, exit 1, at 12:03:11 (7 deaths, see svctl deaths web)\n"
          "  needs:    db (starting)   needed by: api\n"
          "  log:      Traceback (most recent call last):\n"
          "  hint:     db is not ready; web may end because of that\n");
}

TEST_CASE("details have a line each", "[status]") {
    ServiceDetails details;
    details.readiness = "notify";
    details.watchdog = 30s;
    details.restart = {"on-failure", 5, 10s};
    details.wants = {{"cache", ServiceState::Down}};
    details.after = {{"net", ServiceState::Done}, {"nix", std::nullopt}};
    details.before = {{"login", ServiceState::Waiting}};
    details.conflicts = {{"web2", ServiceState::Down}};
    details.members = {{"m", ServiceState::Up}};
    details.needed_by = {{"api", ServiceState::Waiting}};
    details.leftovers = {12, {5, 6}};
    details.zombies = {3, {312, 315}};
    details.usage = {12'900'000, 41'943'040, 1'500'000, 3};
    ServiceView view = with(sshd(), details);
    view.type = "oneshot";
    view.status_text = "2 sessions";
    CHECK(format_status(view, kNow, kPlain) ==
          "sshd: ready for 2 d 3 h, pid 312\n"
          "  /etc/sv/sshd, enabled\n"
          "  type:     oneshot\n"
          "  ready:    told by notify\n"
          "  restart:  on-failure\n"
          "  watchdog: 30 s\n"
          "  says:     2 sessions\n"
          "  needed by: api\n"
          "  wants:    cache (down)\n"
          "  after:    net (done), nix (does not exist)\n"
          "  before:   login (waiting)\n"
          "  conflicts: web2 (down)\n"
          "  members:  m (up)\n"
          "  uses:     12.3 MiB of memory (at most 40.0 MiB), 3 tasks, 1.50 s of CPU\n"
          "  left:     12 processes of earlier runs: pid 5 6 ...\n"
          "  zombies:  3 processes ended and not waited for by pid 312 315\n"
          "  hint:     leftovers = kill in its service.conf ends what it leaves behind\n");
}

TEST_CASE("a start tells how long it may still take", "[status]") {
    ServiceView view = db();
    view.deadline = 41s;
    CHECK(format_status(view, kNow, kPlain)
              .find("db: up for 19 s, pid 4802, not ready yet, 41 s left\n") == 0);
    CHECK(format_status(api(), kNow, kPlain).find("  waits:    needs db (starting, 41 s left)\n") !=
          std::string::npos);
}

TEST_CASE("a stop shows its deadline and that it is on its way", "[status]") {
    ServiceView view = make_view("web", ServiceState::Stopping, Wanted::Down, 3s);
    view.pid = 33;
    view.deadline = 7s;
    CHECK(format_status(view, kNow, kPlain) ==
          "web: stopping for 3 s, pid 33, KILL in 7 s\n"
          "  /etc/sv/web, enabled\n");
    view.wanted = Wanted::Up;
    CHECK(format_status(view, kNow, kPlain).find("  wanted:   up\n") != std::string::npos);
}

TEST_CASE("name and state have colours", "[status]") {
    CHECK(format_status(sshd(), kNow, kColoured)
              .find("\x1b[1msshd\x1b[0m: \x1b[32mready\x1b[0m for 2 d 3 h, pid 312\n") == 0);
}

TEST_CASE("what a service prints never reaches the terminal raw", "[status]") {
    ServiceView view = sshd();
    view.description = "\x1b]0;owned\x07";
    view.cause = "a\rb";
    view.log_lines = {"\x1b[31mred\x1b[0m", "tab\tand \xc3\xa4", "\xff\xfe",
                      "\xc2\x9b"
                      "2J"};
    const std::string page = format_status(view, kNow, kUtf8);
    CHECK(page.find("  \\x1b]0;owned\\x07, /etc/sv/sshd, enabled\n") != std::string::npos);
    CHECK(page.find("  cause:    a\\x0db\n") != std::string::npos);
    CHECK(page.find("  log:      \\x1b[31mred\\x1b[0m\n") != std::string::npos);
    CHECK(page.find("            tab and \xc3\xa4\n") != std::string::npos);
    CHECK(page.find("            \\xff\\xfe\n") != std::string::npos);
    CHECK(page.find("            \\u{9b}2J\n") != std::string::npos);
    CHECK(format_status(view, kNow, kPlain).find("tab and \\u{e4}\n") != std::string::npos);
}
