/// What the lint finds in a set of definitions.
#include <catch2/catch.hpp>

#include "supervisor/check_options.h"
#include "supervisor/lint.h"
#include "supervisor/lint_cycles.h"
#include "supervisor/lint_programs.h"

using namespace mainstay::supervisor;

namespace {

using Lines = std::vector<std::string>;

/// A tree that is made line by line of relations: each gets a place of its own.
class Tree {
  public:
    LintedService& add(const std::string& name, Enabled enabled = Enabled::Yes) {
        LintedService service;
        service.name = name;
        service.path = "/s/" + name;
        service.enabled = enabled;
        service.definition.resolved = "/sv/" + name;
        facts.services.push_back(std::move(service));
        return facts.services.back();
    }

    void relate(const std::string& from, ConfKey key, const std::string& to) {
        for (LintedService& service : facts.services) {
            if (service.name == from) {
                Relations relations = service.definition.relations();
                list(relations, key).push_back(to);
                service.definition.own_relations =
                    std::make_shared<const Relations>(std::move(relations));
                service.names.push_back({key, to, "/sv/" + from + "/service.conf", {++line_, 9}});
            }
        }
    }

    Lines lines() const {
        Lines found;
        for (const Problem& problem : lint(facts)) {
            found.push_back(to_line(problem));
        }
        return found;
    }

    LintedTree facts;

  private:
    static std::vector<std::string>& list(Relations& relations, ConfKey key) {
        switch (static_cast<int>(key)) {
            case static_cast<int>(ConfKey::Needs):
                return relations.needs;
            case static_cast<int>(ConfKey::Wants):
                return relations.wants;
            case static_cast<int>(ConfKey::After):
                return relations.after;
            case static_cast<int>(ConfKey::Before):
                return relations.before;
            case static_cast<int>(ConfKey::Members):
                return relations.members;
            default:
                return relations.conflicts;
        }
    }

    std::uint32_t line_ = 0;
};

LintedProgram program(ProgramState state, std::optional<std::string> head = "\177ELF") {
    return {"/sv/web/run", {}, "run", false, {state, std::move(head), ProgramState::Executable}};
}

std::string fault(const std::string& head, ProgramState interpreter = ProgramState::Executable) {
    return fault_of({ProgramState::Executable, head, interpreter}).value_or("");
}

}  // namespace

TEST_CASE("lint: a sound tree has no findings", "[lint]") {
    Tree tree;
    tree.add("db");
    tree.add("web").programs.push_back(program(ProgramState::Executable));
    tree.add("old", Enabled::No);
    tree.relate("web", ConfKey::Needs, "db");
    tree.relate("web", ConfKey::After, "old");
    tree.relate("web", ConfKey::Conflicts, "old");
    CHECK(tree.lines().empty());
}

TEST_CASE("lint: names that lead nowhere, in every relation", "[lint]") {
    Tree tree;
    tree.add("dbus");
    tree.add("web");
    for (const ConfKey key : {ConfKey::Needs, ConfKey::Wants, ConfKey::After, ConfKey::Before,
                              ConfKey::Conflicts, ConfKey::Members}) {
        tree.relate("web", key, "dbsu");
    }
    CHECK(tree.lines() ==
          Lines{
              "/sv/web/service.conf:1:9: error: needs: there is no service 'dbsu'; did you mean "
              "dbus?",
              "/sv/web/service.conf:2:9: error: wants: there is no service 'dbsu'; did you mean "
              "dbus?",
              "/sv/web/service.conf:3:9: error: after: there is no service 'dbsu'; did you mean "
              "dbus?",
              "/sv/web/service.conf:4:9: error: before: there is no service 'dbsu'; did you mean "
              "dbus?",
              "/sv/web/service.conf:5:9: error: conflicts: there is no service 'dbsu'; did you "
              "mean dbus?",
              "/sv/web/service.conf:6:9: error: members: there is no service 'dbsu'; did you mean "
              "dbus?",
          });
    Tree far;
    far.add("web");
    far.relate("web", ConfKey::Needs, "postgresql");
    CHECK(far.lines() ==
          Lines{"/sv/web/service.conf:1:9: error: needs: there is no service 'postgresql'"});
}

TEST_CASE("lint: what is not enabled cannot be needed", "[lint]") {
    Tree tree;
    tree.add("web");
    tree.add("db", Enabled::No);
    tree.add("getty@", Enabled::No);
    tree.relate("web", ConfKey::Needs, "db");
    tree.relate("web", ConfKey::Wants, "db");
    tree.relate("web", ConfKey::Members, "getty@tty1");
    tree.relate("web", ConfKey::After, "getty@tty1");
    CHECK(tree.lines() ==
          Lines{
              "/sv/web/service.conf:1:9: error: needs db, which is not enabled; enable it, too",
              "/sv/web/service.conf:2:9: warning: wants db, which is not enabled; it will not be "
              "started",
              "/sv/web/service.conf:3:9: error: members getty@tty1, which is not enabled; enable "
              "it, too",
          });
}

TEST_CASE("lint: definitions that are not enabled are judged with a note", "[lint]") {
    Tree tree;
    tree.add("db", Enabled::No);
    tree.add("web", Enabled::No);
    tree.relate("web", ConfKey::Needs, "db");  // which would be enabled with it
    CHECK(tree.lines().empty());
    tree.relate("web", ConfKey::Needs, "x");
    CHECK(tree.lines() == Lines{"/s/web: note: this service is not enabled",
                                "/sv/web/service.conf:2:9: error: needs: there is no service 'x'"});
}

TEST_CASE("lint: two enabled services in conflict", "[lint]") {
    Tree tree;
    tree.add("a");
    tree.add("b");
    tree.relate("a", ConfKey::Conflicts, "b");
    CHECK(tree.lines() == Lines{"/sv/a/service.conf:1:9: warning: conflicts with b, and both are "
                                "enabled: one will stop the other"});
}

TEST_CASE("lint: cycles are spelled out, over needs, after, before and members", "[lint]") {
    Tree tree;
    for (const char* name : {"a", "b", "c", "d", "e"}) {
        tree.add(name);
    }
    tree.relate("a", ConfKey::Needs, "b");
    tree.relate("b", ConfKey::After, "c");
    tree.relate("a", ConfKey::Before, "d");
    tree.relate("d", ConfKey::Before, "c");
    tree.relate("e", ConfKey::Wants, "e");
    CHECK(tree.lines() == Lines{"/sv/a/service.conf:1:9: error: a cycle, in which each waits for "
                                "the next: a -> b -> c -> d -> a"});
    Tree group;
    group.add("g");
    group.add("m");
    group.relate("g", ConfKey::Members, "m");
    group.relate("m", ConfKey::Before, "x");
    group.relate("g", ConfKey::Before, "m");
    CHECK(group.lines().front() ==
          "/sv/g/service.conf:1:9: error: a cycle, in which each waits for the next: g -> m -> g");
}

TEST_CASE("lint: a cycle made of nothing but before has its place, too", "[lint]") {
    Tree tree;
    tree.add("a");
    tree.add("b");
    tree.relate("a", ConfKey::Before, "b");
    tree.relate("b", ConfKey::Before, "a");
    CHECK(tree.lines() == Lines{"/sv/b/service.conf:2:9: error: a cycle, in which each waits for "
                                "the next: a -> b -> a"});
}

TEST_CASE("lint: one cycle is told of each knot", "[lint]") {
    CHECK(find_cycles({}).empty());
    CHECK(find_cycles({{1}, {2}, {}}).empty());
    CHECK(find_cycles({{0}}) == std::vector<std::vector<std::size_t>>{{0}});
    CHECK(find_cycles({{1}, {0, 2}, {3}, {2}}) ==
          std::vector<std::vector<std::size_t>>{{0, 1}, {2, 3}});
    // The short way, although the long one comes first.
    CHECK(find_cycles({{1, 3}, {2}, {3}, {0}}) == std::vector<std::vector<std::size_t>>{{0, 3}});
    CHECK(find_cycles({{1, 1}, {2, 2}, {0, 0}}) ==
          std::vector<std::vector<std::size_t>>{{0, 1, 2}});
}

TEST_CASE("lint: a chain of 100,000 services does not end the stack", "[lint]") {
    std::vector<std::vector<std::size_t>> edges(100000);
    for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
        edges[i].push_back(i + 1);
    }
    CHECK(find_cycles(edges).empty());
    edges.back().push_back(0);
    CHECK(find_cycles(edges).front().size() == edges.size());
}

TEST_CASE("lint: accounts that are not there", "[lint]") {
    Tree tree;
    tree.facts.accounts.users = account_names("root:x:0:0::/:/bin/sh\nwww:x:33\nbroken\n:x");
    tree.facts.accounts.groups = account_names("adm:x:4:");
    LintedService& web = tree.add("web");
    web.names = {{ConfKey::User, "www", "c", {1, 8}},
                 {ConfKey::User, "ww", "c", {2, 8}},
                 {ConfKey::User, "1000", "c", {3, 8}},
                 {ConfKey::Group, "www", "c", {4, 9}},
                 {ConfKey::SupplementaryGroups, "adm", "c", {5, 9}},
                 {ConfKey::SupplementaryGroups, "x", "c", {6, 9}}};
    CHECK(tree.lines() == Lines{"c:2:8: error: there is no user 'ww' in /etc/passwd",
                                "c:4:9: error: there is no group 'www' in /etc/group",
                                "c:6:9: error: there is no group 'x' in /etc/group"});
    tree.facts.accounts = {};
    CHECK(tree.lines().empty());
}

TEST_CASE("lint: names and directories", "[lint]") {
    Tree tree;
    tree.add("a b");
    tree.add(std::string(128, 'x'));
    tree.add("ok@1.2_3+4:5-6");
    tree.add("ok/log");
    tree.add("twin").definition.resolved = "/sv/ok/log";
    LintedService& one = tree.add("t@1");
    one.definition.resolved = "/sv/t@";
    one.definition.instance = "1";
    LintedService& two = tree.add("t@2");
    two.definition.resolved = "/sv/t@";
    two.definition.instance = "2";
    CHECK(tree.lines() ==
          Lines{"/s/a b: warning: an odd name; better is one of A-Z a-z 0-9 @ . _ + : and -",
                "/s/twin: warning: leads to the same directory as /s/ok/log; two services would "
                "share its files; use a template instead",
                "/s/" + std::string(128, 'x') +
                    ": error: not a service: its name has more than 127 bytes"});
}

TEST_CASE("lint: problems of reading and idle control files are told, sorted", "[lint]") {
    Tree tree;
    LintedService& web = tree.add("web");
    web.problems = {{Severity::Error, "/sv/web/service.conf", {3, 1}, "x"}};
    web.idle_controls = {"/sv/web/control/t"};
    tree.facts.problems = {{Severity::Error, "/s/a", {}, "y"}};
    CHECK(tree.lines() ==
          Lines{"/s/a: error: y",
                "/sv/web/control/t: warning: not executable, so it is not run; chmod +x",
                "/sv/web/service.conf:3:1: error: x"});
}

TEST_CASE("lint: programs that the kernel would not execute", "[lint]") {
    Tree tree;
    LintedService& web = tree.add("web");
    web.programs = {program(ProgramState::Missing), program(ProgramState::Executable, {})};
    web.programs.push_back({"/c", {2, 8}, "nginx", true, {}});
    CHECK(tree.lines() == Lines{"/c:2:8: warning: nginx: there is no such file in the usual PATH",
                                "/sv/web/run: error: run: there is no such file"});
    CHECK(fault_of({ProgramState::Dangling, {}}) == "a symbolic link that leads nowhere");
    CHECK(fault_of({ProgramState::Directory, {}}) == "a directory, not a program");
    CHECK(fault_of({ProgramState::NoFile, {}}) == "not a regular file");
    CHECK(fault_of({ProgramState::NotExecutable, {}}) == "not executable; chmod +x");
}

TEST_CASE("lint: scripts and their interpreters", "[lint]") {
    CHECK(interpreter_in("#! /bin/sh -e\nexec x") == "/bin/sh");
    CHECK(interpreter_in("#!/bin/sh") == "/bin/sh");
    CHECK(interpreter_in("exec x").empty());
    CHECK(fault("#!/bin/sh\n").empty());
    CHECK(fault("\177ELF\2").empty());
    CHECK(fault("") == "an empty file");
    CHECK(fault("exec x\n") == "neither a program nor a script; its first line must begin with #!");
    CHECK(fault("#!\n") == "its first line names no interpreter; write #!/bin/sh");
    CHECK(fault("#!") == "its first line names no interpreter; write #!/bin/sh");
    CHECK(fault("#!sh\n") == "its interpreter 'sh' is no absolute path");
    CHECK(fault("#!/bin/ksh\n", ProgramState::Missing) ==
          "its interpreter /bin/ksh: there is no such file");
    const std::string carriage_return =
        "its first line ends in a carriage return, which the kernel takes for a part of it; save "
        "it with Unix line ends";
    CHECK(fault("#!/bin/sh\r\n", ProgramState::Missing) == carriage_return);
    CHECK(fault("#!/bin/sh -e\r\n") == carriage_return);
}

TEST_CASE("options: --check takes a root, a format and a directory", "[options]") {
    const auto parse = [](std::vector<std::string_view> arguments) {
        return parse_options(arguments, {});
    };
    const auto problem = [&](std::vector<std::string_view> arguments) {
        return std::get<UsageError>(parse(std::move(arguments))).message;
    };
    CHECK(std::get<Check>(parse({"--check"})) == Check());
    CHECK(std::get<Check>(parse({"sv", "--check", "--json"})) ==
          Check{"", "sv", ReportFormat::Json});
    CHECK(std::get<Check>(parse({"--check", "--root", "/r", "sv"})) ==
          Check{"/r", "/sv", ReportFormat::Text});
    CHECK(std::get<Check>(parse({"--check", "--root=/r", "--", "-x"})) ==
          Check{"/r", "/-x", ReportFormat::Text});
    CHECK(std::holds_alternative<ShowHelp>(parse({"--check", "--help"})));
    CHECK(std::holds_alternative<Options>(parse({"--", "--check"})));
    CHECK(problem({"--check", "--rot", "x"}) ==
          "--check does not take --rot; did you mean --root?");
    CHECK(problem({"--check", "--control", "x"}) == "--check does not take --control");
    CHECK(problem({"--check", "--root"}) == "--root needs a DIR");
    CHECK(problem({"--check", "--root="}) == "--root needs a DIR");
    CHECK(problem({"--check", ""}) == "DIR is empty");
    CHECK(problem({"--check", "a", "b"}) == "more than one DIR: a and b");
}
