#include "supervisor/log_ring.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using mainstay::supervisor::LogRing;
using mainstay::supervisor::LogStore;

using List = std::vector<std::string>;

TEST_CASE("a ring keeps the newest bytes", "[log_ring]") {
    LogRing ring;
    ring.append("lost");
    ring.set_capacity(8);
    ring.append("abc");
    CHECK(ring.content() == "abc");
    ring.append("defgh");
    CHECK(ring.content() == "abcdefgh");
    ring.append("ij");
    CHECK(ring.content() == "cdefghij");
    ring.append("0123456789ABCDEF");
    CHECK(ring.content() == "89ABCDEF");
    CHECK(ring.total() == 30);
    ring.set_capacity(4);
    CHECK(ring.content() == "CDEF");
    ring.set_capacity(16);
    ring.append("!");
    CHECK(ring.content() == "CDEF!");
}

TEST_CASE("last lines: whole ones, oldest first, and one that is not ended", "[log_ring]") {
    LogRing ring;
    ring.set_capacity(64);
    CHECK(ring.last_lines(3).empty());
    ring.append("a\nb\n\nc\n");
    CHECK(ring.last_lines(2) == List{"", "c"});
    CHECK(ring.last_lines(9) == List{"a", "b", "", "c"});
    ring.append("half");
    CHECK(ring.last_lines(2) == List{"c", "half"});
    CHECK(ring.last_lines(0).empty());
}

TEST_CASE("a line of which the beginning is lost is left out, unless it is all there is",
          "[log_ring]") {
    LogRing ring;
    ring.set_capacity(8);
    ring.append("0123456789\nab\n");
    CHECK(ring.last_lines(5) == List{"ab"});
    ring.append("0123456789");
    CHECK(ring.last_lines(5) == List{"23456789"});
}

TEST_CASE("a store keeps each service's newest bytes and never more than its limit", "[log_ring]") {
    LogStore store({4096, 16384});
    const std::string line(99, 'x');
    for (std::uint32_t key = 0; key < 40; ++key) {
        for (int i = 0; i < 100; ++i) {
            store.append(key, line + "\n");
            REQUIRE(store.allocated() <= 16384);
        }
        store.append(key, "last of " + std::to_string(key) + "\n");
    }
    // 40 rings share what 4 would fill; the newest service is not the one that goes without.
    CHECK(store.last_lines(39, 1) == List{"last of 39"});
    CHECK(store.last_lines(39, 100).size() > 1);
    store.forget(39);
    CHECK(store.last_lines(39, 1).empty());
    CHECK(store.last_lines(4711, 1).empty());
}

TEST_CASE("a quiet service costs little", "[log_ring]") {
    LogStore store({65536, 1 << 24});
    store.append(1, "hello\n");
    CHECK(store.allocated() == 1024);
    CHECK(store.last_lines(1, 5) == List{"hello"});
}
