#include "common/exit_status.h"

#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <csignal>

using mainstay::ExitStatus;
using mainstay::to_text;

TEST_CASE("wait statuses decode as the macros of wait.h do", "[exit_status]") {
    const int code = GENERATE(0, 1, 111, 127, 255);
    const ExitStatus exited = ExitStatus::from_wait(W_EXITCODE(code, 0));
    CHECK(exited.kind == ExitStatus::Kind::Exited);
    CHECK(exited.value == code);
    CHECK(exited.is_success() == (code == 0));
    CHECK(exited.shell_code() == code);

    const ExitStatus killed = ExitStatus::from_wait(W_EXITCODE(0, SIGKILL));
    CHECK(killed.kind == ExitStatus::Kind::Signaled);
    CHECK(killed.value == SIGKILL);
    CHECK_FALSE(killed.is_success());
    CHECK(killed.shell_code() == 137);
}

TEST_CASE("exit statuses are told in words", "[exit_status]") {
    CHECK(to_text(ExitStatus::from_wait(W_EXITCODE(1, 0))) == "exit 1");
    CHECK(to_text(ExitStatus::from_wait(SIGTERM)) == "killed by TERM");
    CHECK(to_text(ExitStatus::from_wait(SIGSEGV | WCOREFLAG)) == "killed by SEGV (core dumped)");
    CHECK(to_text(ExitStatus::from_wait(40)) == "killed by signal 40");
}

TEST_CASE("who ended and nobody knows how is neither a success nor a code of its own",
          "[exit_status]") {
    const ExitStatus unknown = ExitStatus::unknown();
    CHECK_FALSE(unknown.is_success());
    CHECK(unknown.shell_code() == 255);
    CHECK(to_text(unknown) == "ended, nobody knows how");
}

TEST_CASE("a wait status comes back from what it was decoded to", "[exit_status]") {
    for (const ExitStatus& status :
         {ExitStatus{ExitStatus::Kind::Exited, 0, false},
          ExitStatus{ExitStatus::Kind::Exited, 255, false},
          ExitStatus{ExitStatus::Kind::Signaled, SIGTERM, false},
          ExitStatus{ExitStatus::Kind::Signaled, SIGSEGV, true}, ExitStatus::unknown()}) {
        CAPTURE(to_text(status).view());
        CHECK(ExitStatus::from_wait(status.to_wait()) == status);
    }
    // waitpid(2) has this for nothing that has ended.
    const int unknown = ExitStatus::unknown().to_wait();
    CHECK_FALSE(WIFEXITED(unknown));
    CHECK_FALSE(WIFSIGNALED(unknown));
}
