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
