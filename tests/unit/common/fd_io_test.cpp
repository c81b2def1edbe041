#include "common/fd_io.h"

#include <fcntl.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

using namespace mainstay;
using namespace std::chrono_literals;

namespace {

/// More than a pipe holds.
const std::string kMuch(1'000'000, 'x');

}  // namespace

TEST_CASE("what does not fit into a pipe is not waited for without patience") {
    auto pipe = make_pipe(O_NONBLOCK);
    REQUIRE(pipe);
    const auto written = write_patiently(pipe->write_end.get(), kMuch, 0s);
    REQUIRE(!written);
    CHECK(written.error().code == EAGAIN);
    CHECK(write_patiently(pipe->write_end.get(), "x", 1ms).error().code == EAGAIN);
}

TEST_CASE("patience lasts until somebody has made room") {
    auto pipe = make_pipe(O_NONBLOCK);
    REQUIRE(pipe);
    REQUIRE(::fcntl(pipe->read_end.get(), F_SETFL, 0) == 0);
    std::size_t got = 0;
    std::thread reader([&] {
        std::vector<char> buffer(kMuch.size());
        const auto text = read_up_to(pipe->read_end.get(), buffer);
        got = text ? text->size() : 0;
    });
    const auto written = write_patiently(pipe->write_end.get(), kMuch, 60s);
    pipe->write_end.reset();
    reader.join();
    CHECK(written);
    CHECK(got == kMuch.size());
}

TEST_CASE("nobody who reads is no matter of patience") {
    auto pipe = make_pipe(O_NONBLOCK);
    REQUIRE(pipe);
    const auto blocked = ::signal(SIGPIPE, SIG_IGN);
    pipe->read_end.reset();
    CHECK(write_patiently(pipe->write_end.get(), "x", 60s).error().code == EPIPE);
    (void)::signal(SIGPIPE, blocked);
}
