#include "common/boot_link.h"

#include <sys/socket.h>

#include <catch2/catch.hpp>

#include "common/unique_fd.h"

using namespace mainstay;

namespace {

std::string to_string(const LinkBytes& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

TEST_CASE("link messages of every type survive the wire", "[boot_link]") {
    for (std::uint16_t type = 1; type <= 5; ++type) {
        const LinkMessage message{static_cast<LinkType>(type), 7, 1000, std::string_view("web")};
        const auto decoded = decode(to_string(encode(message)));
        REQUIRE(decoded.has_value());
        CHECK(*decoded == message);
    }
}

TEST_CASE("link bytes that are not a message are refused", "[boot_link]") {
    const std::string good = to_string(encode({LinkType::Stop, 1, 2, std::string_view("x")}));
    CHECK_FALSE(decode("").has_value());
    CHECK_FALSE(decode(good.substr(1)).has_value());
    CHECK_FALSE(decode(good + "x").has_value());
    std::string bad = good;
    SECTION("magic") {
        bad[0] = 'X';
    }
    SECTION("version") {
        bad[4] = 9;
    }
    SECTION("type 0") {
        bad[6] = 0;
    }
    SECTION("type beyond the last") {
        bad[6] = 6;
    }
    SECTION("text without an end") {
        bad.replace(16, 48, 48, 'x');
    }
    CHECK_FALSE(decode(bad).has_value());
}

TEST_CASE("the link tells messages, nothing, garbage and the end apart", "[boot_link]") {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
    UniqueFd ours(ends[0]);
    UniqueFd theirs(ends[1]);
    LinkMessage message;
    CHECK(receive_link(ours.get(), message) == LinkRead::Nothing);
    REQUIRE(send_link(theirs.get(), {LinkType::Progress, 3, 12, std::string_view("db")}));
    CHECK(receive_link(ours.get(), message) == LinkRead::Message);
    CHECK(message.value == 12);
    CHECK(message.text == "db");
    REQUIRE(::send(theirs.get(), "garbage", 7, 0) == 7);
    CHECK(receive_link(ours.get(), message) == LinkRead::Invalid);
    theirs.reset();
    CHECK(receive_link(ours.get(), message) == LinkRead::Closed);
    CHECK_FALSE(send_link(ours.get(), {LinkType::Stop, 1, 0, {}}).has_value());
}
