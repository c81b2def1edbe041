/// The pure parts of svlogd.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "supervisor/svlogd/config.h"
#include "supervisor/svlogd/line_reader.h"

using namespace mainstay::svlogd;

namespace {

Config config_of(std::string_view text) {
    return parse_config(text).config;
}

/// What is heard: "<" begins, "[text]" a line, "[text...]" a cut one, the rest, ">" ends.
class Heard final : public LineListener {
  public:
    void line_begins() override { text += '<'; }
    void line_is(std::string_view line, bool is_cut) override {
        text.append("[").append(line).append(is_cut ? "...]" : "]");
    }
    void line_goes_on(std::string_view rest) override { text.append(rest); }
    void line_ends() override { text += '>'; }

    std::string text;
};

std::string cut(std::string_view bytes, std::size_t at_a_time, Replacement replacement = {}) {
    Heard heard;
    LineReader reader(4, replacement, heard);
    while (!bytes.empty()) {
        reader.take(bytes.substr(0, at_a_time));
        bytes.remove_prefix(std::min(at_a_time, bytes.size()));
    }
    heard.text += reader.is_complete() ? "" : "~";
    reader.end();
    return heard.text;
}

}  // namespace

TEST_CASE("svlogd config: every directive", "[svlogd]") {
    CHECK(config_of("") == Config());
    CHECK(config_of("s100").size_max == 100);
    CHECK(config_of("s2k\n").size_max == 2048);
    CHECK(config_of("s1m\n").size_max == 1048576);
    CHECK(config_of("sx\n").size_max == 0);
    CHECK(config_of("n3\nN2\n").keep_max == 3);
    CHECK(config_of("n3\nN2\n").keep_min == 2);
    CHECK(config_of("t5\n").age_max == 5);
    CHECK(config_of("t5m\n").age_max == 300);
    CHECK(config_of("t1h\n").age_max == 3600);
    CHECK(config_of("!gzip -c\n!\n").processor == "gzip -c");
    CHECK(config_of("pweb: \np\n").prefix == "web: ");
    CHECK(config_of("#\n\n+a\n-b\nec\nEd\n?\n").patterns ==
          std::vector<std::string>{"+a", "-b", "ec", "Ed"});
    CHECK(config_of(std::string_view("pa\0b\n", 5)).prefix == "a");
}

TEST_CASE("svlogd config: where to by UDP", "[svlogd]") {
    const Config config = config_of("U10.0.0.255:1000\n");
    CHECK(config.is_udp_only);
    CHECK(config.udp == UdpAddress{{10, 0, 0, 255}, 1000});
    CHECK(config_of("u1.2.3.4\n").udp->port == 514);
    for (const char* wrong : {"u\n", "u1.2.3\n", "u1.2.3.\n", "ux\n", "u1,2,3,4\n"}) {
        const ReadConfig read = parse_config(wrong);
        CHECK_FALSE(read.config.udp);
        REQUIRE(read.warnings.size() == 1);
        CHECK(read.warnings.front().starts_with("unable to scan ip address: "));
    }
    CHECK(parse_config("u1.2.3.4:x").warnings.front() == "unable to scan port number: x");
    CHECK_FALSE(config_of("u1.2.3.4:65536\n").udp);
}

TEST_CASE("svlogd pattern: as svlogd matches", "[svlogd]") {
    CHECK(matches("", ""));
    CHECK_FALSE(matches("", "a"));
    CHECK(matches("abc", "abc"));
    CHECK_FALSE(matches("abc", "abcd"));
    CHECK_FALSE(matches("abc", "ab"));
    CHECK(matches("*", ""));
    CHECK(matches("a*", "abc"));
    CHECK(matches("*c", "abc"));
    CHECK_FALSE(matches("*c", "abcc"));
    CHECK(matches("*: *", "web: text"));
    CHECK_FALSE(matches("*x*", "abc"));
    CHECK(matches("a+bc", "abbbc"));
    CHECK_FALSE(matches("a+bc", "ac"));
    CHECK(matches("a+b", "abb"));
    CHECK(matches("a+bc", "abb"));
    CHECK_FALSE(matches("a+", "a"));
}

TEST_CASE("svlogd selection: the last that matches counts", "[svlogd]") {
    const Config config = config_of("-*\n+*1*\n-*12*\ne*3*\nE*4*\n");
    CHECK_FALSE(select(config, "x").is_logged);
    CHECK(select(config, "1").is_logged);
    CHECK_FALSE(select(config, "12").is_logged);
    CHECK(select(config, "3").is_for_stderr);
    CHECK_FALSE(select(config, "34").is_for_stderr);
    CHECK(select(Config(), "x").is_logged);
}

TEST_CASE("svlogd files: what goes", "[svlogd]") {
    const std::string a = "@" + std::string(24, 'a');
    const std::string b = "@" + std::string(24, 'b');
    const std::vector<std::string> names = {"current", b + ".s", a + ".u", a + ".s", b + ".t", a};
    Removal removal = to_be_removed(names, 1);
    CHECK(removal.leftovers == std::vector<std::string>{b + ".t"});
    CHECK(removal.oldest == a + ".s");
    CHECK_FALSE(to_be_removed(names, 2).oldest);
    CHECK_FALSE(to_be_removed(names, 0).oldest);
    CHECK(to_be_sacrificed(names, 3) == a + ".s");
    CHECK_FALSE(to_be_sacrificed(names, 4));
}

TEST_CASE("svlogd files: when one is full", "[svlogd]") {
    Config config;
    config.size_max = 100;
    CHECK(is_full(60, 40, config));
    CHECK_FALSE(is_full(59, 40, config));
    CHECK_FALSE(is_full(99, 101, config));
    config.size_max = 0;
    CHECK_FALSE(is_full(1000, 1, config));
}

TEST_CASE("svlogd lines: however they come", "[svlogd]") {
    constexpr std::string_view kBytes = "ab\n\nabcd\nabcdef\nx";
    for (const std::size_t at_a_time : {1U, 2U, 3U, 100U}) {
        CHECK(cut(kBytes, at_a_time) == "<[ab]><[]><[abcd...]><[abcd...]ef><~[x]>");
    }
    CHECK(cut("a\1\xff-\x7f\1\n", 9, {'_', "-"}) == "<[a___...]\x7f\1>");
    CHECK(cut("ab\n", 9, {'.', ""}) == "<[ab]>");
}
