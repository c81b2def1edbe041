/// The spawner with real processes, both ways of making them.
#include "supervisor/spawn.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "common/fd_io.h"

using namespace mainstay;
using namespace mainstay::supervisor;

namespace {

constexpr int kDeadlineMs = 30'000;

/// A service directory that is gone afterwards.
class ServiceDirectory {
  public:
    ServiceDirectory() {
        std::string path = "/tmp/spawn-test-XXXXXX";
        REQUIRE(::mkdtemp(path.data()) != nullptr);
        path_ = path;
    }
    ~ServiceDirectory() { std::filesystem::remove_all(path_); }
    ServiceDirectory(const ServiceDirectory&) = delete;
    ServiceDirectory& operator=(const ServiceDirectory&) = delete;

    const std::string& path() const { return path_; }

    void script(const std::string& text) const {
        std::ofstream(path_ + "/run") << "#!/bin/sh\n" << text << "\n";
        ::chmod((path_ + "/run").c_str(), 0755);
    }

    Definition definition() const {
        Definition definition;
        definition.path = path_;
        return definition;
    }

  private:
    std::string path_;
};

UniqueFd null() {
    return std::move(*open_file("/dev/null", O_RDWR));
}

SpawnContext context() {
    return {{"PATH=/usr/bin:/bin", "COLOUR=blue"}, std::nullopt, std::nullopt};
}

int wait_status(pid_t pid) {
    int status = 0;
    REQUIRE(::waitpid(pid, &status, 0) == pid);
    return status;
}

/// What came through the report pipe: its bytes, none where the exec succeeded.
ssize_t read_report(const Birth& birth, ExecReport& report) {
    pollfd ready{birth.report.get(), POLLIN, 0};
    REQUIRE(::poll(&ready, 1, kDeadlineMs) == 1);
    return ::read(birth.report.get(), &report, sizeof report);
}

std::string read_all(int fd) {
    std::array<char, 4096> buffer;
    return std::string(*read_up_to(fd, buffer));
}

}  // namespace

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
        const auto birth = spawner.spawn(plan_run(definition, {}));
        CHECK(read_report(*birth, report) == sizeof report);
        CHECK(report.stage == ExecStage::Exec);
        CHECK(report.code == ENOENT);
        CHECK(WEXITSTATUS(wait_status(birth->pid)) == kExitNotExecuted);
    }
    SECTION("no directory") {
        definition.path += "/none";
        const auto birth = spawner.spawn(plan_run(definition, {}));
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
    const auto birth = spawner.spawn(plan_run(directory.definition(), {}));
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
