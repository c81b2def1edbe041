/// The room in the kernel's table of our descriptors.
#include "supervisor/descriptor_reserve.h"

#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

using namespace mainstay::supervisor;

namespace {

/// How many descriptors our table has room for (proc(5), FDSize).
long room() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
        if (word == "FDSize:") {
            long size = 0;
            status >> size;
            return size;
        }
    }
    return 0;
}

auto count_open() {
    const std::filesystem::directory_iterator descriptors("/proc/self/fd");
    return std::distance(begin(descriptors), end(descriptors));
}

}  // namespace

TEST_CASE("room for descriptors is made before they are needed, and none is used", "[spawn]") {
    rlimit limit{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
    const auto open_before = count_open();
    const long before = room();
    REQUIRE(before > 0);
    const auto services = static_cast<std::size_t>(before);
    make_room_for_descriptors(services);
    CHECK(count_open() == open_before);
    const bool is_permitted = services * 5 + kReservedDescriptors < limit.rlim_cur;
    CHECK((room() >= 5 * before) == is_permitted);
}

TEST_CASE("more room than our limit allows is not made", "[spawn]") {
    const long before = room();
    rlimit limit{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
    make_room_for_descriptors(limit.rlim_cur / 5);
    make_room_for_descriptors(1'000'000'000'000);
    CHECK(room() == before);
}
