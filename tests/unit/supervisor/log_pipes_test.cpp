// Pipes and who holds them, with real descriptors and no svlog: the program that should be one ends
// at once, so that all of this also holds while there is none.
#include "supervisor/log_pipes.h"

#include <sched.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>

#include "fakes/fake_keeper.h"
#include "fakes/fake_os.h"

using namespace mainstay;
using namespace mainstay::supervisor;

namespace {

class Fixture {
  public:
    Fixture() {
        pipes_.restored([](ServiceId) { return true; });
    }
    LogPipes& pipes() noexcept { return pipes_; }

    Streams streams_of(ServiceId service, const std::string& name, LogUse use = LogUse::Wanted) {
        const auto streams = pipes_.streams_of({service, name, nullptr, use});
        REQUIRE(streams);
        return *streams;
    }

    /// Turns the loop until it holds, with a generous deadline.
    template <typename Condition>
    void turn_until(Condition holds) {
        const MonotonicTime deadline = monotonic_now() + std::chrono::seconds(30);
        while (!holds()) {
            REQUIRE(monotonic_now() < deadline);
            loop_.run_what_is_ready();
            ::sched_yield();
        }
    }

    /// Turns it until somebody has taken that line, as the last one, out of the service's pipe.
    void wait_read(ServiceId service, const std::string& line) {
        turn_until([&] { return pipes_.read_from(service, 0).bytes.ends_with(line + "\n"); });
    }

  private:
    static LogPipesSettings settings() {
        LogPipesSettings settings;
        settings.svlog.program = "/nowhere/svlog";
        return settings;
    }

    Loop loop_;
    fakes::FakeJournal journal_;
    fakes::FakeKeeper keeper_;
    LogPipes pipes_{loop_, journal_, keeper_, settings()};
};

void write_to(int fd, std::string_view text) {
    REQUIRE(::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

std::string read_from(int fd) {
    std::string text(100, '\0');
    const ssize_t count = ::read(fd, text.data(), text.size());
    text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return text;
}

constexpr ServiceId kLogger = 7;

}  // namespace

TEST_CASE("writers of one logger share its pipe", "[log_pipes]") {
    Fixture f;
    REQUIRE(f.pipes().connect(1, kLogger));
    REQUIRE(f.pipes().connect(2, kLogger));
    const Streams one = f.streams_of(1, "one");
    const Streams two = f.streams_of(2, "two");
    const Streams logger = f.streams_of(kLogger, "logger");
    CHECK(one.output == two.output);
    CHECK(one.input == -1);
    CHECK(logger.output != one.output);
    write_to(one.output, "from one\n");
    write_to(two.output, "from two\n");
    CHECK(read_from(logger.input) == "from one\nfrom two\n");

    SECTION("its input ends when it is closed, and is there again when it is connected again") {
        f.pipes().close_input(kLogger);
        CHECK(read_from(logger.input).empty());
        REQUIRE(f.pipes().connect(1, kLogger));
        const Streams again = f.streams_of(1, "one");
        write_to(again.output, "again\n");
        CHECK(read_from(f.streams_of(kLogger, "logger").input) == "again\n");
    }
    SECTION("when it is forgotten its writers go on into svlog") {
        f.pipes().forget(kLogger);
        const Streams later = f.streams_of(2, "two");
        write_to(later.output, "still heard\n");
        f.wait_read(2, "still heard");
        CHECK(f.streams_of(1, "one").output != later.output);
    }
    SECTION("a writer that is forgotten leaves the others alone") {
        f.pipes().forget(1);
        write_to(f.streams_of(2, "two").output, "alone\n");
        CHECK(read_from(logger.input) == "alone\n");
    }
}

TEST_CASE("a service whose output goes elsewhere gets no pipe", "[log_pipes]") {
    Fixture f;
    CHECK(f.streams_of(1, "one", LogUse::NotWanted).output == -1);
    CHECK(f.pipes().last_lines(1, 5).empty());
}

TEST_CASE("lines are shown before anybody has read them, and after", "[log_pipes]") {
    Fixture f;
    const Streams streams = f.streams_of(1, "one");
    write_to(streams.output, "first\nsecond\nha");
    CHECK(f.pipes().last_lines(1, 2) == std::vector<std::string>{"second", "ha"});
    write_to(streams.output, "lf\n");
    f.wait_read(1, "half");
    const LogTail tail = f.pipes().tail(1, 9);
    CHECK(tail.lines == std::vector<std::string>{"first", "second", "half"});
    CHECK(tail.next == 18);
}

TEST_CASE("a follower hears of new bytes and reads on from where it was", "[log_pipes]") {
    Fixture f;
    const Streams streams = f.streams_of(1, "one");
    write_to(streams.output, "before\n");
    LogCursor cursor = f.pipes().tail(1, 0).next;
    CHECK(cursor == 7);
    std::string heard;
    const FollowId follow = f.pipes().follow(1, [&] {
        const LogPiece piece = f.pipes().read_from(1, cursor);
        CHECK(piece.lost == 0);
        heard += piece.bytes;
        cursor = piece.next;
    });
    write_to(streams.output, "after\n");
    f.wait_read(1, "after");
    f.turn_until([&] { return !heard.empty(); });
    CHECK(heard == "after\n");
    f.pipes().unfollow(follow);
    write_to(streams.output, "unheard\n");
    f.wait_read(1, "unheard");
    CHECK(heard == "after\n");
}
