#include "ctl/args.h"

#include <catch2/catch.hpp>
#include <csignal>

using namespace mainstay::ctl;
using namespace std::chrono_literals;
using mainstay::protocol::Verb;
using Words = std::vector<std::string_view>;

namespace {

Invocation good(const Words& words) {
    const ParsedArgs parsed = parse_args(words);
    if (const auto* error = std::get_if<UsageError>(&parsed)) {
        FAIL(error->message);
    }
    return std::get<Invocation>(parsed);
}

std::string bad(const Words& words) {
    const ParsedArgs parsed = parse_args(words);
    REQUIRE(std::holds_alternative<UsageError>(parsed));
    return std::get<UsageError>(parsed).message;
}

using Services = std::vector<std::string>;

}  // namespace

TEST_CASE("no words at all mean status", "[args]") {
    CHECK(good({}) == Invocation{});
    CHECK(good({}).command == Command::Status);
    CHECK(good({"--json"}).command == Command::Status);
}

TEST_CASE("options stand where they like, up to --", "[args]") {
    const Invocation expected =
        good({"--json", "--no-wait", "--timeout", "5", "--control", "/s", "up", "web", "db"});
    CHECK(expected.command == Command::Up);
    CHECK(expected.services == Services{"web", "db"});
    CHECK(expected.format == OutputFormat::Json);
    CHECK_FALSE(expected.wait);
    CHECK(expected.timeout == 5s);
    CHECK(expected.control == "/s");
    CHECK(good({"up", "web", "--json", "db", "--no-wait", "--timeout=5s", "--control=/s"}) ==
          expected);
    CHECK(good({"up", "--", "--json"}).services == Services{"--json"});
    CHECK(good({"up", "-"}).services == Services{"-"});
}

TEST_CASE("a command may be called by its alias or by a beginning", "[args]") {
    CHECK(good({"start", "web"}).command == Command::Up);
    CHECK(good({"stop", "web"}).command == Command::Down);
    CHECK(good({"star", "web"}).command == Command::Up);
    CHECK(good({"d", "web"}).command == Command::Down);
    CHECK(good({"stat"}).command == Command::Status);
    CHECK(good({"r", "web"}).command == Command::Restart);
    CHECK(good({"up", "web"}).command == Command::Up);
}

TEST_CASE("what could be several commands lists them", "[args]") {
    CHECK(bad({"st"}) == R"(command "st" is ambiguous: start, status, stop)");
    CHECK(bad({"u", "web"}) == R"(command "u" is ambiguous: up, usr1, usr2)");
}

TEST_CASE("a misspelt command gets the nearest one", "[args]") {
    CHECK(bad({"stauts"}) == R"(unknown command "stauts": did you mean "status"?)");
    CHECK(bad({"retsart", "web"}) == R"(unknown command "retsart": did you mean "restart"?)");
    CHECK(bad({"UP", "web"}).find("unknown command \"UP\"") == 0);
    CHECK(bad({"nginx"}) ==
          R"(unknown command "nginx": see svctl help; for the state of a service: )"
          "svctl status SERVICE");
    CHECK(bad({""}).find("unknown command \"\"") == 0);
}

TEST_CASE("signals come with the command, or before the services", "[args]") {
    CHECK(good({"hup", "web"}).signal == SIGHUP);
    CHECK(good({"pause", "web"}).signal == SIGSTOP);
    CHECK(good({"kill", "web"}).signal == SIGKILL);
    const Invocation winch = good({"signal", "sigwinch", "a", "b"});
    CHECK(winch.signal == SIGWINCH);
    CHECK(winch.services == Services{"a", "b"});
    CHECK(good({"signal", "64", "a"}).signal == 64);
    CHECK(bad({"signal", "65", "a"}).find("\"65\" is no signal") == 0);
    CHECK(bad({"signal", "web"}).find("\"web\" is no signal") == 0);
    CHECK(bad({"signal"}) == "signal needs a signal and at least one service");
    CHECK(bad({"signal", "HUP"}) == "signal needs at least one service");
}

TEST_CASE("what a command does not take is refused", "[args]") {
    CHECK(bad({"up"}) == "up needs at least one service");
    CHECK(bad({"version", "web"}) == "version does not take \"web\"");
    CHECK(bad({"help", "up", "down"}) == "help does not take \"down\"");
    CHECK(bad({"status", "--no-wait"}) == "status does not wait: --no-wait has no meaning for it");
    CHECK(bad({"up", ""}) == "a service has an empty name");
    CHECK(bad({"status", ""}) == "a service has an empty name");
}

TEST_CASE("options that are wrong are named", "[args]") {
    CHECK(bad({"--colour"}).find("unknown option \"--colour\"") == 0);
    CHECK(bad({"-x"}).find("unknown option \"-x\"") == 0);
    CHECK(bad({"--json=yes"}).find("unknown option, or one that takes no value") == 0);
    CHECK(bad({"up", "web", "--timeout"}) == "--timeout needs a value");
    CHECK(bad({"--control"}) == "--control needs a value");
    CHECK(bad({"--control="}) == "--control needs a value that is not empty");
    CHECK(bad({"--timeout", "soon", "up", "web"}).find("--timeout \"soon\" is no time") == 0);
    CHECK(bad({"--timeout=-1", "up", "web"}).find("--timeout \"-1\" is no time") == 0);
}

TEST_CASE("help is for svctl or for one command, however it is asked for", "[args]") {
    CHECK(good({"help"}).command == Command::Help);
    CHECK_FALSE(good({"--help"}).topic.has_value());
    CHECK(good({"help", "down"}).topic == Command::Down);
    CHECK(good({"help", "stop"}).topic == Command::Down);
    CHECK(good({"down", "--help"}).topic == Command::Down);
    CHECK(good({"down", "web", "-h"}).topic == Command::Down);
    CHECK(bad({"help", "nosuch"}).find("unknown command \"nosuch\"") == 0);
}

TEST_CASE("--version needs no command and no supervisor", "[args]") {
    CHECK(std::holds_alternative<PrintOwnVersion>(parse_args({"--version"})));
    CHECK(std::holds_alternative<PrintOwnVersion>(parse_args({"up", "web", "--version"})));
}

TEST_CASE("the request says what the command line said", "[args]") {
    auto request = make_request(good({"--timeout", "2", "--no-wait", "stop", "a", "b"}), 9);
    CHECK(request.id == 9);
    CHECK(request.verb == Verb::Down);
    CHECK(request.services == Services{"a", "b"});
    CHECK(request.timeout == 2s);
    CHECK_FALSE(request.wait);

    request = make_request(good({"usr2", "a"}), 1);
    CHECK(request.verb == Verb::Signal);
    CHECK(request.signal == SIGUSR2);

    request = make_request(good({"status", "--timeout", "2"}), 1);
    CHECK(request.verb == Verb::Status);
    CHECK_FALSE(request.timeout.has_value());
}
