#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "common/boot_link.h"
#include "common/fd_io.h"
#include "supervisor/runsv/adapt.h"
#include "supervisor/runsv/arguments.h"
#include "supervisor/runsv/keeping.h"
#include "supervisor/runsv/logger_pipes.h"
#include "supervisor/runsv/title_log.h"

using namespace mainstay;
using namespace mainstay::supervisor;
using namespace std::chrono_literals;

namespace {

/// "directory|log|session", or "usage".
std::string parsed(std::vector<std::string> words) {
    std::vector<char*> pointers;
    for (std::string& word : words) {
        pointers.push_back(word.data());
    }
    const auto call = runsv::parse_dir_call(pointers);
    if (!call) {
        return "usage";
    }
    return std::string(call->directory) + "|" + (call->log == nullptr ? "" : call->log) +
           (call->own_session ? "|session" : "");
}

/// A house's end and runsvdir's.
struct Link {
    Link() {
        std::array<int, 2> ends{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
                             ends.data()) == 0);
        house = UniqueFd(ends[0]);
        runsvdir = UniqueFd(ends[1]);
    }
    UniqueFd house;
    UniqueFd runsvdir;
};

std::string read_now(int fd) {
    std::array<char, 64> buffer{};
    const ssize_t size = ::read(fd, buffer.data(), buffer.size());
    return {buffer.data(), size < 0 ? 0 : static_cast<std::size_t>(size)};
}

}  // namespace

TEST_CASE("runsvdir takes a directory, a log, and -P before them", "[runsv]") {
    CHECK(parsed({"/etc/service"}) == "/etc/service|");
    CHECK(parsed({"-P", "/etc/service"}) == "/etc/service||session");
    CHECK(parsed({"-P", "sv", "log: ....", "and more"}) == "sv|log: ....|session");
    CHECK(parsed({"sv", "-P"}) == "sv|-P");
    CHECK(parsed({"--", "-P"}) == "-P|");
    CHECK(parsed({"-Pxyz", "sv"}) == "sv||session");
    CHECK(parsed({"-x", "sv"}) == "-x|sv");
    CHECK(parsed({"-", "sv"}) == "-|sv");
    CHECK(parsed({""}) == "|");
    CHECK(parsed({}) == "usage");
    CHECK(parsed({"-P"}) == "usage");
    CHECK(parsed({"--help"}) == "usage");
}

TEST_CASE("runsv takes one directory, whatever it is called", "[runsv]") {
    std::string web = "-web";
    std::string more = "more";
    const std::vector<char*> one = {web.data()};
    const std::vector<char*> two = {web.data(), more.data()};
    CHECK(runsv::parse_call(one) == web.data());
    CHECK(runsv::parse_call(two) == nullptr);
    CHECK(runsv::parse_call({}) == nullptr);
    CHECK(runsv::usage("/sbin/runsv", "dir") == "usage: /sbin/runsv dir\n\n");
}

TEST_CASE("the log in a command line shows the last bytes behind its label", "[runsv]") {
    std::string word = "log: ........";
    runsv::TitleLog log(word);
    log.add("a");
    CHECK(word == "log: .......a");
    log.add("bcd\n");
    CHECK(word == "log: ...abcd\n");
    log.add("");
    CHECK(word == "log: ...abcd\n");
    log.add("12345678");
    CHECK(word == "log: 12345678");
    log.add("far more than there is room for");
    CHECK(word == "log: room for");

    std::string shortest = "1234567";
    runsv::TitleLog(shortest).add("xyz");
    CHECK(shortest == "12345yz");
}

TEST_CASE("under runsv streams and umask are inherited, and nothing is killed", "[runsv]") {
    using Kind = StreamTarget::Kind;
    Definition definition;
    definition.has_log = GENERATE(false, true);
    runsv::adapt(definition, 077);
    CHECK(definition.process().umask == 077);
    CHECK(definition.process().input.kind == Kind::Inherited);
    CHECK(definition.process().output.kind == (definition.has_log ? Kind::Log : Kind::Inherited));
    CHECK(definition.process().error.kind == Kind::Inherited);
    CHECK(definition.policy.stop_timeout == kForever);
    CHECK(definition.policy.finish_timeout == kForever);
    // Runs of less than a second, however many: a second. Others: at once.
    CHECK(pace_restart(0, 999ms, definition.policy.pacing).wait == 1s);
    CHECK(pace_restart(9, 999ms, definition.policy.pacing).wait == 1s);
    CHECK(pace_restart(9, 1s, definition.policy.pacing).wait == 0s);
}

TEST_CASE("what a service says itself counts under runsv, too", "[runsv]") {
    Definition definition;
    definition.policy.stop_timeout = 3s;
    definition.policy.finish_timeout = 4s;
    definition.policy.pacing.delay = 5s;
    ProcessSettings process;
    process.umask = 027;
    process.input = {StreamTarget::Kind::File, "/in"};
    process.output = {StreamTarget::Kind::File, "/out"};
    process.error = {StreamTarget::Kind::Null, {}};
    definition.own_process = std::make_shared<const ProcessSettings>(process);
    const Definition before = definition;
    runsv::adapt(definition, 077);
    CHECK(definition == before);
}

TEST_CASE("runsvdir keeps what the house says, and drops it", "[runsv]") {
    Link link;
    runsv::LinkKeeper keeper(link.house.get());
    runsv::KeptDescriptors kept;
    const Pipe pipe = *make_pipe();
    const std::array ends{pipe.read_end.get(), pipe.write_end.get()};
    keeper.keep(KeptKind::LoggerPipe, 7, ends);
    keeper.keep(KeptKind::ReadyPipe, 7, std::span(ends).first(1));
    runsv::obey_keeper(link.runsvdir.get(), kept);
    REQUIRE(kept.size() == 2);
    const auto& copies = kept.at({KeptKind::LoggerPipe, 7});
    REQUIRE(copies.size() == 2);
    REQUIRE(write_all(copies[1].get(), "through the copy"));
    CHECK(read_now(pipe.read_end.get()) == "through the copy");

    keeper.keep(KeptKind::LoggerPipe, 7, std::span(ends).first(1));
    keeper.drop(KeptKind::ReadyPipe, 7);
    keeper.drop(KeptKind::ReadyPipe, 8);
    runsv::obey_keeper(link.runsvdir.get(), kept);
    REQUIRE(kept.size() == 1);
    CHECK(kept.begin()->second.size() == 1);

    // What is no message, and what asks for something else, changes nothing.
    REQUIRE(::send(link.house.get(), "nonsense", 8, 0) == 8);
    LinkMessage other;
    other.type = LinkType::Claim;
    REQUIRE(send_link(link.house.get(), other));
    runsv::obey_keeper(link.runsvdir.get(), kept);
    CHECK(kept.size() == 1);

    link.runsvdir.reset();
    keeper.drop(KeptKind::LoggerPipe, 7);  // nobody hears it, and nobody is harmed
    runsv::LinkKeeper(-1).keep(KeptKind::LoggerPipe, 7, ends);
}

TEST_CASE("a logger's pipe outlives the house", "[runsv]") {
    Link link;
    runsv::LinkKeeper keeper(link.house.get());
    runsv::KeptDescriptors kept;
    const auto of = [](ServiceId id) { return OutputRequest{id, "", nullptr, LogUse::Wanted}; };
    constexpr ServiceId kWeb = 1;
    constexpr ServiceId kLog = 2;
    {
        runsv::LoggerPipes outputs(keeper);
        REQUIRE(outputs.connect(kWeb, kLog));
        REQUIRE(write_all(outputs.streams_of(of(kWeb))->output, "first "));
        CHECK(outputs.streams_of(of(kWeb))->input == -1);
        CHECK(outputs.streams_of(of(kLog))->output == -1);
        runsv::obey_keeper(link.runsvdir.get(), kept);
    }
    runsv::LoggerPipes next(keeper);
    next.restore(kLog, std::move(kept.at({KeptKind::LoggerPipe, kLog})));
    kept.clear();
    REQUIRE(next.connect(kWeb, kLog));
    REQUIRE(write_all(next.streams_of(of(kWeb))->output, "second"));
    CHECK(read_now(next.streams_of(of(kLog))->input) == "first second");

    // The end is read once the input is closed; whoever writes then has a new pipe.
    const UniqueFd reader(::dup(next.streams_of(of(kLog))->input));
    next.close_input(kLog);
    CHECK(read_now(reader.get()).empty());
    runsv::obey_keeper(link.runsvdir.get(), kept);
    CHECK(kept.at({KeptKind::LoggerPipe, kLog}).size() == 1);
    REQUIRE(next.connect(kWeb, kLog));
    REQUIRE(write_all(next.streams_of(of(kWeb))->output, "third"));
    CHECK(read_now(next.streams_of(of(kLog))->input) == "third");

    next.forget(kLog);
    CHECK(next.streams_of(of(kWeb))->output == -1);
    runsv::obey_keeper(link.runsvdir.get(), kept);
    CHECK(kept.empty());
}
