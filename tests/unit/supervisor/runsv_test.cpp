#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "supervisor/runsv/adapt.h"
#include "supervisor/runsv/arguments.h"
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
