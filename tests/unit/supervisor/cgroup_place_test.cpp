/// Where cgroups are and what they are told, by texts.
#include "supervisor/cgroup_place.h"

#include <catch2/catch.hpp>

using namespace mainstay::supervisor;

namespace {

constexpr char kV2[] =
    "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
    "31 22 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
constexpr char kHybrid[] =
    "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

}  // namespace

TEST_CASE("the own cgroup is found in v2 and in a hybrid system", "[cgroup]") {
    CHECK(own_cgroup(kV2, "0::/\n") == "/sys/fs/cgroup");
    CHECK(own_cgroup(kV2, "0::/user.slice/a\n") == "/sys/fs/cgroup/user.slice/a");
    CHECK(own_cgroup(kHybrid, "8:pids:/x\n1:name=systemd:/\n0::/y") == "/sys/fs/cgroup/unified/y");
}

TEST_CASE("the leaf we moved to is not where services go", "[cgroup]") {
    CHECK(own_cgroup(kV2, "0::/mainstay/@supervisor\n") == "/sys/fs/cgroup");
    CHECK(own_cgroup(kV2, "0::/a/mainstay.3/@supervisor\n") == "/sys/fs/cgroup/a");
    CHECK(own_cgroup(kV2, "0::/a/@supervisor\n") == "/sys/fs/cgroup/a/@supervisor");
}

TEST_CASE("a part of the hierarchy may be all there is to see", "[cgroup]") {
    const std::string part =
        "5 1 0:9 /docker/ab /sys/fs/cgroup ro - cgroup2 cgroup rw\n"
        "6 1 0:9 /docker/cd /cg\\040two rw - cgroup2 cgroup rw\n";
    CHECK(own_cgroup(part, "0::/docker/ab\n") == "/sys/fs/cgroup");
    CHECK(own_cgroup(part, "0::/docker/cd/in\n") == "/cg two/in");
    CHECK_FALSE(own_cgroup(part, "0::/docker/abc\n").has_value());
}

TEST_CASE("without cgroup v2 there is none", "[cgroup]") {
    CHECK_FALSE(own_cgroup("", "0::/\n").has_value());
    CHECK_FALSE(own_cgroup(kV2, "").has_value());
    CHECK_FALSE(own_cgroup(kV2, "4:memory:/a\n").has_value());
    CHECK_FALSE(own_cgroup(kV2, "0::/../sibling\n").has_value());
    CHECK_FALSE(own_cgroup("nonsense - cgroup2\n\n - cgroup2 x", "0::/a\n") == "/a/b");
}

TEST_CASE("a service's name is a name for a cgroup", "[cgroup]") {
    CHECK(cgroup_name("web") == "web");
    CHECK(cgroup_name("getty@tty1") == "getty@tty1");
    CHECK(cgroup_name("web/log") == "web%2Flog");
    CHECK(cgroup_name("@supervisor") == "%40supervisor");
    CHECK(cgroup_name(".hidden") == "%2Ehidden");
    CHECK(cgroup_name("memory.max") == "%6Demory.max");
    CHECK(cgroup_name("cgroup.procs") == "%63group.procs");
    CHECK(cgroup_name("a%b c\n") == "a%25b%20c%0A");
    CHECK(cgroup_name("io") == "io");
}

TEST_CASE("settings are values in the kernel's words", "[cgroup]") {
    CgroupSettings settings;
    CHECK(cgroup_values(settings, Unset::Omit).empty());
    settings.memory_max = 64U << 20U;
    settings.memory_high = UINT64_MAX;
    settings.pids_max = 100;
    settings.cpu_max = 150;
    settings.cpu_weight = 50;
    settings.io_weight = 10000;
    CHECK(cgroup_values(settings, Unset::Omit) ==
          std::vector<CgroupValue>{{"memory", "memory.max", "67108864"},
                                   {"memory", "memory.high", "max"},
                                   {"pids", "pids.max", "100"},
                                   {"cpu", "cpu.max", "150000 100000"},
                                   {"cpu", "cpu.weight", "50"},
                                   {"io", "io.weight", "10000"}});
}

TEST_CASE("what is not set any more gets the kernel's values", "[cgroup]") {
    CgroupSettings settings;
    settings.pids_max = 7;
    CHECK(cgroup_values(settings, Unset::Default) ==
          std::vector<CgroupValue>{{"memory", "memory.max", "max", true},
                                   {"memory", "memory.high", "max", true},
                                   {"pids", "pids.max", "7"},
                                   {"cpu", "cpu.max", "max", true},
                                   {"cpu", "cpu.weight", "100", true},
                                   {"io", "io.weight", "100", true}});
}

TEST_CASE("numbers are read from the kernel's files", "[cgroup]") {
    CHECK(single_number("4096\n") == 4096U);
    CHECK(single_number("max\n") == UINT64_MAX);
    CHECK_FALSE(single_number("").has_value());
    CHECK_FALSE(single_number("12x\n").has_value());
    CHECK(keyed_number("low 0\noom 3\noom_kill 2\n", "oom_kill") == 2U);
    CHECK_FALSE(keyed_number("low 0\n", "oom_kill").has_value());
    CHECK_FALSE(keyed_number("oom_kill\n", "oom_kill").has_value());
}
