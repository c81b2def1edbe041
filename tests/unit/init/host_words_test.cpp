// What a container's or a virtual machine's manager says by variables and files.
#include <catch2/catch.hpp>
#include <string>

#include "init/machine_id.h"
#include "init/notify_address.h"
#include "init/terminal_name.h"

using mainstay::init::is_terminal_name;
using mainstay::init::is_vsock_address;
using mainstay::init::machine_id_of;
using mainstay::init::parse_vsock_address;
using mainstay::init::without_dev;
using Type = mainstay::init::VsockAddress::Type;

TEST_CASE("a container's UUID is a machine's id without dashes", "[host]") {
    const std::string id = "0123456789abcdef0123456789abcdef";
    CHECK(machine_id_of(id) == std::string_view(id));
    CHECK(machine_id_of("01234567-89ab-cdef-0123-456789abcdef\n") == std::string_view(id));
    CHECK(machine_id_of("01234567-89AB-CDEF-0123-456789ABCDEF") == std::string_view(id));
    const std::string wrong =
        GENERATE("", "\n", "0123", "00000000-0000-0000-0000-000000000000",
                 "01234567--89ab-cdef-0123-456789abcdef", "-0123456789abcdef0123456789abcdef",
                 "0123456789abcdef0123456789abcdef0", "g123456789abcdef0123456789abcdef",
                 "0-123456789abcdef0123456789abcdef", "01234567 89ab-cdef-0123-456789abcdef");
    INFO(wrong);
    CHECK(machine_id_of(wrong).empty());
}

TEST_CASE("a notify socket may lead out of a virtual machine", "[host]") {
    const auto plain = parse_vsock_address("vsock:2:1234");
    REQUIRE(plain);
    CHECK((plain->type == Type::Any && plain->cid == 2 && plain->port == 1234));
    CHECK(parse_vsock_address("vsock-stream:2:1")->type == Type::Stream);
    CHECK(parse_vsock_address("vsock-dgram:2:1")->type == Type::Datagram);
    const auto most = parse_vsock_address("vsock-seqpacket:4294967295:4294967295");
    REQUIRE(most);
    CHECK((most->type == Type::Seqpacket && most->port == 4294967295U));
    const std::string wrong =
        GENERATE("vsock", "vsock:", "vsock:2", "vsock::1", "vsock:2:", "vsock:2:x", "vsock:2:1:1",
                 "vsock:-1:1", "vsock:4294967296:1", "vsock-stream:1", "vsock-raw:2:1");
    INFO(wrong);
    CHECK(is_vsock_address(wrong));
    CHECK_FALSE(parse_vsock_address(wrong));
    CHECK_FALSE(is_vsock_address("/run/vsock"));
}

TEST_CASE("a terminal's name leads nowhere else", "[host]") {
    CHECK(is_terminal_name("pts/7"));
    CHECK(is_terminal_name("ttyS0"));
    CHECK(is_terminal_name(without_dev("/dev/lxc/tty1")));
    const std::string wrong = GENERATE("", "/etc/passwd", "../x", "pts/../x", "a b", "a:b", "a\n");
    INFO(wrong);
    CHECK_FALSE(is_terminal_name(wrong));
    CHECK(without_dev("pts/1") == "pts/1");
    CHECK(without_dev("/dev/") == "");
}
