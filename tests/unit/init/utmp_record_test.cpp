#include "init/utmp_record.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <string>

using namespace mainstay::init;  // NOLINT: every name of the code under test

namespace {

template <std::size_t N>
std::string text_of(const char (&field)[N]) {
    return {field, ::strnlen(field, N)};
}

utmp made(const LoginEvent& event) {
    return make_record(event, 1'000'000'007, 42);
}

}  // namespace

TEST_CASE("records are those of sysvinit", "[utmp]") {
    const utmp boot = made(boot_event());
    CHECK(boot.ut_type == BOOT_TIME);
    CHECK(boot.ut_pid == 0);
    CHECK(text_of(boot.ut_user) == "reboot");
    CHECK(text_of(boot.ut_id) == "~~");
    CHECK(text_of(boot.ut_line) == "~");
    CHECK(boot.ut_tv.tv_sec == 1'000'000'007);
    CHECK(boot.ut_tv.tv_usec == 42);

    const utmp level = made(level_event('3', 'N'));
    CHECK(level.ut_type == RUN_LVL);
    CHECK(level.ut_pid == '3' + 256 * 'N');
    CHECK(text_of(level.ut_user) == "runlevel");

    const utmp down = made(shutdown_event());
    CHECK(down.ut_type == RUN_LVL);
    CHECK(text_of(down.ut_user) == "shutdown");
    CHECK(text_of(down.ut_line) == "~~");

    const utmp start = made(start_event("tty1", 77));
    CHECK(start.ut_type == INIT_PROCESS);
    CHECK(start.ut_pid == 77);
    CHECK(text_of(start.ut_id) == "tty1");  // full, without a NUL
    CHECK(text_of(start.ut_user).empty());
    CHECK(made(end_event("1", 77)).ut_type == DEAD_PROCESS);
}

TEST_CASE("a record takes the place of one of its kind, or of its entry", "[utmp]") {
    CHECK(takes_place_of(made(level_event('3', '2')), made(level_event('2', 'N'))));
    CHECK_FALSE(takes_place_of(made(level_event('3', '2')), made(boot_event())));
    CHECK_FALSE(takes_place_of(made(boot_event()), utmp{}));
    const utmp end = made(end_event("1", 77));
    CHECK(takes_place_of(end, made(start_event("1", 77))));
    CHECK_FALSE(takes_place_of(end, made(start_event("2", 77))));
    CHECK_FALSE(takes_place_of(end, made(boot_event())));
    utmp login = made(start_event("1", 77));
    login.ut_type = USER_PROCESS;
    CHECK(takes_place_of(end, login));
    CHECK(takes_place_of(made(start_event("1", 78)), login));
}

TEST_CASE("the end of a process does not hide its successor", "[utmp]") {
    const utmp end = made(end_event("1", 77));
    CHECK_FALSE(is_outdated(end, made(start_event("1", 77))));
    CHECK(is_outdated(end, made(start_event("1", 78))));
    CHECK_FALSE(is_outdated(made(start_event("1", 79)), made(start_event("1", 78))));
}

TEST_CASE("levels are read from their record only, whatever it holds", "[utmp]") {
    const auto levels = levels_of(made(level_event('S', '3')));
    REQUIRE(levels);
    CHECK(levels->previous == '3');
    CHECK(levels->level == 'S');
    CHECK_FALSE(levels_of(made(boot_event())));
    utmp record = made(level_event('3', '\0'));
    CHECK(levels_of(record)->previous == 'N');
    for (const pid_t pid : {-1, 0, 7, INT32_MAX, INT32_MIN}) {
        record.ut_pid = pid;
        const auto odd = levels_of(record);
        REQUIRE(odd);
        CHECK(odd->level >= ' ');
        CHECK(odd->previous >= ' ');
    }
}
