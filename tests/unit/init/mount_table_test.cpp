#include "init/mount_table.h"

#include <catch2/catch.hpp>
#include <ostream>
#include <string>

using mainstay::init::is_api_file_system;
using mainstay::init::kMaxPath;
using mainstay::init::MountLine;
using mainstay::init::parse_mount_line;

namespace {

/// The mount point of a line with @p field in its place, which must be read.
std::string mount_point_of(const std::string& field) {
    const std::string line = "36 24 8:1 / " + field + " rw,relatime - ext4 /dev/vda1 rw";
    const auto parsed = parse_mount_line(line);
    REQUIRE(parsed);
    return std::string(parsed->mount_point.view());
}

}  // namespace

TEST_CASE("lines as the kernel writes them", "[mounts]") {
    struct Row {
        std::string_view line;
        std::uint32_t id;
        std::string_view mount_point;
        std::string_view type;
        std::string_view source;
    };
    const Row row = GENERATE(values<Row>({
        {"24 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro", 24, "/",
         "ext4", "/dev/vda1"},
        {"25 24 0:22 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw", 25, "/proc", "proc",
         "proc"},
        {"30 24 0:26 / /run rw,nosuid,nodev shared:5 master:2 - tmpfs tmpfs rw,mode=755", 30,
         "/run", "tmpfs", "tmpfs"},
        {"31 24 8:17 /home/a /home rw shared:6 master:7 propagate_from:3 unbindable - xfs "
         "/dev/sdb1 rw",
         31, "/home", "xfs", "/dev/sdb1"},
        {"1 1 0:2 / / rw - rootfs none rw", 1, "/", "rootfs", "none"},
        {"40 24 0:40 / /mnt/a\\040b rw - fuse.sshfs user@host:/a\\040b rw,user_id=0", 40,
         "/mnt/a b", "fuse.sshfs", "user@host:/a\\040b"},
        {"41 24 7:0 / /mnt/- rw - squashfs /dev/loop0 ro", 41, "/mnt/-", "squashfs", "/dev/loop0"},
        {"42 24 0:41 / /srv rw - nfs4 server:/srv - rw", 42, "/srv", "nfs4", "server:/srv"},
        {"4294967295 24 0:50 /a\\040-\\040b /x rw - overlay overlay rw,lowerdir=/a:/b", 4294967295,
         "/x", "overlay", "overlay"},
        {"43 24 0:51 / /y rw - tmpfs  rw", 43, "/y", "tmpfs", ""},
    }));
    INFO("line: " << row.line);
    const auto parsed = parse_mount_line(row.line);
    REQUIRE(parsed);
    CHECK(parsed->id == row.id);
    CHECK(parsed->mount_point == row.mount_point);
    CHECK(parsed->type == row.type);
    CHECK(parsed->source == row.source);
}

TEST_CASE("octal escapes in a mount point are undone", "[mounts]") {
    CHECK(mount_point_of("/a\\040b") == "/a b");
    CHECK(mount_point_of("/a\\011b") == "/a\tb");
    CHECK(mount_point_of("/a\\012b") == "/a\nb");
    CHECK(mount_point_of("/a\\134b") == "/a\\b");
    CHECK(mount_point_of("/a\\043b") == "/a#b");
    CHECK(mount_point_of("/a\\040") == "/a ");
    CHECK(mount_point_of("/\\040\\040") == "/  ");
    CHECK(mount_point_of("/a\\134040b") == "/a\\040b");
    CHECK(mount_point_of("/a\\303\\244") == "/a\xc3\xa4");
}

TEST_CASE("what is no escape stays as it is", "[mounts]") {
    CHECK(mount_point_of("/a\\") == "/a\\");
    CHECK(mount_point_of("/a\\0") == "/a\\0");
    CHECK(mount_point_of("/a\\04") == "/a\\04");
    CHECK(mount_point_of("/a\\048") == "/a\\048");
    CHECK(mount_point_of("/a\\x20b") == "/a\\x20b");
}

TEST_CASE("a mount point as long as a path may be", "[mounts]") {
    const std::string longest = "/" + std::string(kMaxPath - 2, 'x');
    CHECK(mount_point_of(longest) == longest);
    std::string escaped = "/";
    for (std::size_t i = 0; i < kMaxPath - 2; ++i) {
        escaped += "\\040";
    }
    CHECK(mount_point_of(escaped) == "/" + std::string(kMaxPath - 2, ' '));
    CHECK(mount_point_of(longest + std::string(5000, 'y')).size() == kMaxPath - 1);
}

TEST_CASE("lines that are not of the form are refused", "[mounts]") {
    const std::string line = GENERATE(
        "", " ", "\n", "24", "24 ", "24 1 254:1 /", "24 1 254:1 / /", "24 1 254:1 / / rw,relatime",
        "24 1 254:1 / / rw,relatime shared:1 -", "24 1 254:1 / / rw,relatime shared:1 - ",
        "24 1 254:1 / / rw - ", "24 1 254:1 / / - ext4 /dev/vda1 rw",
        "x 1 254:1 / / rw - ext4 /dev/vda1 rw", "-1 1 254:1 / / rw - ext4 /dev/vda1 rw",
        "24x 1 254:1 / / rw - ext4 /dev/vda1 rw", " 24 1 254:1 / / rw - ext4 /dev/vda1 rw",
        "4294967296 1 254:1 / / rw - ext4 /dev/vda1 rw", "24 1 254:1 / mnt rw - ext4 /dev/vda1 rw",
        "24 1 254:1 /  rw - ext4 /dev/vda1 rw", "/dev/vda1 / ext4 rw 0 0",
        "24 1 254:1 / / rw -ext4 /dev/vda1 rw");
    INFO("line: " << line);
    CHECK_FALSE(parse_mount_line(line));
}

TEST_CASE("no part of a good line makes it bad memory", "[mounts]") {
    const std::string line =
        "31 24 8:17 /home/a /ho\\040me rw shared:6 master:7 - xfs /dev/sdb1 rw,attr2";
    for (std::size_t length = 0; length <= line.size(); ++length) {
        // A copy of its own, so that a read beyond the end is noticed.
        const std::string part = line.substr(0, length);
        const auto parsed = parse_mount_line(std::string_view(part.data(), part.size()));
        CHECK(parsed.has_value() == (length > line.find("xfs")));
    }
}

TEST_CASE("what needs no unmounting", "[mounts]") {
    for (const std::string_view type :
         {"proc",        "sysfs",  "devtmpfs", "devpts",     "tmpfs",   "ramfs",
          "rootfs",      "cgroup", "cgroup2",  "securityfs", "debugfs", "tracefs",
          "configfs",    "pstore", "efivarfs", "bpf",        "mqueue",  "hugetlbfs",
          "binfmt_misc", "autofs", "nsfs",     "selinuxfs"}) {
        INFO("type: " << type);
        CHECK(is_api_file_system(type));
    }
    for (const std::string_view type :
         {"",         "ext2",    "ext3",     "ext4",    "xfs",   "btrfs", "vfat",
          "squashfs", "overlay", "nfs",      "nfs4",    "cifs",  "fuse",  "fuse.sshfs",
          "fuseblk",  "9p",      "virtiofs", "iso9660", "proc2", "pro"}) {
        INFO("type: " << type);
        CHECK_FALSE(is_api_file_system(type));
    }
}
