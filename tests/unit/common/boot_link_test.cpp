#include "common/boot_link.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <vector>

#include <catch2/catch.hpp>

#include "common/fd_io.h"

using namespace mainstay;

namespace {

std::string to_string(const LinkBytes& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

LinkMessage message_of(LinkType type) {
    LinkMessage message;
    message.type = type;
    message.sequence = 7;
    message.value = 1000;
    return message;
}

struct Link {
    Link() {
        int ends[2];
        REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
        ours.reset(ends[0]);
        theirs.reset(ends[1]);
    }
    UniqueFd ours;
    UniqueFd theirs;
};

ino_t inode_of(int fd) {
    struct stat info {};
    REQUIRE(::fstat(fd, &info) == 0);
    return info.st_ino;
}

}  // namespace

TEST_CASE("link messages with a text survive the wire", "[boot_link]") {
    const auto type =
        GENERATE(LinkType::Stop, LinkType::Progress, LinkType::Stopped, LinkType::BootComplete);
    LinkMessage message = message_of(type);
    message.text.append("web");
    CHECK(decode(to_string(encode(message))) == message);
}

TEST_CASE("link messages with a greeting survive the wire", "[boot_link]") {
    const auto type = GENERATE(LinkType::Hello, LinkType::Welcome);
    LinkMessage message = message_of(type);
    message.greeting = {2, 3, 4, 5, 6, 7, 1};
    CHECK(decode(to_string(encode(message))) == message);
}

TEST_CASE("link messages with a key survive the wire", "[boot_link]") {
    const auto type = GENERATE(LinkType::Keep, LinkType::Drop, LinkType::Refused, LinkType::Kept);
    LinkMessage message = message_of(type);
    message.key = {0xffff, 0xfffffffe};
    message.reason = ENOSPC;
    CHECK(decode(to_string(encode(message))) == message);
}

TEST_CASE("link messages with a process survive the wire", "[boot_link]") {
    const auto type = GENERATE(LinkType::Adopted, LinkType::Exited);
    LinkMessage message = message_of(type);
    message.process = {4194304, 0x8b, 9999, 2, 10000, 0xfedcba98};
    CHECK(decode(to_string(encode(message))) == message);
}

TEST_CASE("link messages that are but a number survive the wire", "[boot_link]") {
    const auto type = GENERATE(LinkType::Table, LinkType::Claim, LinkType::ExitRecorded,
                               LinkType::Accepted, LinkType::HandOverBegin, LinkType::HandOverEnd);
    const LinkMessage message = message_of(type);
    CHECK(decode(to_string(encode(message))) == message);
}

TEST_CASE("a message of a type from the future is a message, and known as unknown", "[boot_link]") {
    for (std::uint16_t type = 1; type <= 18; ++type) {
        CHECK(is_known(static_cast<LinkType>(type)));
    }
    std::string bytes = to_string(encode(message_of(LinkType::Claim)));
    bytes[6] = 19;
    bytes.replace(16, 48, 48, '\xff');
    const auto decoded = decode(bytes);
    REQUIRE(decoded.has_value());
    CHECK_FALSE(is_known(decoded->type));
    CHECK(decoded->sequence == 7);
    CHECK(decoded->value == 1000);
}

TEST_CASE("the Hello of version 1 is read, and ours is one for version 1", "[boot_link]") {
    // What version 1 sent: shape (it called it version) 1, and an empty text.
    std::string bytes("MLNK\1\0\1\0\1\0\0\0\x2a\0\0\0", 16);
    bytes.append(48, '\0');
    const auto decoded = decode(bytes);
    REQUIRE(decoded.has_value());
    CHECK(decoded->type == LinkType::Hello);
    CHECK(decoded->value == 42);
    CHECK(decoded->greeting.version == 1);
    // What version 1 asks of it: shape 1, a known type, a NUL in the text.
    LinkMessage hello = message_of(LinkType::Hello);
    hello.greeting.version = kLinkVersion;
    const std::string ours = to_string(encode(hello));
    CHECK(ours.substr(0, 8) == std::string("MLNK\1\0\1\0", 8));
    CHECK(ours.find('\0', 16) != std::string::npos);
}

TEST_CASE("link bytes that are not a message are refused", "[boot_link]") {
    LinkMessage stop = message_of(LinkType::Stop);
    stop.text.append("x");
    const std::string good = to_string(encode(stop));
    REQUIRE(decode(good).has_value());
    CHECK_FALSE(decode("").has_value());
    CHECK_FALSE(decode(good.substr(1)).has_value());
    CHECK_FALSE(decode(good + "x").has_value());
    std::string bad = good;
    SECTION("magic") {
        bad[0] = 'X';
    }
    SECTION("shape") {
        bad[4] = 9;
    }
    SECTION("type 0") {
        bad[6] = 0;
    }
    SECTION("text without an end") {
        bad.replace(16, 48, 48, 'x');
    }
    CHECK_FALSE(decode(bad).has_value());
}

TEST_CASE("the link tells messages, nothing, garbage and the end apart", "[boot_link]") {
    Link link;
    CHECK(receive_link(link.ours.get()).read == LinkRead::Nothing);
    LinkMessage progress = message_of(LinkType::Progress);
    progress.text.append("db");
    REQUIRE(send_link(link.theirs.get(), progress));
    const LinkPacket packet = receive_link(link.ours.get());
    CHECK(packet.read == LinkRead::Message);
    CHECK(packet.message == progress);
    CHECK(packet.descriptors.empty());
    for (const std::string& garbage :
         {std::string("garbage"), std::string(), std::string(99, 'x')}) {
        REQUIRE(::send(link.theirs.get(), garbage.data(), garbage.size(), 0) ==
                static_cast<ssize_t>(garbage.size()));
        CHECK(receive_link(link.ours.get()).read == LinkRead::Invalid);
    }
    link.theirs.reset();
    CHECK(receive_link(link.ours.get()).read == LinkRead::Closed);
    CHECK_FALSE(send_link(link.ours.get(), message_of(LinkType::Stop)).has_value());
}

TEST_CASE("descriptors cross the link, close-on-exec", "[boot_link]") {
    Link link;
    auto pipe = make_pipe();
    REQUIRE(pipe);
    for (std::size_t count = 1; count <= kMaxLinkDescriptors; ++count) {
        std::vector<int> sent(count, pipe->read_end.get());
        sent.back() = pipe->write_end.get();
        REQUIRE(send_link(link.theirs.get(), message_of(LinkType::Keep), sent));
        const LinkPacket packet = receive_link(link.ours.get());
        CHECK(packet.read == LinkRead::Message);
        CHECK_FALSE(packet.is_truncated);
        REQUIRE(packet.descriptors.size() == count);
        for (const UniqueFd& fd : packet.descriptors) {
            CHECK(::fcntl(fd.get(), F_GETFD) == FD_CLOEXEC);
            CHECK(inode_of(fd.get()) == inode_of(pipe->read_end.get()));
        }
    }
}

TEST_CASE("more descriptors than a message holds are not sent, and known when received",
          "[boot_link]") {
    Link link;
    const std::vector<int> many(kMaxLinkDescriptors + 4, link.ours.get());
    CHECK(send_link(link.theirs.get(), message_of(LinkType::Keep), many).error().code == E2BIG);

    std::string bytes = to_string(encode(message_of(LinkType::Keep)));
    iovec part{bytes.data(), bytes.size()};
    std::vector<char> control(CMSG_SPACE(many.size() * sizeof(int)));
    msghdr sent{};
    sent.msg_iov = &part;
    sent.msg_iovlen = 1;
    sent.msg_control = control.data();
    sent.msg_controllen = control.size();
    cmsghdr* header = CMSG_FIRSTHDR(&sent);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(many.size() * sizeof(int));
    std::memcpy(CMSG_DATA(header), many.data(), many.size() * sizeof(int));
    REQUIRE(::sendmsg(link.theirs.get(), &sent, 0) > 0);
    const LinkPacket packet = receive_link(link.ours.get());
    CHECK(packet.read == LinkRead::Message);
    CHECK(packet.is_truncated);
    CHECK(packet.descriptors.size() == kMaxLinkDescriptors);
}

TEST_CASE("a full link says so and holds as many messages as may be in flight", "[boot_link]") {
    Link link;
    std::uint32_t count = 0;
    int code = 0;
    while (code == 0) {
        const auto sent = send_link(link.theirs.get(), message_of(LinkType::Keep));
        code = sent ? 0 : sent.error().code;
        count += sent ? 1 : 0;
    }
    CHECK(code == EAGAIN);
    CHECK(count >= kMaxLinkInFlight);
}
