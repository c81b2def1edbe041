// From a pipe into the arena, and what the next one makes of it when that ended half way.
#include "supervisor/svlog/intake.h"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>

#include "unit/svlog/plain_arena.h"

using namespace mainstay;
using namespace mainstay::svlog;

namespace {

constexpr ArenaShape kShape{4, 64};
constexpr std::uint32_t kSlot = 2;
constexpr std::size_t kMost = 32768;

Pipe pipe_with(std::string_view text) {
    auto pipe = make_pipe(O_NONBLOCK);
    REQUIRE(pipe);
    REQUIRE(write_all(pipe->write_end.get(), text));
    return std::move(*pipe);
}

std::string lines(int count) {
    std::string text;
    for (int i = 0; i < count; ++i) {
        text += "line " + std::to_string(i) + "\n";
    }
    return text;
}

/// Where svlog may be killed: the steps of Intake::take() up to there are done by hand.
struct HalfDone {
    PlainArena plain{kShape};
    Pipe stage = pipe_with("");
    std::string text = lines(500);

    StageMark& mark() const noexcept { return plain.arena().header().staged; }
    void begin(std::uint64_t target) const {
        store(mark().slot, kSlot);
        store(mark().target, target);
    }
    /// As much as @p size of the text has reached its place; the rest is in the stage.
    void bring(std::size_t size, bool is_published) {
        ArenaWriter writer(plain.arena());
        std::size_t done = 0;
        for (const auto& room : writer.reserve(kSlot, text.size(), 0)) {
            done += std::string_view(text)
                        .substr(0, size)
                        .substr(std::min(done, size))
                        .copy(room.data, room.size);
        }
        if (is_published) {
            writer.commit(kSlot, size);
        }
        REQUIRE(write_all(stage.write_end.get(), std::string_view(text).substr(size)));
    }
};

}  // namespace

TEST_CASE("bytes come from a pipe into the arena", "[intake]") {
    const PlainArena plain(kShape);
    const Pipe stage = pipe_with("");
    Intake intake(plain.arena(), stage);
    intake.writer().set_limit(kSlot, 8192);
    Pipe pipe = pipe_with(lines(300));

    CHECK(intake.take(kSlot, pipe.read_end.get(), 1000, 0).size == 1000);
    const auto rest = intake.take(kSlot, pipe.read_end.get(), kMost, 0);
    CHECK(rest.size == lines(300).size() - 1000);
    CHECK(plain.text(kSlot) == lines(300));
    CHECK(intake.take(kSlot, pipe.read_end.get(), kMost, 0).state == Intake::PipeState::Open);
    pipe.write_end.reset();
    CHECK(intake.take(kSlot, pipe.read_end.get(), kMost, 0).state == Intake::PipeState::Ended);
}

TEST_CASE("what is needed stays beyond the limit until it is not", "[intake]") {
    const PlainArena plain(kShape);
    const Pipe stage = pipe_with("");
    Intake intake(plain.arena(), stage);
    intake.writer().set_limit(kSlot, 4096);
    const std::string text = lines(1500);
    const Pipe pipe = pipe_with(text);
    while (intake.take(kSlot, pipe.read_end.get(), kMost, 0).size > 0) {
    }
    CHECK(plain.text(kSlot) == text);
    intake.writer().trim(kSlot, 3000);
    CHECK(text.ends_with(plain.text(kSlot)));
    CHECK(plain.text(kSlot).size() >= text.size() - 3000);
    CHECK(plain.text(kSlot).size() < text.size());
    intake.writer().trim(kSlot, text.size());
    CHECK(plain.text(kSlot).size() <= 4096);
}

TEST_CASE("more than there is memory for pushes the oldest out", "[intake]") {
    const PlainArena plain({4, 4});
    const Pipe stage = pipe_with("");
    Intake intake(plain.arena(), stage);
    intake.writer().set_limit(kSlot, 4096);
    const std::string text = lines(1500);
    const Pipe pipe = pipe_with(text);
    std::size_t taken = 0;
    while (const std::size_t size = intake.take(kSlot, pipe.read_end.get(), kMost, 0).size) {
        taken += size;
    }
    CHECK(taken == text.size());
    CHECK(plain.read(kSlot).next == text.size());
    CHECK(text.ends_with(plain.text(kSlot)));
    CHECK(plain.text(kSlot).size() > 2048);
}

TEST_CASE("whatever was half done is finished by the next", "[intake]") {
    HalfDone half;
    SECTION("moved to the stage, and not noted how much that is") {
        half.begin(0);
        REQUIRE(write_all(half.stage.write_end.get(), half.text));
    }
    SECTION("noted, and nothing at its place yet") {
        half.begin(half.text.size());
        half.bring(0, false);
    }
    SECTION("part of it at its place, and not published") {
        half.begin(half.text.size());
        half.bring(2500, false);
    }
    SECTION("part of it published") {
        half.begin(half.text.size());
        half.bring(2500, true);
    }
    SECTION("all of it at its place, and not published") {
        half.begin(half.text.size());
        half.bring(half.text.size(), false);
    }
    SECTION("all done") {
        half.begin(half.text.size());
        half.bring(half.text.size(), true);
    }
    Intake next(half.plain.arena(), half.stage);
    CHECK(half.plain.text(kSlot) == half.text);
    next.writer().set_limit(kSlot, 16384);
    const Pipe pipe = pipe_with("and on\n");
    CHECK(next.take(kSlot, pipe.read_end.get(), kMost, 0).size == 7);
    CHECK(half.plain.text(kSlot) == half.text + "and on\n");
}

TEST_CASE("a note that makes no sense moves nothing", "[intake]") {
    HalfDone half;
    const std::uint64_t target = GENERATE(as<std::uint64_t>(), 1, ~std::uint64_t{0}, 1U << 30U);
    half.begin(target);
    store(half.mark().slot, GENERATE(as<std::uint32_t>(), kSlot, 99));
    REQUIRE(write_all(half.stage.write_end.get(), "left\n"));
    const Intake next(half.plain.arena(), half.stage);
    CHECK(half.plain.text(kSlot) + half.plain.text(0) == "left\n");
}
