/// The spawner with real processes, both ways of making them.
#include "supervisor/spawn.h"

#include <csignal>
#include <vector>

#include "unit/supervisor/spawn_fixture.h"

using namespace mainstay;
using namespace mainstay::supervisor;
using namespace mainstay::supervisor::test;

TEST_CASE("a process is made with its directory, environment and streams", "[spawn]") {
    const auto method = GENERATE(SpawnMethod::Clone, SpawnMethod::Fork);
    const ServiceDirectory directory;
    directory.script("pwd -P; echo $COLOUR; umask; ulimit -n; cat; exit 7");
    auto context_with_limit = context();
    context_with_limit.descriptor_limit = rlimit{123, 456};
    Spawner spawner(context_with_limit, null(), method);
    Pipe output = std::move(*make_pipe());
    auto birth = spawner.spawn(plan_run(directory.definition(), {-1, output.write_end.get()}));
    REQUIRE(birth.has_value());
    output.write_end.reset();
    ExecReport report{};
    CHECK(read_report(*birth, report) == 0);
    CHECK(read_all(output.read_end.get()) == directory.path() + "\nblue\n0022\n123\n");
    CHECK(WEXITSTATUS(wait_status(birth->pid)) == 7);
    CHECK(birth->pidfd.valid());
}

TEST_CASE("a failed exec comes back with stage and errno", "[spawn]") {
    const auto method = GENERATE(SpawnMethod::Clone, SpawnMethod::Fork);
    const ServiceDirectory directory;
    Spawner spawner(context(), null(), method);
    auto definition = directory.definition();
    ExecReport report{};
    SECTION("no run") {
        auto birth = spawner.spawn(plan_run(definition, {}));
        CHECK(read_report(*birth, report) == sizeof report);
        CHECK(report.stage == ExecStage::Exec);
        CHECK(report.code == ENOENT);
        CHECK(WEXITSTATUS(wait_status(birth->pid)) == kExitNotExecuted);
    }
    SECTION("no directory") {
        definition.path += "/none";
        auto birth = spawner.spawn(plan_run(definition, {}));
        CHECK(read_report(*birth, report) == sizeof report);
        CHECK(report.stage == ExecStage::Chdir);
        CHECK(report.code == ENOENT);
        wait_status(birth->pid);
    }
}

TEST_CASE("a process has signals at their defaults and none blocked, and a session", "[spawn]") {
    const auto method = GENERATE(SpawnMethod::Clone, SpawnMethod::Fork);
    const ServiceDirectory directory;
    directory.script("exec sleep 1000");
    Spawner spawner(context(), null(), method);
    auto birth = spawner.spawn(plan_run(directory.definition(), {}));
    ExecReport report{};
    CHECK(read_report(*birth, report) == 0);
    CHECK(::getsid(birth->pid) == birth->pid);
    CHECK(::kill(birth->pid, SIGTERM) == 0);
    CHECK(WTERMSIG(wait_status(birth->pid)) == SIGTERM);
}

TEST_CASE("many processes at once keep their memory apart", "[spawn]") {
    const ServiceDirectory directory;
    directory.script("exit $1");
    Spawner spawner(context(), null());
    std::vector<Birth> births;
    for (int i = 0; i < 100; ++i) {
        SpawnPlan plan = plan_run(directory.definition(), {});
        plan.arguments.push_back(std::to_string(i));
        auto birth = spawner.spawn(plan);
        REQUIRE(birth.has_value());
        births.push_back(std::move(*birth));
    }
    for (int i = 0; i < 100; ++i) {
        CHECK(WEXITSTATUS(wait_status(births[static_cast<std::size_t>(i)].pid)) == i);
    }
}

TEST_CASE("what was given back is used again and nothing of it is left", "[spawn]") {
    const auto method = GENERATE(SpawnMethod::Clone, SpawnMethod::Fork);
    const ServiceDirectory directory;
    directory.script("echo $0 $1 $MODE");
    Spawner spawner(context(), null(), method);
    SpawnPlan with = plan_run(directory.definition(), {});
    with.arguments.emplace_back("long-argument");
    with.environment = {"MODE=fast"};
    CHECK(run_to_end(spawner, with).output == "./run long-argument fast\n");
    CHECK(run_to_end(spawner, plan_run(directory.definition(), {})).output == "./run\n");
}

TEST_CASE("descriptors arrive under their numbers and nothing else does", "[spawn]") {
    const auto method = GENERATE(SpawnMethod::Clone, SpawnMethod::Fork);
    const ServiceDirectory directory;
    directory.script("echo three >&3; echo nine >&9; ls /proc/self/fd | tr '\\n' ' '");
    Spawner spawner(context(), null(), method);
    Pipe three = std::move(*make_pipe());
    Pipe nine = std::move(*make_pipe());
    SpawnPlan plan = plan_run(directory.definition(), {});
    // Each lies where the other is to go, if the numbers are free at all.
    const UniqueFd low(::fcntl(nine.write_end.get(), F_DUPFD_CLOEXEC, 3));
    plan.descriptors = {{three.write_end.get(), 3}, {low.get(), 9}};
    // 10 is the shell's own copy of its script, 4 the directory that ls reads.
    const std::string shown = run_to_end(spawner, plan).output;
    CHECK(shown == "0 1 2 3 4 9 ");
    three.write_end.reset();
    CHECK(read_all(three.read_end.get()) == "three\n");
    std::array<char, 5> text{};
    CHECK(::read(nine.read_end.get(), text.data(), text.size()) == 5);
    CHECK(std::string(text.data(), 5) == "nine\n");
}

TEST_CASE("a child that hangs holds nothing of births beside it", "[spawn]") {
    const auto method = GENERATE(SpawnMethod::Clone, SpawnMethod::Fork);
    const ServiceDirectory directory;
    directory.script("exit 5");
    const std::string fifo = directory.path() + "/fifo";
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    Spawner spawner(context(), null(), method);
    ProcessSettings settings;
    settings.input = {StreamTarget::Kind::File, fifo};
    SpawnPlan hanging = plan_run(directory.definition(), {});
    hanging.settings = std::make_shared<const ProcessSettings>(settings);
    auto before = spawner.spawn(plan_run(directory.definition(), {}));
    std::vector<Birth> stuck;
    for (int i = 0; i < 40; ++i) {  // more than have a block of the window
        auto birth = spawner.spawn(hanging);
        REQUIRE(birth.has_value());
        stuck.push_back(std::move(*birth));
    }
    auto after = spawner.spawn(plan_run(directory.definition(), {}));
    for (auto* birth : {&*before, &*after}) {
        ExecReport report{};
        CHECK(read_report(*birth, report) == 0);
        CHECK(WEXITSTATUS(wait_status(birth->pid)) == 5);
    }
    for (Birth& birth : stuck) {
        ExecReport report{};
        REQUIRE(::kill(birth.pid, SIGKILL) == 0);
        CHECK(WTERMSIG(wait_status(birth.pid)) == SIGKILL);
        birth.give_back_descriptors();
        CHECK(read_report(birth, report) == 0);
    }
}

TEST_CASE("a process finds its own pid in its environment", "[spawn]") {
    const auto method = GENERATE(SpawnMethod::Clone, SpawnMethod::Fork);
    const ServiceDirectory directory;
    directory.script("[ $WATCHDOG_PID = $$ ] && [ $LISTEN_PID = $$ ] && echo $COLOUR");
    Spawner spawner(context(), null(), method);
    SpawnPlan plan = plan_run(directory.definition(), {});
    plan.pid_variables = {"WATCHDOG_PID", "LISTEN_PID"};
    CHECK(run_to_end(spawner, plan).output == "blue\n");
}

TEST_CASE("a failed start says what is wrong with the program", "[spawn]") {
    const ServiceDirectory directory;
    const std::string run = directory.path() + "/run";
    Spawner spawner(context(), null());
    const auto text = [&] {
        return run_to_end(spawner, plan_run(directory.definition(), {})).text();
    };
    SECTION("there is none") {
        CHECK(text() == "exec " + run + ": No such file or directory");
    }
    SECTION("a link to nowhere") {
        std::filesystem::create_symlink("nowhere", run);
        CHECK(text() == "exec " + run + ": is a symbolic link to nowhere, which does not exist");
    }
    SECTION("a directory") {
        std::filesystem::create_directory(run);
        CHECK(text() == "exec " + run + ": is a directory");
    }
    SECTION("not executable") {
        directory.script("exit 0");
        ::chmod(run.c_str(), 0644);
        CHECK(text() == "exec " + run + ": is not executable (mode 0644); chmod +x it");
    }
    SECTION("no interpreter") {
        std::ofstream(run) << "#!/bin/bsh -e\n";
        ::chmod(run.c_str(), 0755);
        CHECK(text() == "exec " + run + ": its interpreter /bin/bsh does not exist");
    }
    SECTION("saved on another system") {
        std::ofstream(run) << "#!/bin/sh\r\n";
        ::chmod(run.c_str(), 0755);
        CHECK(text() ==
              "exec " + run +
                  ": its first line ends in a carriage return; save it with Unix line ends");
    }
    SECTION("no format") {
        std::ofstream(run) << "echo hello\n";
        ::chmod(run.c_str(), 0755);
        CHECK(text() ==
              "exec " + run +
                  ": is neither a program for this machine nor a script that begins with #!");
    }
    SECTION("empty") {
        std::ofstream(run) << "";
        ::chmod(run.c_str(), 0755);
        CHECK(text() == "exec " + run + ": is empty");
    }
    SECTION("not in PATH") {
        auto definition = directory.definition();
        Programs programs;
        programs.run = {"no-such-program"};
        definition.own_programs = std::make_shared<const Programs>(programs);
        CHECK(run_to_end(spawner, plan_run(definition, {})).text() ==
              "exec no-such-program: not found in PATH");
    }
}
