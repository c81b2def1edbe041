#include "init/mount_options.h"

#include <linux/mount.h>

#include <catch2/catch.hpp>
#include <string>

using mainstay::init::MountOptions;
using mainstay::init::parse_mount_options;

namespace {

std::string data_of(std::string_view text) {
    return std::string(parse_mount_options(text).data.view());
}

}  // namespace

TEST_CASE("flags are the kernel's, the rest is the file system's", "[mount_options]") {
    const MountOptions options = parse_mount_options("ro,nosuid,size=10m,noexec,mode=0755");
    CHECK(options.flags == (MS_RDONLY | MS_NOSUID | MS_NOEXEC));
    CHECK(options.data == "size=10m,mode=0755");
    CHECK_FALSE(options.may_fail);
    CHECK(parse_mount_options("").flags == 0);
    CHECK(parse_mount_options("defaults").flags == 0);
}

TEST_CASE("the last of two that contradict each other wins", "[mount_options]") {
    CHECK(parse_mount_options("ro,rw").flags == 0);
    CHECK(parse_mount_options("rw,ro").flags == MS_RDONLY);
    CHECK(parse_mount_options("noatime,relatime").flags == MS_RELATIME);
    CHECK(parse_mount_options("relatime,noatime").flags == MS_NOATIME);
    CHECK(parse_mount_options("nodev,nosuid,dev").flags == MS_NOSUID);
}

TEST_CASE("what is for other programs reaches no file system", "[mount_options]") {
    const MountOptions options =
        parse_mount_options("auto,nofail,noauto,_netdev,user,x-systemd.automount,comment=a,acl");
    CHECK(options.data == "acl");
    CHECK(options.may_fail);
    CHECK(options.by_hand);
    CHECK(options.needs_network);
}

TEST_CASE("binding and sharing are calls of their own", "[mount_options]") {
    const MountOptions options = parse_mount_options("rbind,ro,rslave");
    CHECK(options.is_bind);
    CHECK(options.flags == (MS_BIND | MS_REC | MS_RDONLY));
    CHECK(options.propagation == (MS_SLAVE | MS_REC));
}

TEST_CASE("commas within quotes belong to the option", "[mount_options]") {
    CHECK(data_of("context=\"a,b\",ro,c") == "context=\"a,b\",c");
    CHECK(data_of("context=\"a,b") == "context=\"a,b");
    CHECK(data_of(",,a,,") == "a");
}

TEST_CASE("options that do not fit are said to be too long, not cut", "[mount_options]") {
    const std::string longest(MountOptions{}.data.capacity(), 'a');
    CHECK_FALSE(parse_mount_options(longest).is_too_long);
    CHECK(parse_mount_options(longest + ",b").is_too_long);
    CHECK(parse_mount_options(longest + "a").data.empty());
}
