#include "ctl/sv_command.h"

#include <catch2/catch.hpp>

using namespace mainstay;
using namespace mainstay::ctl;

namespace {

/// The letters, "!" where it waits, "k" where it kills who is late; "-" for none.
std::string meaning(std::string_view word, SvCaller caller = SvCaller::Sv, bool verbose = false) {
    const auto command = parse_sv_command(word, caller, verbose);
    if (!command) {
        return "-";
    }
    return command->letters + (command->waits ? "!" : "") + (command->kills_late ? "k" : "");
}

RunitStatus running() {
    return {1000, 0, 77, RunitState::Run, RunitWant::Up, false, false};
}

RunitStatus down() {
    return {1000, 0, 0, RunitState::Down, RunitWant::Down, false, false};
}

}  // namespace

TEST_CASE("sv: what each command means", "[sv]") {
    CHECK(meaning("up") == "u");
    CHECK(meaning("up", SvCaller::Sv, true) == "u!");
    CHECK(meaning("whatever") == "-");
    CHECK(meaning("") == "-");
    CHECK(meaning("restart") == "tcu!");
    CHECK(meaning("restar") == "-");
    CHECK(meaning("force-restart") == "tcu!k");
    CHECK(meaning("try-restart") == "tc!");
    CHECK(meaning("term") == "t");
    CHECK(meaning("check") == "C!");
    CHECK(meaning("cont") == "c");
    CHECK(meaning("exit") == "x");
    CHECK(meaning("E") == "x!k");
    CHECK(meaning("D") == "d!k");
    CHECK(meaning("T") == "tc!k");
    CHECK(meaning("stat") == "s");
    CHECK(meaning("stat", SvCaller::InitScript) == "-");
    CHECK(meaning("status", SvCaller::InitScript, true) == "s");
}

TEST_CASE("sv: the line of a service", "[sv]") {
    CHECK(sv_status_text(running(), "web", Normally::Up, 1005) == "run: web: (pid 77) 5s");
    RunitStatus status = running();
    status.paused = status.got_term = true;
    status.want = RunitWant::Down;
    CHECK(sv_status_text(status, "web", Normally::Down, 0) ==
          "run: web: (pid 77) 0s, normally down, paused, want down, got TERM");
    status = down();
    status.paused = status.got_term = true;
    CHECK(sv_status_text(status, "web", Normally::Up, 1001) == "down: web: 1s, normally up");
    status.want = RunitWant::Up;
    CHECK(sv_status_text(status, "log", Normally::Down, 1001) == "down: log: 1s, want up");
    status = running();
    status.state = RunitState::Finish;
    CHECK(sv_status_text(status, "web", Normally::Up, 1000) == "finish: web: (pid 77) 0s");
}

TEST_CASE("sv: when it has come", "[sv]") {
    using enum SvProgress;
    CHECK(sv_progress('u', running(), 0) == IfChecked);
    CHECK(sv_progress('u', down(), 0) == NotYet);
    CHECK(sv_progress('d', running(), 0) == NotYet);
    CHECK(sv_progress('d', down(), 0) == Done);
    CHECK(sv_progress('x', down(), 0) == NotYet);
    CHECK(sv_progress('C', down(), 0) == Done);
    CHECK(sv_progress('C', running(), 0) == IfChecked);
    CHECK(sv_progress('t', running(), 1000) == IfChecked);
    CHECK(sv_progress('t', running(), 1001) == NotYet);
    CHECK(sv_progress('k', down(), 1001) == Done);
    RunitStatus told = running();
    told.got_term = true;
    CHECK(sv_progress('t', told, 1000) == NotYet);
    CHECK(sv_progress('o', running(), 1000) == NotYet);
    told.want = RunitWant::Down;
    CHECK(sv_progress('o', told, 1001) == Done);
    CHECK(sv_progress('o', down(), 1001) == NotYet);
    CHECK(sv_progress('o', down(), 1000) == Done);
    CHECK(sv_progress('p', running(), 0) == NotYet);
    CHECK(sv_progress('p', down(), 0) == Done);
    CHECK(sv_progress('c', running(), 0) == Done);
    CHECK(sv_progress('h', running(), 0) == Done);
}

TEST_CASE("sv: what need not be sent", "[sv]") {
    CHECK(is_needless("u", running()));
    CHECK_FALSE(is_needless("tcu", running()));
    CHECK_FALSE(is_needless("d", running()));
    RunitStatus once = running();
    once.want = RunitWant::Down;
    CHECK_FALSE(is_needless("d", once));
    once.got_term = true;
    CHECK(is_needless("d", once));
    CHECK_FALSE(is_needless("u", once));
}
