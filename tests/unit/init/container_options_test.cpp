#include "init/container_options.h"

#include <catch2/catch.hpp>
#include <cerrno>
#include <csignal>
#include <string>
#include <vector>

#include "common/exit_status.h"

using mainstay::ExitStatus;
using mainstay::init::asks_for_container;
using mainstay::init::container_style;
using mainstay::init::ContainerOptions;
using mainstay::init::ContainerRequest;
using mainstay::init::ContainerStyle;
using mainstay::init::ContainerVariables;
using mainstay::init::exec_failure_code;
using mainstay::init::ForgivenCodes;
using mainstay::init::read_container_request;
using mainstay::init::SignalTable;
using mainstay::init::Verbosity;
using Ask = ContainerRequest::Ask;

namespace {

/// The words of a command line, and what was read from them.
struct Line {
    std::vector<std::string> words;
    std::vector<char*> argv;
    ContainerRequest request;

    Line(ContainerStyle style, std::vector<std::string> after_name,
         const ContainerVariables& variables = {})
        : words(std::move(after_name)) {
        words.insert(words.begin(), "name");
        for (std::string& word : words) {
            argv.push_back(word.data());
        }
        argv.push_back(nullptr);
        request =
            read_container_request(style, static_cast<int>(words.size()), argv.data(), variables);
    }

    const ContainerOptions& options() const { return request.options; }
    std::string complaint() const { return request.complaint.c_str(); }
    std::vector<std::string> command() const {
        std::vector<std::string> found;
        for (char** word = request.options.command; word != nullptr && *word != nullptr; ++word) {
            found.emplace_back(*word);
        }
        return found;
    }
};

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("the name says whose manner it is", "[container]") {
    CHECK(container_style("tini") == ContainerStyle::Tini);
    CHECK(container_style("tini-static") == ContainerStyle::Tini);
    CHECK(container_style("docker-init") == ContainerStyle::Tini);
    CHECK(container_style("dumb-init") == ContainerStyle::DumbInit);
    CHECK(container_style("catatonit") == ContainerStyle::Catatonit);
    CHECK_FALSE(container_style("init"));
    CHECK_FALSE(container_style("tinit"));
}

TEST_CASE("init is a container's where there are dashes or services", "[container]") {
    const auto asks = [](const char* word) {
        const char* const argv[] = {"init", "-g", word, nullptr};
        return asks_for_container(3, argv);
    };
    CHECK(asks("--"));
    CHECK(asks("--services"));
    CHECK(asks("--services=/srv"));
    CHECK_FALSE(asks("--servicesx"));
    CHECK_FALSE(asks("single"));
    const char* const name_only[] = {"--", nullptr};
    CHECK_FALSE(asks_for_container(1, name_only));
}

TEST_CASE("tini's options", "[container]") {
    const Line line(ContainerStyle::Tini,
                    {"-gsw", "-vv", "-p", "SIGKILL", "-e", "143", "-e3", "--", "true", "-v"});
    REQUIRE(line.request.ask == Ask::Run);
    CHECK(line.command() == Words{"true", "-v"});
    CHECK(line.options().to_group);
    CHECK(line.options().is_subreaper);
    CHECK(line.options().warns_of_reaped);
    CHECK(line.options().verbosity == Verbosity::Debug);
    CHECK(line.options().parent_death_signal == SIGKILL);
    CHECK(line.options().forgiven.exit_code({ExitStatus::Kind::Signaled, SIGTERM, false}) == 0);
    CHECK(line.options().forgiven.exit_code({ExitStatus::Kind::Exited, 3, false}) == 0);
    CHECK(line.options().forgiven.exit_code({ExitStatus::Kind::Exited, 4, false}) == 4);
    CHECK(line.complaint().empty());
}

TEST_CASE("tini finds its options after the command, too, and the command before dashes",
          "[container]") {
    const Line line(ContainerStyle::Tini, {"sleep", "-s", "--", "-1"});
    CHECK(line.command() == Words{"sleep", "-1"});
    CHECK(line.options().is_subreaper);
    const Line refused(ContainerStyle::Tini, {"sh", "-c", "exit"});
    CHECK(refused.request.ask == Ask::Refuse);
    CHECK(refused.complaint() == "invalid option -- 'c'");
}

TEST_CASE("tini alone adopts nobody unless told, and is loud no further than it goes",
          "[container]") {
    CHECK_FALSE(Line(ContainerStyle::Tini, {"true"}).options().is_subreaper);
    CHECK(Line(ContainerStyle::Tini, {"true"}).options().verbosity == Verbosity::Warnings);
    CHECK(Line(ContainerStyle::Tini, {"-vvvvvv", "true"}).options().verbosity == Verbosity::Trace);
}

TEST_CASE("tini takes an exit code as strtol does", "[container]") {
    const Line line(ContainerStyle::Tini, {"-e", " \t7", "-e", "+8", "-e", "", "true"});
    for (const int code : {7, 8}) {
        const auto status = ExitStatus::from_wait(code << 8);
        CHECK(line.options().forgiven.exit_code(status) == 0);
    }
    CHECK(Line(ContainerStyle::Tini, {"-e", "+-8", "true"}).request.ask == Ask::Refuse);
}

TEST_CASE("tini's words that end it", "[container]") {
    CHECK(Line(ContainerStyle::Tini, {"--version"}).request.ask == Ask::Version);
    CHECK(Line(ContainerStyle::Tini, {"-h"}).request.ask == Ask::Help);
    CHECK(Line(ContainerStyle::Tini, {"-l"}).request.ask == Ask::License);
    CHECK(Line(ContainerStyle::Tini, {"--version", "true"}).complaint() ==
          "unrecognized option '--version'");
    CHECK(Line(ContainerStyle::Tini, {}).complaint() == "there is no command to run");
    CHECK(Line(ContainerStyle::Tini, {"-e"}).complaint() == "option requires an argument -- 'e'");
    CHECK(Line(ContainerStyle::Tini, {"-e", "256", "true"}).complaint() ==
          "-e '256': this must be an exit code from 0 to 255");
    CHECK(Line(ContainerStyle::Tini, {"-e", " ", "true"}).request.ask == Ask::Refuse);
    CHECK(Line(ContainerStyle::Own, {"-e", "", "--", "true"}).request.ask == Ask::Refuse);
    CHECK(Line(ContainerStyle::Tini, {"-p", "SIGNONE", "true"}).complaint() ==
          "-p 'SIGNONE': this must be the name or number of a signal");
}

TEST_CASE("tini's variables", "[container]") {
    ContainerVariables variables;
    variables.tini_subreaper = "";
    variables.tini_kill_process_group = "0";  // that it is there counts
    variables.tini_verbosity = "3";
    const Line line(ContainerStyle::Tini, {"-v", "true"}, variables);
    CHECK(line.options().is_subreaper);
    CHECK(line.options().to_group);
    CHECK(line.options().verbosity == Verbosity::Debug);
    variables.tini_verbosity = "200";
    CHECK(Line(ContainerStyle::Tini, {"true"}, variables).options().verbosity == Verbosity::Trace);
    CHECK_FALSE(Line(ContainerStyle::DumbInit, {"-c", "true"}, variables).options().to_group);
}

TEST_CASE("a verbosity that is none is told, and changes nothing", "[container]") {
    ContainerVariables variables;
    const std::string garbage = GENERATE(std::string(), std::string("garbage"), std::string("-1"),
                                         std::string("1x"), std::string(5000, '9'));
    variables.tini_verbosity = garbage.c_str();
    const Line line(ContainerStyle::Own, {"-v", "--", "true"}, variables);
    CHECK(line.request.ask == Ask::Run);
    CHECK(line.options().verbosity == Verbosity::Info);
    CHECK(line.complaint() == "TINI_VERBOSITY='" + garbage.substr(0, 80) +
                                  "' is ignored: it must be a number from 0 to 4");
}

TEST_CASE("dumb-init's options end at the command", "[container]") {
    const Line line(ContainerStyle::DumbInit,
                    {"-v", "--rewrite", "15:3", "-r2:0", "sh", "-c", "x"});
    REQUIRE(line.request.ask == Ask::Run);
    CHECK(line.command() == Words{"sh", "-c", "x"});
    CHECK(line.options().verbosity == Verbosity::Debug);
    CHECK(line.options().new_session);
    CHECK(line.options().to_group);
    CHECK(line.options().signals.translate(SIGTERM) == SIGQUIT);
    CHECK(line.options().signals.translate(SIGINT) == 0);
    CHECK(line.options().signals.translate(SIGTSTP) == SIGSTOP);
    CHECK(line.options().signals.translate(SIGTTIN) == SIGSTOP);
    CHECK(line.options().signals.translate(SIGHUP) == SIGHUP);
}

TEST_CASE("dumb-init's single child gets job control as it comes", "[container]") {
    const Line line(ContainerStyle::DumbInit, {"--single", "true"});
    CHECK_FALSE(line.options().new_session);
    CHECK_FALSE(line.options().to_group);
    CHECK(line.options().signals.translate(SIGTSTP) == SIGTSTP);
    CHECK(line.options().signals.translate(SIGTTOU) == SIGTTOU);
}

TEST_CASE("what dumb-init was told about job control goes before its own", "[container]") {
    const Line line(ContainerStyle::DumbInit, {"-r", "TSTP:0", "-r", "SIGTTIN:20", "true"});
    CHECK(line.options().signals.translate(SIGTSTP) == 0);
    CHECK(line.options().signals.translate(SIGTTIN) == SIGTSTP);
    CHECK(line.options().signals.translate(SIGTTOU) == SIGSTOP);
}

TEST_CASE("a rewriting that is none is refused", "[container]") {
    const std::string text = GENERATE("", ":", "15", "15:", ":3", "15:3x", "0:3", "15:65", "99:1",
                                      "15:3:4", "FOO:3", "-1:3");
    const Line line(ContainerStyle::DumbInit, {"-r", text, "true"});
    CHECK(line.request.ask == Ask::Refuse);
    CHECK(line.complaint() ==
          "--rewrite '" + text + "': this must be SIGNAL:SIGNAL, such as 15:3 or TERM:0");
}

TEST_CASE("dumb-init's words that end it, and its variables", "[container]") {
    CHECK(Line(ContainerStyle::DumbInit, {"-V"}).request.ask == Ask::Version);
    CHECK(Line(ContainerStyle::DumbInit, {"--help"}).request.ask == Ask::Help);
    CHECK(Line(ContainerStyle::DumbInit, {"--rewrite"}).complaint() ==
          "option '--rewrite' requires an argument");
    CHECK(Line(ContainerStyle::DumbInit, {"--verbose=1", "true"}).complaint() ==
          "option '--verbose=1' doesn't allow an argument");
    CHECK(Line(ContainerStyle::DumbInit, {"--nothing", "true"}).complaint() ==
          "unrecognized option '--nothing'");
    ContainerVariables variables;
    variables.dumb_init_setsid = "0";
    variables.dumb_init_debug = "1";
    const Line line(ContainerStyle::DumbInit, {"true"}, variables);
    CHECK_FALSE(line.options().new_session);
    CHECK(line.options().verbosity == Verbosity::Debug);
    variables.dumb_init_setsid = "no";
    variables.dumb_init_debug = "yes";
    CHECK(Line(ContainerStyle::DumbInit, {"true"}, variables).options().new_session);
    CHECK(Line(ContainerStyle::DumbInit, {"true"}, variables).options().verbosity ==
          Verbosity::Silent);
}

TEST_CASE("catatonit's options", "[container]") {
    const Line pause(ContainerStyle::Catatonit, {"-P"});
    CHECK(pause.request.ask == Ask::Run);
    CHECK(pause.options().pauses);
    CHECK(pause.command().empty());
    const Line line(ContainerStyle::Catatonit, {"-g", "--", "sh", "-c", "x"});
    CHECK(line.command() == Words{"sh", "-c", "x"});
    CHECK(line.options().to_group);
    CHECK(line.options().is_subreaper);
    CHECK(line.options().signals.translate(SIGTSTP) == 0);
    CHECK(line.options().signals.translate(SIGTTOU) == 0);
    CHECK(Line(ContainerStyle::Catatonit, {"--version"}).request.ask == Ask::Version);
    CHECK(Line(ContainerStyle::Catatonit, {"-L"}).request.ask == Ask::License);
    ContainerVariables variables;
    variables.catatonit_debug = "";
    CHECK(Line(ContainerStyle::Catatonit, {"true"}, variables).options().verbosity ==
          Verbosity::Debug);
}

TEST_CASE("init's own options come before the dashes", "[container]") {
    const Line line(ContainerStyle::Own,
                    {"-g", "--grace=1.5s", "--rewrite", "HUP:USR1", "--", "sh", "--", "-g"});
    REQUIRE(line.request.ask == Ask::Run);
    CHECK(line.command() == Words{"sh", "--", "-g"});
    CHECK(line.options().is_subreaper);
    CHECK(line.options().grace == std::chrono::milliseconds(1500));
    CHECK(line.options().signals.translate(SIGHUP) == SIGUSR1);
    CHECK_FALSE(line.options().has_services);
    CHECK(Line(ContainerStyle::Own, {"sh", "--", "x"}).complaint() ==
          "'sh' is no option: the command comes after --");
    CHECK(Line(ContainerStyle::Own, {"--grace=soon", "--", "x"}).complaint() ==
          "--grace 'soon': this must be a time such as 10, 1.5s or 2min");
    CHECK(Line(ContainerStyle::Own, {"--"}).complaint() == "there is no command to run");
    CHECK(Line(ContainerStyle::Own, {"--version", "--"}).request.ask == Ask::Version);
}

TEST_CASE("init runs services with or without a command", "[container]") {
    const Line alone(ContainerStyle::Own, {"--services"});
    CHECK(alone.request.ask == Ask::Run);
    CHECK(alone.options().has_services);
    CHECK(alone.options().service_directory == nullptr);
    const Line both(ContainerStyle::Own, {"--services=/srv", "--", "true"});
    CHECK(std::string(both.options().service_directory) == "/srv");
    CHECK(both.command() == Words{"true"});
}

TEST_CASE("what asks an init to stop asks its command in a way it knows", "[container]") {
    const auto own = Line(ContainerStyle::Own, {"--", "x"}).options().signals;
    const int number = GENERATE(SIGPWR, 37, 38, 39);
    CHECK(own.translate(number) == SIGTERM);
    CHECK(own.translate(mainstay::kSignalUpgrade) == 0);
    const auto tini = Line(ContainerStyle::Tini, {"x"}).options().signals;
    CHECK(tini.translate(number) == number);
    const Line told(ContainerStyle::Own, {"-r", "37:37", "--", "x"});
    CHECK(told.options().signals.translate(37) == 37);
}

TEST_CASE("a signal table passes on what it was not told about", "[container]") {
    SignalTable table;
    for (int number = 1; number <= 64; ++number) {
        CHECK(table.translate(number) == number);
    }
    CHECK(table.translate(0) == 0);
    CHECK(table.translate(65) == 0);
    table.rewrite(65, 1);
    table.rewrite(1, 65);
    table.rewrite_by_default(0, 1);
    CHECK(table.translate(1) == 1);
    table.rewrite(1, 0);
    table.rewrite_by_default(1, 2);
    CHECK(table.translate(1) == 0);
}

TEST_CASE("exit codes are a shell's, but those that are forgiven", "[container]") {
    ForgivenCodes none;
    CHECK(none.exit_code({ExitStatus::Kind::Exited, 7, false}) == 7);
    CHECK(none.exit_code({ExitStatus::Kind::Signaled, SIGKILL, false}) == 137);
    CHECK(none.exit_code({ExitStatus::Kind::Signaled, SIGSEGV, true}) == 139);
    ForgivenCodes some;
    some.add(137);
    CHECK(some.exit_code({ExitStatus::Kind::Signaled, SIGKILL, false}) == 0);
}

TEST_CASE("what cannot be executed has each program's own code", "[container]") {
    CHECK(exec_failure_code(ContainerStyle::Own, ENOENT) == 127);
    CHECK(exec_failure_code(ContainerStyle::Own, EACCES) == 126);
    CHECK(exec_failure_code(ContainerStyle::Own, ENOEXEC) == 126);
    CHECK(exec_failure_code(ContainerStyle::Tini, ENOENT) == 127);
    CHECK(exec_failure_code(ContainerStyle::Tini, EACCES) == 126);
    CHECK(exec_failure_code(ContainerStyle::Tini, ENOEXEC) == 1);
    CHECK(exec_failure_code(ContainerStyle::DumbInit, ENOENT) == 2);
    CHECK(exec_failure_code(ContainerStyle::Catatonit, ENOENT) == 1);
}
