/// Service directories as they lie on a disk, on the machine and below another root.
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <cerrno>

#include "supervisor/service_dir.h"
#include "unit/supervisor/temporary_tree.h"

using namespace std::chrono_literals;
using namespace mainstay;
using namespace mainstay::supervisor;

namespace {

using Names = std::vector<std::string>;

LoadedDefinition load(const std::string& path) {
    ServiceDirs directories;
    return directories.load(path);
}

}  // namespace

TEST_CASE("a directory with only run is all defaults", "[service_dir]") {
    const TemporaryTree tree;
    tree.write("sv/web/run");
    tree.write("sv/web/other");
    tree.link("service/web", "../sv/web");
    const LoadedDefinition loaded = load(tree.path("service/web"));
    CHECK(loaded.usable);
    CHECK(loaded.problems.empty());
    Definition expected;
    expected.path = tree.path("service/web");
    expected.resolved = tree.path("sv/web");
    CHECK(loaded.definition == expected);
    CHECK_FALSE(loaded.definition.own_programs);
    CHECK_FALSE(loaded.definition.own_process);
}

TEST_CASE("a directory that is not there is all defaults, too", "[service_dir]") {
    const LoadedDefinition loaded = load("/nonexistent/web");
    CHECK(loaded.usable);
    CHECK(loaded.problems.empty());
    CHECK(loaded.definition.resolved == "/nonexistent/web");
}

TEST_CASE("each file of a directory counts", "[service_dir]") {
    const TemporaryTree tree;
    for (const char* file : {"run", "setup", "finish", "check", "down", "log/run", "control/t"}) {
        tree.write(std::string("web/") + file);
    }
    tree.write("web/notification-fd", "5\n");
    tree.write("web/down-signal", "INT\n");
    tree.write("web/timeout-kill", "1500\n");
    tree.write("web/timeout-finish", "0\n");
    const LoadedDefinition loaded = load(tree.path("web"));
    const Definition& d = loaded.definition;
    CHECK(loaded.problems.empty());
    CHECK(d.programs().setup == Command{"./setup"});
    CHECK(d.programs().finish == Command{"./finish"});
    CHECK(d.programs().check == Command{"./check"});
    CHECK(d.policy.has_setup);
    CHECK(d.policy.has_finish);
    CHECK(d.has_down_file);
    CHECK(d.has_log);
    CHECK(d.log_target.empty());
    CHECK(d.has_control);
    CHECK(d.policy.readiness == Readiness::Descriptor);
    CHECK(d.readiness.notification_fd == 5);
    CHECK(d.policy.stop_signal == SIGINT);
    CHECK(d.policy.stop_timeout == 1500ms);
    CHECK(d.policy.finish_timeout == kForever);
}

TEST_CASE("directories with the same files share what they say", "[service_dir]") {
    const TemporaryTree tree;
    tree.write("a/finish");
    tree.write("b/finish");
    ServiceDirs directories;
    const auto a = directories.load(tree.path("a"));
    const auto b = directories.load(tree.path("b"));
    REQUIRE(a.definition.own_programs);
    CHECK(a.definition.own_programs == b.definition.own_programs);
}

TEST_CASE("small files that say nothing sensible leave the default, and are named",
          "[service_dir]") {
    const TemporaryTree tree;
    tree.write("web/timeout-kill", "soon");
    tree.write("web/timeout-finish", std::string(100, '1'));
    tree.write("web/down-signal", "FOO");
    tree.make_directory("web/notification-fd");
    tree.write("web/log", "no directory");
    const LoadedDefinition loaded = load(tree.path("web"));
    const std::string at = tree.path("web");
    CHECK(loaded.usable);
    CHECK(loaded.problems ==
          Names{
              at + "/down-signal: not a signal; the stop signal stays TERM",
              at + "/log: Not a directory; the output stays in memory",
              at + "/notification-fd: Is a directory; should be a number from 3 to 1023; the "
                   "service counts as ready once it runs",
              at + "/timeout-finish: File too large; should be a number of milliseconds; the "
                   "finish timeout stays 10 s",
              at + "/timeout-kill: not a number of milliseconds; the stop timeout stays 10 s",
          });
    CHECK(loaded.definition.policy == Policy());
}

TEST_CASE("links that lead nowhere are as if they were not there", "[service_dir]") {
    const TemporaryTree tree;
    tree.link("web/finish", "nowhere");
    tree.link("web/log", "nowhere");
    const LoadedDefinition loaded = load(tree.path("web"));
    CHECK_FALSE(loaded.definition.policy.has_finish);
    CHECK_FALSE(loaded.definition.has_log);
    CHECK(loaded.problems == Names{tree.path("web") + "/log: a symbolic link that leads nowhere; "
                                                      "the output stays in memory"});
}

TEST_CASE("a link to another service's directory is a shared logger", "[service_dir]") {
    const TemporaryTree tree;
    tree.write("logger/run");
    tree.link("web/log", "../logger");
    const LoadedDefinition loaded = load(tree.path("web"));
    CHECK(loaded.definition.has_log);
    CHECK(loaded.definition.log_target == tree.path("logger"));
}

TEST_CASE("env/ sets and takes away variables", "[service_dir]") {
    const TemporaryTree tree;
    tree.write("web/env/B", "two \nrest");
    tree.write("web/env/A", "one");
    tree.write("web/env/GONE");
    tree.write("web/env/.hidden", "x");
    const LoadedDefinition loaded = load(tree.path("web"));
    CHECK(loaded.definition.process().environment == Names{"A=one", "B=two"});
    CHECK(loaded.definition.process().unset == Names{"GONE"});
    CHECK(loaded.usable);
}

TEST_CASE("an env/ that cannot be read keeps the service from starting", "[service_dir]") {
    const TemporaryTree tree;
    tree.write("a/env/A=B", "x");
    tree.make_directory("b/env/SUB");
    CHECK_FALSE(load(tree.path("a")).usable);
    CHECK(load(tree.path("a")).problems ==
          Names{tree.path("a/env/A=B") +
                ": the name of a variable cannot hold a =; rename the file"});
    CHECK(load(tree.path("b")).problems == Names{tree.path("b/env/SUB") + ": Is a directory"});
    for (int i = 0; i <= 1000; ++i) {
        tree.write("d/env/A" + std::to_string(i), "x");
    }
    CHECK(load(tree.path("d")).problems ==
          Names{tree.path("d/env") + ": more than 1000 variables"});
}

TEST_CASE("a file called env means nothing, as in runit", "[service_dir]") {
    const TemporaryTree tree;
    tree.write("web/env", "A=1\n");
    const LoadedDefinition loaded = load(tree.path("web"));
    CHECK(loaded.usable);
    CHECK(loaded.definition.process().environment.empty());
    CHECK(loaded.problems.empty());
}

TEST_CASE("service.conf and its overrides are read in the order of names", "[service_dir]") {
    const TemporaryTree tree;
    tree.write("web/service.conf", "nice = 1\nneeds = a\n");
    tree.write("web/service.conf.d/20.conf", "nice = 3\nneeds = c\n");
    tree.write("web/service.conf.d/10.conf", "nice = 2\nneeds = b\n");
    tree.write("web/service.conf.d/README", "not read");
    const LoadedDefinition loaded = load(tree.path("web"));
    CHECK(loaded.problems.empty());
    CHECK(loaded.definition.process().nice == 3);
    CHECK(loaded.definition.relations().needs == Names{"a", "b", "c"});
}

TEST_CASE("a conf with mistakes makes the definition unusable, and tells them all",
          "[service_dir]") {
    const TemporaryTree tree;
    tree.write("web/run");
    tree.write("web/service.conf", "exec = a\nnicee = 1\n");
    tree.write("web/service.conf.d/1.conf", "nice = x\n");
    const LoadedDefinition loaded = load(tree.path("web"));
    CHECK_FALSE(loaded.usable);
    REQUIRE(loaded.problems.size() == 3);
    CHECK(loaded.problems[0] == tree.path("web/service.conf") +
                                    ":1:1: exec is given, and the file run is there, too; remove "
                                    "one of them");
    CHECK(loaded.problems[1] ==
          tree.path("web/service.conf") + ":2:1: there is no key 'nicee'; did you mean nice?");
    CHECK(loaded.problems[2].starts_with(tree.path("web/service.conf.d/1.conf") + ":1:8: nice:"));
}

TEST_CASE("a conf that cannot be read makes the definition unusable", "[service_dir]") {
    const TemporaryTree tree;
    tree.make_directory("a/service.conf");
    tree.write("b/service.conf", std::string(70000, '#'));
    tree.write("c/service.conf.d", "x");
    tree.make_directory("d");
    REQUIRE(::mkfifo(tree.path("d/service.conf").c_str(), 0600) == 0);
    CHECK(load(tree.path("a")).problems == Names{tree.path("a/service.conf") + ": Is a directory"});
    CHECK(load(tree.path("b")).problems ==
          Names{tree.path("b/service.conf") + ": more than 64 KiB"});
    CHECK(load(tree.path("c")).problems ==
          Names{tree.path("c/service.conf.d") + ": Not a directory"});
    CHECK(load(tree.path("d")).problems ==
          Names{tree.path("d/service.conf") + ": Invalid argument"});
    CHECK_FALSE(load(tree.path("d")).usable);
    for (int i = 0; i < 66; ++i) {
        tree.write("e/service.conf.d/" + std::to_string(i) + ".conf");
    }
    CHECK(load(tree.path("e")).problems ==
          Names{tree.path("e/service.conf.d") + ": more than 64 files"});
}

TEST_CASE("what all services of a directory say stands beside them", "[service_dir]") {
    const TemporaryTree tree;
    tree.write("sv/defaults.conf", "restart = on-failure\nstop-timeout = 3\nlog-max-files = 2\n");
    tree.write("sv/web/run");
    tree.write("sv/web/env/A", "1\n");
    tree.write("sv/web/log/run");
    tree.write("sv/db/run");
    tree.write("sv/db/timeout-kill", "7000\n");
    tree.write("sv/db/service.conf", "restart = never\n");
    tree.write("sv/once/service.conf", "type = oneshot\nexec = true\n");
    tree.link("service/web", "../sv/web");
    const LoadedDefinition web = load(tree.path("service/web"));
    CHECK(web.problems.empty());
    CHECK(web.definition.policy.restart == RestartPolicy::OnFailure);
    CHECK(web.definition.policy.stop_timeout == std::chrono::seconds(3));
    CHECK(web.definition.log().max_files == 2);
    CHECK(web.definition.process().environment == Names{"A=1"});
    const LoadedDefinition db = load(tree.path("sv/db"));
    CHECK(db.problems.empty());
    CHECK(db.definition.policy.restart == RestartPolicy::Never);
    CHECK(db.definition.policy.stop_timeout == std::chrono::seconds(7));
    CHECK(db.definition.log().max_files == 2);
    // What is over when it is done is not started again because services usually are.
    CHECK(load(tree.path("sv/once")).definition.policy.restart == RestartPolicy::Never);
    CHECK(load(tree.path("sv/web/log")).definition.policy.restart == RestartPolicy::Always);
}

TEST_CASE("a mistake in what all services say is told once and keeps nobody down",
          "[service_dir]") {
    const TemporaryTree tree;
    tree.write("sv/defaults.conf", "restart = never\nexec = sh\nrestart-dely = 2\n");
    tree.write("sv/web/run");
    tree.write("sv/db/run");
    ServiceDirs directories;
    const LoadedDefinition web = directories.load(tree.path("sv/web"));
    CHECK(web.usable);
    CHECK(web.definition.policy.restart == RestartPolicy::Always);
    REQUIRE(web.problems.size() == 2);
    CHECK(web.problems[0].starts_with(tree.path("sv/defaults.conf") +
                                      ":2:1: exec is for each service to say"));
    CHECK(web.problems[1] == tree.path("sv/defaults.conf") +
                                 ":3:1: there is no key 'restart-dely'; did you mean "
                                 "restart-delay?; the whole file is left out");
    CHECK(directories.load(tree.path("sv/db")).problems.empty());
    tree.write("sv/defaults.conf", std::string(70000, '#'));
    CHECK(directories.load(tree.path("sv/db")).problems ==
          Names{tree.path("sv/defaults.conf") + ": more than 64 KiB; the file is left out"});
}

TEST_CASE("a link to a template is an instance, and so is its logger", "[service_dir]") {
    const TemporaryTree tree;
    tree.write("sv/getty@/service.conf", "exec = agetty %i\ndescription = %n\n");
    tree.write("sv/getty@/log/service.conf", "exec = logger -t %n %i\n");
    tree.link("service/getty@tty1", "../sv/getty@");
    const LoadedDefinition loaded = load(tree.path("service/getty@tty1"));
    CHECK(loaded.problems.empty());
    CHECK(loaded.definition.instance == "tty1");
    CHECK(loaded.definition.programs().run == Command{"agetty", "tty1"});
    CHECK(loaded.definition.description == "getty@tty1");
    CHECK(loaded.definition.process().environment == Names{"INSTANCE=tty1"});
    const LoadedDefinition logger = load(tree.path("service/getty@tty1/log"));
    CHECK(logger.problems.empty());
    CHECK(logger.definition.programs().run == Command{"logger", "-t", "getty@tty1/log", "tty1"});
}

TEST_CASE("a template itself runs not, and a service called log is no logger", "[service_dir]") {
    const TemporaryTree tree;
    tree.write("service/getty@/service.conf", "exec = agetty %i\n");
    tree.write("service/log/service.conf", "exec = x %n\n");
    const LoadedDefinition loaded = load(tree.path("service/getty@"));
    CHECK_FALSE(loaded.usable);
    CHECK(loaded.problems ==
          Names{tree.path("service/getty@") +
                ": a template, which cannot run by itself; enable it by a symbolic link "
                "getty@INSTANCE"});
    CHECK(load(tree.path("service/log")).definition.programs().run == Command{"x", "log"});
    ProgramSets programs;
    const FileTree machine;
    CHECK(read_service_directory(machine, tree.path("service/getty@"), TemplateItself::Sample,
                                 programs)
              .usable);
}

TEST_CASE("below another root, links stay in it", "[service_dir]") {
    const TemporaryTree tree;
    tree.write("root/etc/sv/web/run");
    tree.write("root/shared/variables/A", "inside");
    tree.write("shared/variables/A", "outside");
    tree.link("root/etc/sv/web/env", "/shared/variables");
    tree.link("root/etc/service/web", "../../../../../etc/sv/web");
    auto root = FileTree::below(tree.path("root/").c_str());
    REQUIRE(root);
    ProgramSets programs;
    const ReadDirectory read =
        read_service_directory(*root, "/etc/service/web", TemplateItself::Refuse, programs);
    CHECK(read.problems.empty());
    CHECK(read.definition.resolved == "/etc/sv/web");
    CHECK(read.definition.process().environment == Names{"A=inside"});
    CHECK(root->on_machine("/etc") == tree.path("root/etc"));
    CHECK_FALSE(root->open("/shared/../../shared/none", 0));
    CHECK(FileTree::below("/nonexistent").error().code == ENOENT);
}
