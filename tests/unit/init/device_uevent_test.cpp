#include "init/device_uevent.h"

#include <catch2/catch.hpp>
#include <string>

using mainstay::init::DeviceNode;
using mainstay::init::parse_device_uevent;

TEST_CASE("a device says its node's name, numbers and permissions", "[device_uevent]") {
    const auto disk = parse_device_uevent(
        "MAJOR=254\nMINOR=17\nDEVNAME=vda1\nDEVTYPE=partition\nDISKSEQ=2\nPARTN=1\n");
    CHECK(disk == DeviceNode{std::string_view("vda1"), 0600, 254, 17});
    const auto null = parse_device_uevent("MAJOR=1\nMINOR=3\nDEVNAME=null\nDEVMODE=0666\n");
    CHECK(null == DeviceNode{std::string_view("null"), 0666, 1, 3});
    const auto mouse = parse_device_uevent("DEVNAME=input/mouse0\nMAJOR=13\nMINOR=32");
    CHECK(mouse == DeviceNode{std::string_view("input/mouse0"), 0600, 13, 32});
}

TEST_CASE("a device without a node has none", "[device_uevent]") {
    CHECK_FALSE(parse_device_uevent(""));
    CHECK_FALSE(parse_device_uevent("DEVTYPE=disk\nno sign\n"));
    CHECK_FALSE(parse_device_uevent("MAJOR=1\nMINOR=3\n"));
    CHECK_FALSE(parse_device_uevent("MAJOR=1\nDEVNAME=null\n"));
    CHECK_FALSE(parse_device_uevent("MINOR=3\nDEVNAME=null\n"));
}

TEST_CASE("what is no number, no permissions or no name below /dev is no node", "[device_uevent]") {
    const std::string numbers = "MAJOR=1\nMINOR=3\n";
    CHECK_FALSE(parse_device_uevent("MAJOR=1x\nMINOR=3\nDEVNAME=null\n"));
    CHECK_FALSE(parse_device_uevent("MAJOR=1\nMINOR=\nDEVNAME=null\n"));
    CHECK_FALSE(parse_device_uevent(numbers + "DEVNAME=null\nDEVMODE=0669\n"));
    CHECK_FALSE(parse_device_uevent(numbers + "DEVNAME=null\nDEVMODE=7777\n"));
    for (const std::string name :
         {"", "/etc/passwd", "../etc/passwd", "a/../b", ".", "a/.", "a/", "a//b", "a/.."}) {
        CAPTURE(name);
        CHECK_FALSE(parse_device_uevent(numbers + "DEVNAME=" + name + "\n"));
    }
    CHECK_FALSE(parse_device_uevent(numbers + "DEVNAME=" + std::string(128, 'x')));
    CHECK(parse_device_uevent(numbers + "DEVNAME=" + std::string(127, 'x')));
}
