#include "ctl/format_table.h"

#include <catch2/catch.hpp>

#include "views.h"

using namespace mainstay;
using namespace mainstay::ctl;
using namespace mainstay::ctl::test;

TEST_CASE("the table is the one of the design", "[table]") {
    CHECK(format_table(all_five(), kPlain) ==
          "web  backoff   12 s    exit 1, next start in 8 s (7th)\n"
          "api  waiting   3 m     needs db (starting, 41 s left)\n"
          "db   up        19 s    pid 4802, not ready yet\n"
          "sshd ready     2 d 3 h pid 312\n"
          "cron down      2 d 3 h down file\n");
    CHECK(format_summary(all_five(), kPlain) ==
          "5 services: 1 ready, 3 on their way, 1 down; 1 in trouble\n");
}

TEST_CASE("a narrow terminal cuts the end of lines, not the state", "[table]") {
    CHECK(format_table(all_five(), kNarrow) ==
          "web  backoff   12 s    exit 1, next sta~\n"
          "api  waiting   3 m     needs db (starti~\n"
          "db   up        19 s    pid 4802, not re~\n"
          "sshd ready     2 d 3 h pid 312\n"
          "cron down      2 d 3 h down file\n");
    ServiceView view = sshd();
    view.name = "a-service-with-quite-a-long-name";
    CHECK(format_table({view}, kNarrow) == "a-service-wi~ ready     2 d 3 h pid 312\n");
    view.name = "ein-dienst-mit-einem-längeren-namen";
    CHECK(format_table({view}, {40, Colours::Off, Charset::Utf8}) ==
          "ein-dienst-m… ready     2 d 3 h pid 312\n");
}

TEST_CASE("a terminal of a few columns still shows names and states", "[table]") {
    CHECK(format_table({sshd()}, {10, Colours::Off, Charset::Ascii}) == "sshd ready     2 d 3 h\n");
    CHECK(format_table({sshd()}, {1, Colours::Off, Charset::Ascii}) == "sshd ready     2 d 3 h\n");
}

TEST_CASE("a pipe gets everything", "[table]") {
    ServiceView view = api();
    view.blockers.clear();
    view.name = std::string(60, 'n');
    view.cause = std::string(200, 'c');
    CHECK(format_table({view}, kPiped) ==
          std::string(60, 'n') + " waiting   3 m " + std::string(200, 'c') + "\n");
}

TEST_CASE("states have their colours, and columns stay where they are", "[table]") {
    CHECK(format_table(all_five(), kColoured) ==
          "web  \x1b[31mbackoff  \x1b[0m 12 s    exit 1, next start in 8 s (7th)\n"
          "api  \x1b[33mwaiting  \x1b[0m 3 m     needs db (starting, 41 s left)\n"
          "db   \x1b[33mup       \x1b[0m 19 s    pid 4802, not ready yet\n"
          "sshd \x1b[32mready    \x1b[0m 2 d 3 h pid 312\n"
          "cron \x1b[2mdown     \x1b[0m 2 d 3 h down file\n");
    CHECK(format_summary(all_five(), kColoured) ==
          "5 services: 1 ready, 3 on their way, 1 down; \x1b[31m1 in trouble\x1b[0m\n");
}

TEST_CASE("names of any bytes harm neither the terminal nor the columns", "[table]") {
    ServiceView evil = sshd();
    evil.name = "\x1b[2Jx";
    ServiceView wide = sshd();
    wide.name = "\xe6\x97\xa5\xe6\x9c\xac";
    CHECK(format_table({evil, wide}, kUtf8) ==
          "\\x1b[2Jx ready     2 d 3 h pid 312\n"
          "\xe6\x97\xa5\xe6\x9c\xac     ready     2 d 3 h pid 312\n");
}

TEST_CASE("the summary counts what there is", "[table]") {
    CHECK(format_summary({}, kPlain) == "no services\n");
    CHECK(format_summary({sshd()}, kPlain) == "1 service: 1 ready\n");
    CHECK(format_summary({make_view("a", ServiceState::Failed, Wanted::Up, 1s),
                          make_view("b", ServiceState::Done, Wanted::Once, 1s),
                          make_view("c", ServiceState::Stopping, Wanted::Down, 1s),
                          make_view("d", ServiceState::Down, Wanted::Down, 1s)},
                         kPlain) ==
          "4 services: 1 on their way, 1 done, 1 failed, 1 down; 1 in trouble\n");
}

TEST_CASE("the system has a line of its own", "[table]") {
    CHECK(format_system({"web1", 76h, 4130ms, false}, kPlain) ==
          "web1: running for 3 d 4 h, boot complete 4.1 s after start\n");
    CHECK(format_system({"web1", 3s, std::nullopt, false}, kPlain) ==
          "web1: running for 3 s, boot not complete yet\n");
    CHECK(format_system({"", 3s, 9ms, true}, kPlain) == "running for 3 s, stopping all services\n");
}

TEST_CASE("a list is sorted names, one a line", "[table]") {
    CHECK(format_names(all_five(), kPlain) == "api\ncron\ndb\nsshd\nweb\n");
    CHECK(format_names({}, kPlain).empty());
    ServiceView evil = sshd();
    evil.name = "a\nb";
    CHECK(format_names({evil}, kPlain) == "a\\x0ab\n");
}
