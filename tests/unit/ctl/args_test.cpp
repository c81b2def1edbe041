#include "ctl/args.h"

#include <catch2/catch.hpp>
#include <csignal>

using namespace mainstay::ctl;
using namespace std::chrono_literals;
using mainstay::protocol::Goal;
using mainstay::protocol::Place;
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
    CHECK(good({"do", "web"}).command == Command::Down);
    CHECK(good({"stat"}).command == Command::Status);
    CHECK(good({"rest", "web"}).command == Command::Restart);
    CHECK(good({"try", "web"}).command == Command::TryRestart);
    CHECK(good({"up", "web"}).command == Command::Up);
}

TEST_CASE("what could be several commands lists them", "[args]") {
    CHECK(bad({"st"}) == R"(command "st" is ambiguous: start, status, stop)");
    CHECK(bad({"u", "web"}) == R"(command "u" is ambiguous: up, upgrade, usr1, usr2)");
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
    CHECK(bad({"--no-wiat"}) == R"(unknown option "--no-wiat": did you mean "--no-wait"?)");
    CHECK(bad({"--json=yes"}).find("--json takes no value") == 0);
    CHECK(bad({"up", "web", "--timeout"}) == "--timeout needs a value");
    CHECK(bad({"--control"}) == "--control needs a value");
    CHECK(bad({"--control="}) == "--control needs a value that is not empty");
    CHECK(bad({"--timeout", "soon", "up", "web"}).find("--timeout \"soon\" is no time") == 0);
    CHECK(bad({"--timeout=-1", "up", "web"}).find("--timeout \"-1\" is no time") == 0);
}

TEST_CASE("options belong to commands", "[args]") {
    const Invocation log = good({"log", "-f", "-n", "50", "web"});
    CHECK(log.follow);
    CHECK(log.lines == 50);
    CHECK(good({"log", "--lines=0"}).lines == 0);
    CHECK(bad({"log", "-n", "many"}) == R"(--lines "many" is no number from 0 to 100000)");
    CHECK(bad({"log", "-n", "100001"}).find("is no number") != std::string::npos);
    CHECK(bad({"status", "-f"}) == "status does not take --follow");
    CHECK(bad({"up", "web", "--runtime"}) == "up does not take --runtime");
    CHECK(good({"enable", "--runtime", "web"}).place == Place::Runtime);
    CHECK(good({"lint", "--root", "/mnt", "/etc/sv"}).root == "/mnt");
    CHECK(good({"lint", "/etc/sv"}).path == "/etc/sv");
}

TEST_CASE("wait has one goal", "[args]") {
    CHECK(good({"wait", "web"}).goal == Goal::Ready);
    CHECK(good({"wait", "--up", "web"}).goal == Goal::Up);
    CHECK(good({"wait", "--down", "web", "db"}).services == Services{"web", "db"});
    CHECK(good({"wait", "--boot"}).goal == Goal::Boot);
    CHECK(bad({"wait", "--boot", "web"}) == "wait does not take \"web\"");
    CHECK(bad({"wait"}) == "wait needs at least one service");
    CHECK(bad({"wait", "--up", "--down", "web"}) ==
          "give only one of --up, --ready, --down and --boot");
}

TEST_CASE("commands with arguments of their own", "[args]") {
    CHECK(good({"why", "web"}).services == Services{"web"});
    CHECK(bad({"why"}) == "why needs at least one service");
    CHECK(bad({"why", "a", "b"}) == "why does not take \"b\"");
    CHECK(good({"notify", "web", "ready"}).ready);
    CHECK(good({"notify", "web", "reloading"}).reloading);
    CHECK(good({"notify", "web", "stopping"}).stopping);
    CHECK(good({"notify", "web", "status", "all well"}).status_text == "all well");
    for (const Words& words :
         {Words{"notify"}, Words{"notify", "web"}, Words{"notify", "web", "status"},
          Words{"notify", "web", "fine"}, Words{"notify", "web", "ready", "now"}}) {
        CHECK(bad(words) ==
              "notify needs a service, then ready, reloading or stopping, or status and one text");
    }
    CHECK(good({"enable", "web", "db"}).services == Services{"web", "db"});
    CHECK(good({"enable", "./web"}).path == "./web");
    CHECK(bad({"enable", "web", "/opt/db"}) == "enable takes names, or one path");
    CHECK(bad({"enable"}) == "enable needs at least one service");
    CHECK(good({"add", "web"}).path == "web");
    CHECK(bad({"add"}) == "add needs the path of a service directory");
    CHECK(bad({"rescan", "web"}) == "rescan does not take \"web\"");
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

    request = make_request(good({"log", "-f", "-n", "3", "a"}), 1);
    CHECK(request.verb == Verb::Log);
    CHECK(request.follow);
    CHECK(request.lines == 3);

    request = make_request(good({"why", "a"}), 1);
    CHECK(request.verb == Verb::Status);
    CHECK(request.detail == mainstay::protocol::Detail::Full);
    CHECK(request.services.empty());

    request = make_request(good({"status", "--timeout", "2"}), 1);
    CHECK(request.verb == Verb::Status);
    CHECK_FALSE(request.timeout.has_value());
}
