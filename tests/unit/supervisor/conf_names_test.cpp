/// Our tables of the kernel's names against libcap and the kernel's headers.
#include <linux/securebits.h>
#include <sys/capability.h>
#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <map>
#include <string>

#include "supervisor/conf_names.h"

using namespace mainstay::supervisor;

TEST_CASE("conf names: capabilities are named as libcap names them", "[conf]") {
    const auto names = capability_names();
    for (unsigned number = 0; number < names.size(); ++number) {
        char* name = cap_to_name(static_cast<cap_value_t>(number));
        REQUIRE(name != nullptr);
        CHECK(names[number] == name);
        CHECK(capability_by_name(name) == number);
        cap_free(name);
    }
    CHECK(names.size() == CAP_LAST_CAP + 1);
    CHECK(capability_by_name("CAP_NET_RAW") == 13U);
    CHECK_FALSE(capability_by_name("net_raw"));
    CHECK_FALSE(capability_by_name(""));
}

TEST_CASE("conf names: securebits have the kernel's numbers", "[conf]") {
    const std::map<std::string, unsigned> expected = {
        {"noroot", SECURE_NOROOT},
        {"noroot-locked", SECURE_NOROOT_LOCKED},
        {"no-setuid-fixup", SECURE_NO_SETUID_FIXUP},
        {"no-setuid-fixup-locked", SECURE_NO_SETUID_FIXUP_LOCKED},
        {"keep-caps", SECURE_KEEP_CAPS},
        {"keep-caps-locked", SECURE_KEEP_CAPS_LOCKED},
        {"no-cap-ambient-raise", SECURE_NO_CAP_AMBIENT_RAISE},
        {"no-cap-ambient-raise-locked", SECURE_NO_CAP_AMBIENT_RAISE_LOCKED},
    };
    CHECK(securebit_names().size() == expected.size());
    for (const auto& [name, bit] : expected) {
        CHECK(securebit_by_name(name) == 1U << bit);
    }
    CHECK_FALSE(securebit_by_name("root"));
}

TEST_CASE("conf names: limits have the kernel's numbers", "[conf]") {
    const std::map<std::string, int> expected = {
        {"as", RLIMIT_AS},
        {"core", RLIMIT_CORE},
        {"cpu", RLIMIT_CPU},
        {"data", RLIMIT_DATA},
        {"fsize", RLIMIT_FSIZE},
        {"locks", RLIMIT_LOCKS},
        {"memlock", RLIMIT_MEMLOCK},
        {"msgqueue", RLIMIT_MSGQUEUE},
        {"nice", RLIMIT_NICE},
        {"nofile", RLIMIT_NOFILE},
        {"nproc", RLIMIT_NPROC},
        {"rss", RLIMIT_RSS},
        {"rtprio", RLIMIT_RTPRIO},
        {"rttime", RLIMIT_RTTIME},
        {"sigpending", RLIMIT_SIGPENDING},
        {"stack", RLIMIT_STACK},
    };
    CHECK(limit_infos().size() == expected.size());
    for (const LimitInfo& info : limit_infos()) {
        INFO(info.name);
        CHECK(info.resource == expected.at(std::string(info.name)));
    }
}
