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
          "  logger:   ready, pid 4801\n");
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
