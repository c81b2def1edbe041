#include "supervisor/watch_set.h"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <stdexcept>

#include "common/fd_io.h"

using namespace mainstay;
using namespace mainstay::supervisor;

namespace {

Pipe pipe_of_ours() {
    auto made = make_pipe();
    REQUIRE(made);
    return std::move(*made);
}

void make_readable(const Pipe& pipe) {
    REQUIRE(::write(pipe.write_end.get(), "x", 1) == 1);
}

}  // namespace

TEST_CASE("a watch calls while its descriptor is readable, and not after its end", "[watch_set]") {
    WatchSet set;
    const Pipe pipe = pipe_of_ours();
    int calls = 0;
    Watch watch(set.add(pipe.read_end.get(), EPOLLIN, [&] { ++calls; }));
    set.dispatch();
    CHECK(calls == 0);
    make_readable(pipe);
    set.dispatch();
    set.dispatch();
    CHECK(calls == 2);
    watch.reset();
    set.dispatch();
    CHECK(calls == 2);
}

TEST_CASE("a watch that ends while others are told is not called", "[watch_set]") {
    WatchSet set;
    const Pipe one = pipe_of_ours();
    const Pipe two = pipe_of_ours();
    make_readable(one);
    make_readable(two);
    int calls = 0;
    Watch first;
    Watch second;
    first = Watch(set.add(one.read_end.get(), EPOLLIN, [&] {
        ++calls;
        second.reset();
    }));
    second = Watch(set.add(two.read_end.get(), EPOLLIN, [&] {
        ++calls;
        first.reset();
    }));
    set.dispatch();
    CHECK(calls == 1);
}

TEST_CASE("a descriptor that is closed while it is watched", "[watch_set]") {
    WatchSet set;
    Pipe pipe = pipe_of_ours();
    int calls = 0;
    Watch watch(set.add(pipe.read_end.get(), EPOLLIN, [&] { ++calls; }));

    SECTION("ends with a word where somebody else has a copy and the kernel goes on with it") {
        const UniqueFd copy(::fcntl(pipe.read_end.get(), F_DUPFD_CLOEXEC, 3));
        pipe.read_end.reset();
        watch.reset();
        set.dispatch();
        make_readable(pipe);
        CHECK_THROWS_AS(set.dispatch(), std::logic_error);
    }
    SECTION("harms nobody where nobody has one, nor who gets its number") {
        pipe.read_end.reset();
        const Pipe next = pipe_of_ours();
        int calls_of_next = 0;
        const Watch other(set.add(next.read_end.get(), EPOLLIN, [&] { ++calls_of_next; }));
        make_readable(next);
        set.dispatch();
        CHECK(calls == 0);
        CHECK(calls_of_next == 1);
    }
}
