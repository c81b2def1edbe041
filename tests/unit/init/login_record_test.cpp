#include "init/login_record.h"

#include <utmp.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <string>

using mainstay::init::kLoginRecordSize;
using mainstay::init::Login;
using mainstay::init::names_user;
using mainstay::init::read_login;

namespace {

utmp record(int type, std::string_view user, std::string_view line) {
    utmp made{};
    made.ut_type = static_cast<short>(type);
    std::memcpy(made.ut_user, user.data(), user.size());
    std::memcpy(made.ut_line, line.data(), line.size());
    return made;
}

Login login_in(std::span<const char> bytes) {
    Login login;
    login.terminal = std::string_view("of the record before");
    read_login(bytes, login);
    return login;
}

Login login(const utmp& from) {
    return login_in({reinterpret_cast<const char*>(&from), sizeof from});
}

}  // namespace

TEST_CASE("a login is a user and a terminal", "[login]") {
    const Login plain = login(record(USER_PROCESS, "ann", "pts/3"));
    CHECK(plain.user == std::string_view("ann"));
    CHECK(plain.terminal == std::string_view("pts/3"));
    CHECK(login(record(USER_PROCESS, "ann", "/dev/tty1")).terminal == std::string_view("tty1"));
    CHECK(kLoginRecordSize == sizeof(utmp));
}

TEST_CASE("fields may be full, and end without a NUL byte", "[login]") {
    const Login full = login(record(USER_PROCESS, std::string(32, 'u'), std::string(32, 't')));
    CHECK(full.user.size() == 32);
    CHECK(full.terminal.size() == 32);
}

TEST_CASE("records of other kinds are nobody's", "[login]") {
    const int type =
        GENERATE(EMPTY, RUN_LVL, BOOT_TIME, INIT_PROCESS, LOGIN_PROCESS, DEAD_PROCESS, -1, 99);
    CHECK_FALSE(login(record(type, "ann", "tty1")).is_somebody());
    CHECK_FALSE(login(record(USER_PROCESS, "", "tty1")).is_somebody());
    const utmp whole = record(USER_PROCESS, "ann", "tty1");
    CHECK_FALSE(login_in({reinterpret_cast<const char*>(&whole), sizeof whole - 1}).is_somebody());
    CHECK_FALSE(login_in({}).is_somebody());
}

TEST_CASE("a name that leads out of /dev is no terminal", "[login]") {
    const std::string line = GENERATE("", "/etc/passwd", "../etc/passwd", "pts/../../etc/passwd",
                                      "/dev//etc", "/dev/", ":0 ", "tty1\nroot", "tty\033", "..");
    INFO(line);
    CHECK_FALSE(login(record(USER_PROCESS, "ann", line)).is_somebody());
}

TEST_CASE("shutdown.allow has a name a line", "[login]") {
    constexpr std::string_view kText = "# who may\nann \r\n\nbob\n#eve\nlast";
    CHECK(names_user(kText, "ann"));
    CHECK(names_user(kText, "bob"));
    CHECK(names_user(kText, "last"));
    CHECK_FALSE(names_user(kText, "eve"));
    CHECK_FALSE(names_user(kText, "#eve"));
    CHECK_FALSE(names_user(kText, ""));
    CHECK_FALSE(names_user(kText, "an"));
    CHECK_FALSE(names_user("", "ann"));
}
