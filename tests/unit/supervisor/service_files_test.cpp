/// The small files of a service directory, and names of templates.
#include <catch2/catch.hpp>

#include "common/units.h"
#include "supervisor/service_files.h"

using namespace std::chrono_literals;
using namespace mainstay;
using namespace mainstay::supervisor;

TEST_CASE("timeout files hold milliseconds, 0 being never", "[service_dir]") {
    CHECK(parse_timeout_file("1500\n") == Duration(1500ms));
    CHECK(parse_timeout_file("0") == kForever);
    CHECK(parse_timeout_file(" 7") == std::nullopt);
    CHECK(parse_timeout_file("7s\n") == std::nullopt);
    CHECK(parse_timeout_file("") == std::nullopt);
    CHECK(parse_timeout_file("99999999999") == std::nullopt);
}

TEST_CASE("a notification-fd is a number from 3", "[service_dir]") {
    CHECK(parse_notification_file("3\n") == 3);
    CHECK(parse_notification_file("1023") == 1023);
    CHECK(parse_notification_file("2") == std::nullopt);
    CHECK(parse_notification_file("1024") == std::nullopt);
    CHECK(parse_notification_file("x") == std::nullopt);
}

TEST_CASE("a down-signal is a name or a number", "[service_dir]") {
    CHECK(parse_signal_file("SIGINT\n") == 2);
    CHECK(parse_signal_file("15") == 15);
    CHECK(parse_signal_file("nothing") == std::nullopt);
}

TEST_CASE("a variable's file is read as chpst reads it", "[service_dir]") {
    CHECK(parse_variable_file("value") == "value");
    CHECK(parse_variable_file(" value \t\nsecond line") == " value");
    CHECK(parse_variable_file(std::string("a\0b\n", 4)) == "a\nb");
    CHECK(parse_variable_file("\n") == "");
    CHECK(parse_variable_file("") == std::nullopt);
}

TEST_CASE("names of templates and instances", "[service_dir]") {
    CHECK(instance_in("getty@tty1") == "tty1");
    CHECK(instance_in("a@b@c") == "b@c");
    CHECK(instance_in("getty@").empty());
    CHECK(instance_in("getty").empty());
    CHECK(instance_in("@x").empty());
    CHECK(is_template_name("getty@"));
    CHECK_FALSE(is_template_name("@"));
    CHECK_FALSE(is_template_name("a@b"));
    CHECK_FALSE(is_template_name("a@b@"));
    CHECK_FALSE(is_template_name(""));
}
