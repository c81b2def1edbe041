#include "common/runit_status.h"

#include <catch2/catch.hpp>

using namespace mainstay;

namespace {

constexpr std::string_view kBytes(
    "\x40\x00\x00\x00\x66\x00\x00\x0a\x01\x02\x03\x04\x0d\x0c\x0b\x0a\x01"
    "d"
    "\x01\x02",
    20);

RunitStatus finishing() {
    return {tai64(0x66000000), 0x01020304, 0x0a0b0c0d, RunitState::Finish,
            RunitWant::Down,   true,       true};
}

}  // namespace

TEST_CASE("runit status: bytes as runsv packs them, and back", "[runit]") {
    const auto packed = pack(finishing());
    CHECK(std::string_view(packed.data(), packed.size()) == kBytes);
    CHECK(unpack_runit_status(kBytes) == finishing());
    // exit is not told from down in there.
    RunitStatus leaving = finishing();
    leaving.want = RunitWant::Exit;
    CHECK(pack(leaving) == packed);
}

TEST_CASE("runit status: what is not 20 bytes is none, an unknown state is down", "[runit]") {
    CHECK_FALSE(unpack_runit_status(""));
    CHECK_FALSE(unpack_runit_status(kBytes.substr(1)));
    CHECK_FALSE(unpack_runit_status(std::string(kBytes) + "x"));
    std::string odd(kBytes);
    odd[19] = 3;
    odd[17] = '?';
    CHECK(unpack_runit_status(odd)->state == RunitState::Down);
    CHECK(unpack_runit_status(odd)->want == RunitWant::Down);
}

TEST_CASE("runit stat: the words of each combination", "[runit]") {
    RunitStatus status;
    CHECK(stat_text(status) == "down\n");
    status.want = RunitWant::Down;
    status.paused = true;
    CHECK(stat_text(status) == "down, paused\n");
    CHECK(stat_text(finishing()) == "finish, paused, got TERM, want down\n");
    RunitStatus running{1, 2, 3, RunitState::Run, RunitWant::Exit, false, true};
    CHECK(stat_text(running) == "run, got TERM, want exit\n");
    running.want = RunitWant::Up;
    running.got_term = false;
    CHECK(stat_text(running) == "run\n");
}

TEST_CASE("runit pid: a number, or nothing", "[runit]") {
    CHECK(pid_text(finishing()) == "168496141\n");
    CHECK(pid_text({}).empty());
}

TEST_CASE("tai64: ten seconds ahead of the wall clock, and before 1970 below 2^62", "[runit]") {
    struct Row {
        std::int64_t unix_seconds;
        std::uint64_t label;
    };
    for (const Row& row : {Row{0, 0x400000000000000a}, Row{-1, 0x4000000000000009},
                           Row{-11, 0x3fffffffffffffff}, Row{0x66000000, 0x400000006600000a}}) {
        CAPTURE(row.unix_seconds);
        CHECK(tai64(row.unix_seconds) == row.label);
    }
}
