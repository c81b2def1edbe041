/// The smaller pure parts of the supervisor.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "supervisor/environment.h"
#include "supervisor/name_pattern.h"
#include "supervisor/options.h"
#include "supervisor/places.h"
#include "supervisor/scan_diff.h"
#include "supervisor/spawn_plan.h"
#include "supervisor/verb_outcome.h"
#include "supervisor/words.h"

using namespace std::chrono_literals;
using namespace mainstay;
using namespace mainstay::supervisor;

namespace {

Invocation parse(std::vector<std::string_view> arguments, Surroundings surroundings = {}) {
    return parse_options(arguments, surroundings);
}

std::string usage_error(std::vector<std::string_view> arguments) {
    return std::get<UsageError>(parse(std::move(arguments))).message;
}

}  // namespace

TEST_CASE("a duration is told in the nearest whole unit", "[words]") {
    using namespace std::chrono_literals;
    CHECK(text_of(Duration(0)) == "0 ms");
    CHECK(text_of(249'600us) == "250 ms");
    CHECK(text_of(999'970us) == "1 s");
    CHECK(text_of(1'999'400us) == "2 s");
    CHECK(text_of(29'900ms) == "30 s");
    CHECK(text_of(3min) == "3 m");
}

TEST_CASE("options: defaults, values in both spellings, one directory", "[options]") {
    auto options = std::get<Options>(parse({}));
    CHECK(options.directory == "/etc/service");
    CHECK(options.control_socket == "/run/mainstay/control");
    CHECK(options.control_group == "adm");
    options = std::get<Options>(parse({"--control", "/s", "--control-group=wheel", "/sv"}));
    CHECK(options.directory == "/sv");
    CHECK(options.control_socket == "/s");
    CHECK(options.control_group == "wheel");
    CHECK(std::get<Options>(parse({"--", "-x"})).directory == "-x");
    CHECK(std::holds_alternative<ShowHelp>(parse({"/x", "--help"})));
    CHECK(std::holds_alternative<ShowVersion>(parse({"--version"})));
}

TEST_CASE("options: the socket comes from the option, the environment, then the user",
          "[options]") {
    CHECK(std::get<Options>(parse({}, {"/env", "", true})).control_socket == "/env");
    CHECK(std::get<Options>(parse({"--control=/o"}, {"/env", "", true})).control_socket == "/o");
    CHECK(std::get<Options>(parse({}, {"", "/run/user/7", false})).control_socket ==
          "/run/user/7/mainstay/control");
    CHECK(std::get<Options>(parse({}, {"", "/run/user/0", true})).control_socket ==
          "/run/mainstay/control");
}

TEST_CASE("options: definitions are looked for in several directories, in their order",
          "[options]") {
    using Directories = std::vector<std::string>;
    CHECK(std::get<Options>(parse({})).definitions == Directories{"/etc/sv", "/usr/lib/sv"});
    CHECK(std::get<Options>(parse({"--definitions=/b:/a"})).definitions == Directories{"/b", "/a"});
    CHECK(std::get<Options>(parse({"--definitions", "::/a::/b:"})).definitions ==
          Directories{"/a", "/b"});
    CHECK(std::get<Options>(parse({"--definitions", ":"})).definitions.empty());
}

TEST_CASE("options: logs are written nowhere unless a directory is named", "[options]") {
    CHECK(std::get<Options>(parse({})).log_directory.empty());
    CHECK(std::get<Options>(parse({"--log-dir", "/var/log/sv"})).log_directory == "/var/log/sv");
    CHECK(std::get<Options>(parse({"--log-dir=/a=b"})).log_directory == "/a=b");
}

TEST_CASE(
    "options: what lasts until the next boot lies beside the control socket or where it is said",
    "[options]") {
    CHECK(std::get<Options>(parse({})).state_directory.empty());
    CHECK(std::get<Options>(parse({"--state-dir", "/run/sv"})).state_directory == "/run/sv");
    const Places usual = places_of("/run/mainstay/control", "");
    CHECK(usual == Places{"/run/mainstay/state", "/run/mainstay/state.svlog",
                          "/run/mainstay/notify", "/run/mainstay/enabled",
                          "/run/mainstay/supervise"});
    // Two sockets in one directory share no state.
    CHECK(places_of("/tmp/a", "") == Places{"/tmp/a.state", "/tmp/a.state.svlog", "/tmp/a.notify",
                                            "/tmp/enabled", "/tmp/supervise"});
    CHECK(places_of("/tmp/xcontrol", "").notify == "/tmp/xcontrol.notify");
    CHECK(places_of("/tmp/a", "/run/sv") == Places{"/run/sv/state", "/run/sv/state.svlog",
                                                   "/run/sv/notify", "/run/sv/enabled",
                                                   "/run/sv/supervise"});
    CHECK(places_of("a", "").enabled == "./enabled");
}

TEST_CASE("options: a group that was named is told from the usual one", "[options]") {
    CHECK_FALSE(std::get<Options>(parse({})).group_was_named);
    CHECK(std::get<Options>(parse({"--control-group=adm"})).group_was_named);
}

TEST_CASE("options: the help names every option", "[options]") {
    for (const char* name :
         {"--control SOCKET", "--control-group GROUP", "--definitions DIR:...", "--log-dir DIR",
          "--state-dir DIR", "--check", "--help", "--version"}) {
        CAPTURE(name);
        CHECK(help_text().find(name) != std::string_view::npos);
    }
}

TEST_CASE("options: mistakes are named, with the nearest right thing", "[options]") {
    CHECK(usage_error({"--contrl", "x"}) == "unknown option --contrl; did you mean --control?");
    CHECK(usage_error({"--definition=/sv"}) ==
          "unknown option --definition; did you mean --definitions?");
    CHECK(usage_error({"-z"}) == "unknown option -z");
    CHECK(usage_error({"--control"}) == "--control needs a SOCKET");
    CHECK(usage_error({"--control-group="}) == "--control-group needs a GROUP");
    CHECK(usage_error({"--definitions="}) == "--definitions needs a DIR");
    CHECK(usage_error({"--log-dir"}) == "--log-dir needs a DIR");
    CHECK(usage_error({"--state-dir="}) == "--state-dir needs a DIR");
    // The first mistake is the one that is named.
    CHECK(usage_error({"--log-dir=", "a", "b"}) == "--log-dir needs a DIR");
    CHECK(usage_error({"a", "b"}) == "more than one DIR: a and b");
    CHECK(usage_error({""}) == "DIR is empty");
}

TEST_CASE("patterns match as a shell's do", "[pattern]") {
    struct Row {
        const char* pattern;
        const char* name;
        bool matches;
    };
    const std::vector<Row> rows = {
        {"*", "", true},         {"*", "web", true},     {"web*", "web", true},
        {"web*", "web-1", true}, {"*eb", "web", true},   {"w*b", "wb", true},
        {"w?b", "web", true},    {"w?b", "wb", false},   {"*a*b*", "xaxbx", true},
        {"*a*b", "ab-ab", true}, {"[a-c]x", "bx", true}, {"[!a-c]x", "bx", false},
        {"[!a-c]x", "dx", true}, {"[]]x", "]x", true},   {"[x", "[x", true},
        {"[a-]", "-", true},     {"a", "ab", false},     {"", "", true},
        {"", "a", false},        {"**", "a", true},      {"a*", "", false}};
    for (const Row& row : rows) {
        INFO(row.pattern << " against " << row.name);
        CHECK(matches_pattern(row.pattern, row.name) == row.matches);
    }
    CHECK(is_pattern("a*"));
    CHECK_FALSE(is_pattern("a@b-c.d"));
}

TEST_CASE("a pattern of many stars takes no forever", "[pattern]") {
    std::string pattern;
    for (int i = 0; i < 60; ++i) {
        pattern += "*a";
    }
    CHECK_FALSE(matches_pattern(pattern + "b", std::string(127, 'a')));
}

TEST_CASE("names of services", "[pattern]") {
    CHECK(is_service_name("web@1+x:y_z-2.d"));
    CHECK(is_service_name("sp ace"));
    CHECK(is_service_name("\xc3\xa4"));
    CHECK_FALSE(is_service_name(".hidden"));
    CHECK_FALSE(is_service_name(""));
    CHECK_FALSE(is_service_name("a\nb"));
    CHECK_FALSE(is_service_name(std::string(128, 'a')));
    CHECK(fault_of_name("web").empty());
    CHECK(fault_of_name("a\x7f"
                        "b") == "its name has control characters");
    CHECK(fault_of_name(std::string(128, 'a')) == "its name has more than 127 bytes");
}

TEST_CASE("the difference of two scans", "[scan]") {
    const EntryTarget there{1, 10, "../web"};
    const EntryTarget other{1, 11, "../other"};
    const EntryTarget dangling{0, 0, "../web"};
    CHECK(diff_entries({}, {{"web", there}}) == ScanDiff{{"web"}, {}, {}});
    CHECK(diff_entries({{"web", there}}, {}) == ScanDiff{{}, {"web"}, {}});
    CHECK(diff_entries({{"web", there}}, {{"web", other}}) == ScanDiff{{}, {}, {"web"}});
    CHECK(diff_entries({{"web", there}}, {{"web", there}}) == ScanDiff{});
    // The same link, whose target comes and goes, is the same service.
    CHECK(diff_entries({{"web", dangling}}, {{"web", there}}) == ScanDiff{});
    CHECK(diff_entries({{"web", there}}, {{"web", dangling}}) == ScanDiff{});
    // The directory behind a link was replaced by another one.
    CHECK(diff_entries({{"web", there}}, {{"web", {1, 12, "../web"}}}) ==
          ScanDiff{{}, {}, {"web"}});
}

TEST_CASE("what finish is told", "[spawn_plan]") {
    Definition definition;
    definition.path = "/sv/web";
    const auto arguments = [&](ExitStatus status) {
        return plan_finish(definition, {"web", status, 55}, {1, 2}).arguments;
    };
    using Kind = ExitStatus::Kind;
    CHECK(arguments({Kind::Exited, 7, false}) ==
          std::vector<std::string>{"./finish", "7", "0", "web", "55"});
    CHECK(arguments({Kind::Signaled, 15, false}) ==
          std::vector<std::string>{"./finish", "-1", "15", "web", "55"});
    CHECK(arguments({Kind::Signaled, 11, true}) ==
          std::vector<std::string>{"./finish", "-1", "139", "web", "55"});
}

TEST_CASE("/etc/environment is read as pam_env reads it", "[environment]") {
    CHECK(
        parse_environment_file("A=1\n# B=2\n  export C='x y' \nD=\"q\"\nno\n=x\nA=3\nE=\nF G=1") ==
        Environment{"A=3", "C=x y", "D=q", "E="});
    CHECK(parse_environment_file("").empty());
}

TEST_CASE("services of a machine get PATH and /etc/environment, others what we got",
          "[environment]") {
    const Environment ours = {"PATH=/p", "MAINSTAY_LINK=5", "SECRET=1"};
    CHECK(service_environment(Origin::Machine, ours, "LANG=C", "/s") ==
          Environment{"PATH=/p", "LANG=C", "SVCTL_SOCKET=/s"});
    CHECK(service_environment(Origin::Inherited, ours, "LANG=C", "/s") ==
          Environment{"PATH=/p", "SECRET=1", "SVCTL_SOCKET=/s"});
    CHECK(get_variable(service_environment(Origin::Inherited, {}, "", "/s"), "PATH").substr(0, 5) ==
          "/usr/");
}

TEST_CASE("when a verb has got where it wanted", "[verb_outcome]") {
    using protocol::Verb;
    using Kind = VerbOutcome::Kind;
    Snapshot s;
    const Policy policy;
    const auto kind = [&](Verb verb, ServiceState state, Wanted wanted) {
        s.state = state;
        s.wanted = wanted;
        return judge(verb, s, policy, 1s).kind;
    };
    CHECK(kind(Verb::Up, ServiceState::Starting, Wanted::Up) == Kind::Pending);
    CHECK(kind(Verb::Up, ServiceState::Up, Wanted::Up) == Kind::Pending);
    CHECK(kind(Verb::Up, ServiceState::Ready, Wanted::Up) == Kind::Arrived);
    CHECK(kind(Verb::Restart, ServiceState::Stopping, Wanted::Up) == Kind::Pending);
    CHECK(kind(Verb::Once, ServiceState::Done, Wanted::Once) == Kind::Arrived);
    CHECK(kind(Verb::Once, ServiceState::Failed, Wanted::Once) == Kind::Failed);
    CHECK(kind(Verb::Up, ServiceState::Backoff, Wanted::Up) == Kind::Failed);
    CHECK(kind(Verb::Up, ServiceState::Stopping, Wanted::Down) == Kind::Superseded);
    CHECK(kind(Verb::Down, ServiceState::Finishing, Wanted::Down) == Kind::Pending);
    CHECK(kind(Verb::Down, ServiceState::Down, Wanted::Down) == Kind::Arrived);
    CHECK(kind(Verb::Down, ServiceState::Starting, Wanted::Up) == Kind::Superseded);
    s.state = ServiceState::Ready;
    s.wanted = Wanted::Up;
    CHECK(judge(Verb::Up, s, policy, 30ms) == VerbOutcome{Kind::NeedsTime, 70ms});
    Policy says_so;
    says_so.readiness = Readiness::Notify;
    CHECK(judge(Verb::Up, s, says_so, 30ms).kind == Kind::Arrived);
}

TEST_CASE("every state is an answer to a start, and whoever wants it down ends the waiting",
          "[verb_outcome]") {
    using protocol::Verb;
    using Kind = VerbOutcome::Kind;
    const std::vector<std::pair<ServiceState, Kind>> rows = {
        {ServiceState::Down, Kind::Pending},      {ServiceState::Waiting, Kind::Pending},
        {ServiceState::Starting, Kind::Pending},  {ServiceState::Up, Kind::Pending},
        {ServiceState::Ready, Kind::Arrived},     {ServiceState::Stopping, Kind::Pending},
        {ServiceState::Finishing, Kind::Pending}, {ServiceState::Backoff, Kind::Failed},
        {ServiceState::Failed, Kind::Failed},     {ServiceState::Done, Kind::Arrived}};
    for (const auto& [state, kind] : rows) {
        for (const Verb verb : {Verb::Up, Verb::Restart, Verb::TryRestart, Verb::Once}) {
            CAPTURE(to_string(state), to_string(verb));
            Snapshot s;
            s.state = state;
            s.wanted = Wanted::Up;
            CHECK(judge(verb, s, Policy{}, 1s).kind == kind);
            s.wanted = Wanted::Down;
            CHECK(judge(verb, s, Policy{}, 1s).kind == Kind::Superseded);
        }
    }
}

TEST_CASE("verbs that start and stop nothing are done when they are told", "[verb_outcome]") {
    using protocol::Verb;
    Snapshot s;
    s.state = ServiceState::Starting;
    s.wanted = Wanted::Up;
    for (const Verb verb : {Verb::Reset, Verb::Reload, Verb::Signal}) {
        CHECK(judge(verb, s, Policy{}, 0s).kind == VerbOutcome::Kind::Arrived);
    }
}

TEST_CASE("when what is waited for is reached, or never will be", "[verb_outcome]") {
    using protocol::Goal;
    using Outcome = GoalOutcome;
    struct Row {
        ServiceState state;
        Outcome up;
        Outcome ready;
        Outcome down;
    };
    constexpr auto kPending = Outcome::Pending;
    constexpr auto kReached = Outcome::Reached;
    constexpr auto kNever = Outcome::Unreachable;
    const std::vector<Row> rows = {
        {ServiceState::Down, kPending, kPending, kReached},
        {ServiceState::Waiting, kPending, kPending, kPending},
        {ServiceState::Starting, kPending, kPending, kPending},
        {ServiceState::Up, kReached, kPending, kPending},
        {ServiceState::Ready, kReached, kReached, kPending},
        {ServiceState::Stopping, kPending, kPending, kPending},
        {ServiceState::Finishing, kPending, kPending, kPending},
        {ServiceState::Backoff, kPending, kPending, kPending},
        {ServiceState::Failed, kNever, kNever, kReached},
        {ServiceState::Done, kReached, kReached, kReached},
    };
    for (const Row& row : rows) {
        CAPTURE(to_string(row.state));
        Snapshot s;
        s.state = row.state;
        CHECK(judge(Goal::Up, s) == row.up);
        CHECK(judge(Goal::Ready, s) == row.ready);
        CHECK(judge(Goal::Down, s) == row.down);
    }
}
