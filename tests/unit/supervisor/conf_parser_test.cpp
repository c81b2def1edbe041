/// Whole service.conf files: overrides, lists, what may not go together, all errors at once.
#include <catch2/catch.hpp>

#include "unit/supervisor/conf_fixture.h"

using namespace std::chrono_literals;
using namespace mainstay;
using namespace mainstay::supervisor;

namespace {

using Names = std::vector<std::string>;

struct ErrorRow {
    std::string text;
    Names problems;
};

bool contains_code(const StatusSet& set, std::uint8_t code) {
    return set.contains({ExitStatus::Kind::Exited, code, false});
}

}  // namespace

TEST_CASE("conf: an empty one changes nothing and takes no memory", "[conf]") {
    const ReadConf read = read_conf("# nothing\n");
    CHECK(read.problems().empty());
    CHECK(read.definition == Definition());
    CHECK_FALSE(read.definition.own_programs);
    CHECK_FALSE(read.definition.own_relations);
    CHECK_FALSE(read.definition.own_process);
    CHECK_FALSE(read.definition.own_cgroup);
    CHECK_FALSE(read.definition.own_log);
    CHECK_FALSE(read.definition.own_listen);
}

TEST_CASE("conf: what is said to be as it is anyway takes no memory", "[conf]") {
    const ReadConf read = read_conf("umask = 022\nlog-max-files = 10\nexec = ./run\n");
    CHECK_FALSE(read.definition.own_programs);
    CHECK_FALSE(read.definition.own_process);
    CHECK_FALSE(read.definition.own_log);
}

TEST_CASE("conf: all errors are told at once, in order, each with line and column", "[conf]") {
    const ReadConf read = read_conf(
        "exec = 'a\n"
        "restart-dealy = 1s\n"
        "  nice = 5 6\n"
        "needs = db \\\n"
        "   a/b\n"
        "no key\n"
        "user = a\n"
        "user = b\n"
        "listen = tcp:zero:80\n"
        "xyzzy = 1\n"
        "umask = 99\n");
    CHECK(read.problems() ==
          Names{
              "1:8 exec: this ' is not closed",
              "2:1 there is no key 'restart-dealy'; did you mean restart-delay?",
              "3:10 nice: '5 6' is not a number from -20 to 19; for example nice = 5",
              "5:4 needs: 'a/b' is not the name of a service; for example needs = db cache",
              "6:1 no = in this line; write key = value, or # before a comment",
              "8:1 user is given twice, first in line 7",
              "9:10 listen: 'zero' is no address, and names are not looked up; 0.0.0.0 and [::] "
              "are all addresses of this machine",
              "10:1 there is no key 'xyzzy'; see service.conf(5) for those there are",
              "11:9 umask: '99' is not an octal number from 0 to 0777; for example umask = 027",
          });
    CHECK(read.definition == Definition());
}

TEST_CASE("conf: a lone m is refused with what to write instead", "[conf]") {
    CHECK(
        read_conf("stop-timeout = 10m\nstart-timeout = 1.5 m\n").problems() ==
        Names{"1:16 stop-timeout: \"m\" could be minutes or milliseconds: write 10min or 10ms",
              "2:21 start-timeout: \"m\" could be minutes or milliseconds: write 1.5min or 1.5ms"});
}

TEST_CASE("conf: of very many errors 64 are told, and how many more there are", "[conf]") {
    std::string text;
    for (int i = 0; i < 100; ++i) {
        text += "x\n";
    }
    const Names problems = read_conf(text).problems();
    REQUIRE(problems.size() == 65);
    CHECK(problems.back() == "65:1 and 36 more errors");
}

TEST_CASE("conf: lists go on, and an empty value clears them", "[conf]") {
    CHECK(read_conf("needs = a b\nneeds = c a\n").definition.relations().needs ==
          Names{"a", "b", "c"});
    CHECK(read_conf("needs = a\nneeds =\nneeds = c\n").definition.relations().needs == Names{"c"});
    CHECK(read_conf("environment = A=1\nenvironment =\nenvironment = B=2\n")
              .definition.process()
              .environment == Names{"B=2"});
    const ReadConf added = read_conf("success-status = 2\n");
    CHECK(contains_code(added.definition.policy.success_status, 0));
    const ReadConf cleared = read_conf("success-status =\nsuccess-status = 2\n");
    CHECK_FALSE(contains_code(cleared.definition.policy.success_status, 0));
    CHECK(contains_code(cleared.definition.policy.success_status, 2));
    CHECK(read_conf("ambient-capabilities = cap_chown\nambient-capabilities =\n")
              .definition.process()
              .ambient_capabilities == 0);
    CHECK(read_conf("securebits = noroot\nsecurebits =\n").definition.process().securebits == 0);
    CHECK_FALSE(
        contains_code(read_conf("permanent-failure-status = 1\npermanent-failure-status =\n")
                          .definition.policy.permanent_failure_status,
                      1));
}

TEST_CASE("conf: a list has an end", "[conf]") {
    for (const std::string key : {"needs", "environment"}) {
        std::string text = key + " =";
        for (int i = 0; i < 1001; ++i) {
            text += " A" + std::to_string(i) + "=x";
        }
        const Names problems = read_conf(text).problems();
        REQUIRE(problems.size() == 1);
        CHECK(problems.front().ends_with(key + ": more than 1000 of them"));
    }
}

TEST_CASE("conf: a later file replaces scalars and goes on with lists", "[conf]") {
    const ReadConf read =
        read_conf(Names{"nice = 1\nneeds = a\nlimit-nofile = 1\nready = fd 3\n"
                        "on-failure-action = exec x\n",
                        "nice = 2\nneeds = b\nlimit-nofile = 2\n",
                        "nice = 3\nready = exec\non-failure-action = none\n"});
    CHECK(read.problems().empty());
    CHECK(read.definition.process().nice == 3);
    CHECK(read.definition.relations().needs == Names{"a", "b"});
    CHECK(read.definition.process().limits == std::vector<ResourceLimit>{{7, 2, 2}});
    CHECK(read.definition.policy.readiness == Readiness::Exec);
    CHECK(read.definition.programs().on_failure.empty());
}

TEST_CASE("conf: errors of an override name it", "[conf]") {
    const ReadConf read = read_conf(Names{"nice = 1\nnice = 2", "nice = 2\nnice = x"});
    REQUIRE(read.outcome.problems.size() == 2);
    CHECK(to_sentence(read.outcome.problems[0]) ==
          "service.conf:2:1: nice is given twice, first in line 1");
    CHECK(to_sentence(read.outcome.problems[1]) ==
          "service.conf.d/1.conf:2:1: nice is given twice, first in line 1");
}

TEST_CASE("conf: %i, %n and %% are replaced, quoted or not; others are errors", "[conf]") {
    const ReadConf read = read_conf("exec = agetty '%i' \"%n\" 100%%\ntty = /dev/%i\n", {}, "tty1");
    CHECK(read.problems().empty());
    CHECK(read.definition.programs().run == Command{"agetty", "tty1", "web", "100%"});
    CHECK(read.definition.process().terminal == "/dev/tty1");
    CHECK(read_conf("exec = a \"%%\" 'b%i'\ndescription = 5 % of it\nuser = x%").problems() ==
          Names{
              "1:17 exec: %i is the instance of a template, and this is none; write %% for a "
              "percent sign",
              "2:17 description: only %i, %n and %% mean something; write %% for a percent sign",
              "3:9 user: only %i, %n and %% mean something; write %% for a percent sign",
          });
}

TEST_CASE("conf: an instance is one word, whatever is in it", "[conf]") {
    const ReadConf read = read_conf("exec = a %i", {}, "b c");
    CHECK(read.definition.programs().run == Command{"a", "b c"});
}

TEST_CASE("conf: a role as a file and as a key is an error that names both", "[conf]") {
    struct Row {
        RoleFile file;
        const char* line;
        const char* message;
    };
    const std::vector<Row> rows = {
        {RoleFile::Run, "exec = a", "exec is given, and the file run is there"},
        {RoleFile::Setup, "exec-setup = a", "exec-setup is given, and the file setup is there"},
        {RoleFile::Finish, "exec-finish = a", "exec-finish is given, and the file finish is"},
        {RoleFile::Check, "exec-check = a", "exec-check is given, and the file check is"},
        {RoleFile::NotificationFd, "ready = fd 3", "ready is given, and the file notification-fd"},
        {RoleFile::DownSignal, "stop-signal = INT", "stop-signal is given, and the file down-sig"},
        {RoleFile::TimeoutKill, "stop-timeout = 1",
         "stop-timeout is given, and the file timeout-kill"},
        {RoleFile::TimeoutFinish, "finish-timeout = 1",
         "finish-timeout is given, and the file timeout-finish"},
    };
    REQUIRE(rows.size() == kRoleFileCount);
    for (const Row& row : rows) {
        const Names problems = read_conf(row.line, role_file(row.file)).problems();
        REQUIRE(problems.size() == 1);
        CHECK(problems.front().starts_with(std::string("1:1 ") + row.message));
    }
    // Beside other mistakes, too.
    CHECK(read_conf("exec = a\nnice = x", role_file(RoleFile::Run)).problems().size() == 2);
    CHECK(to_string(static_cast<RoleFile>(99)).empty());
}

TEST_CASE("conf: what may not go together", "[conf]") {
    const std::string group =
        "a group has no process, so exec means nothing for it; allowed are description, members, "
        "needs, wants, after, before and conflicts";
    const std::vector<ErrorRow> rows = {
        {"type = group\nexec = a\n", {"2:1 " + group}},
        {"members = a\n", {"1:1 only a group has members; add type = group, or use wants"}},
        {"type = oneshot\nready = notify\n",
         {"2:1 a oneshot is done when it has ended, and never ready before; remove ready"}},
        {"type = oneshot\nrestart = always\n",
         {"2:1 a oneshot that has succeeded is done; use restart = on-failure or never"}},
        {"ready = check\n",
         {"1:1 ready = check needs a program that checks: add exec-check or a file check"}},
        {"watchdog-timeout = 5\n",
         {"1:1 a watchdog needs a service that reports to it; add ready = notify"}},
        {"restart-delay = 1min\n",
         {"1:1 restart-delay is more than restart-delay-max (30 s where it is not given)"}},
        {"restart-delay-max = 1ms\n",
         {"1:1 restart-delay is more than restart-delay-max (30 s where it is not given)"}},
        {"stdin = tty\nstdout = tty\nstderr = tty\n",
         {"1:1 which terminal? add tty = /dev/...", "2:1 which terminal? add tty = /dev/...",
          "3:1 which terminal? add tty = /dev/..."}},
        {"stdin = socket\n",
         {"1:1 stdin = socket takes what listen opens, and there must be one; here are 0"}},
        {"capability-bounding-set = cap_kill\nambient-capabilities = cap_chown cap_kill\n",
         {"2:1 an ambient capability is not in capability-bounding-set; add it there"}},
        {"memory-high = 2M\nmemory-max = 1M\n", {"1:1 memory-high is more than memory-max"}},
        {"limit-nofile = 2:1\n",
         {"1:16 limit-nofile: the soft limit is above the hard one; write SOFT:HARD"}},
        {"needs = web\n", {"1:1 web names itself in needs"}},
        {"type = group\nmembers = web\n", {"2:1 web names itself in members"}},
        {"wants = a\nconflicts = a\n",
         {"2:1 a is started with this service and in conflict with it"}},
    };
    for (const ErrorRow& row : rows) {
        INFO(row.text);
        CHECK(read_conf(row.text).problems() == row.problems);
    }
    const Names with_run = read_conf("type = group", role_file(RoleFile::Run)).problems();
    CHECK(with_run == Names{"1:1 a group has no process, but there is a file run; remove it, or "
                            "choose another type"});
}

TEST_CASE("conf: a oneshot is not restarted unless that is said", "[conf]") {
    CHECK(read_conf("type = oneshot").definition.policy.restart == RestartPolicy::Never);
    CHECK(read_conf("type = oneshot\nrestart = on-failure").definition.policy.restart ==
          RestartPolicy::OnFailure);
}

TEST_CASE("conf: a oneshot with a notification-fd file is an error", "[conf]") {
    Definition definition;
    definition.policy.readiness = Readiness::Descriptor;
    const std::vector<ConfFile> files = {{"c", "type = oneshot"}};
    const ConfOutcome outcome =
        apply_conf(files, {"web", {}, role_file(RoleFile::NotificationFd)}, definition);
    REQUIRE(outcome.problems.size() == 1);
    CHECK(to_sentence(outcome.problems.front()) ==
          "c:1:1: a oneshot is done when it has ended, and never ready before; remove "
          "notification-fd");
}

TEST_CASE("conf: environment replaces what env/ sets or takes away, and clears only its own",
          "[conf]") {
    Definition definition;
    ProcessSettings process;
    process.environment = {"A=1", "B=1"};
    process.unset = {"C", "D"};
    definition.own_process = std::make_shared<const ProcessSettings>(process);
    const std::vector<ConfFile> files = {
        {"c", "environment = X=1\nenvironment =\nenvironment = B=2 C=2"}};
    CHECK(apply_conf(files, {"web", {}, {}}, definition).problems.empty());
    CHECK(definition.process().environment == Names{"A=1", "B=2", "C=2"});
    CHECK(definition.process().unset == Names{"D"});
}

TEST_CASE("conf: programs of files that it does not name are kept, and shared", "[conf]") {
    Definition definition;
    Programs programs;
    programs.finish = {"./finish"};
    definition.own_programs = std::make_shared<const Programs>(programs);
    const auto before = definition.own_programs;
    const std::vector<ConfFile> files = {{"c", "nice = 1"}};
    CHECK(apply_conf(files, {"web", {}, {}}, definition).problems.empty());
    CHECK(definition.own_programs == before);
    CHECK(definition.policy.has_finish);
}

TEST_CASE("conf: names of services and accounts are told with their place", "[conf]") {
    const ReadConf read = read_conf(
        "needs = a b\nuser = u\nsupplementary-groups = g\nexec = x y\n"
        "on-failure-action = exec z\nnice = 1\n");
    REQUIRE(read.outcome.mentions.size() == 6);
    CHECK(read.outcome.mentions[1].key == ConfKey::Needs);
    CHECK(read.outcome.mentions[1].word == "b");
    CHECK(read.outcome.mentions[1].at.place == Place{1, 11});
    CHECK(read.outcome.mentions[2].key == ConfKey::User);
    CHECK(read.outcome.mentions[3].key == ConfKey::SupplementaryGroups);
    CHECK(read.outcome.mentions[4].word == "x");
    CHECK(read.outcome.mentions[5].word == "z");
}
