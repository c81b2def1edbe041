/// Real cgroups below our own, where we may make some; sessions of real processes.
#include "supervisor/cgroup.h"

#include <csignal>

#include "fakes/fake_os.h"
#include "supervisor/cgroup_place.h"
#include "supervisor/session.h"
#include "unit/supervisor/spawn_fixture.h"

using namespace mainstay;
using namespace mainstay::supervisor;
using namespace mainstay::supervisor::test;

namespace {

constexpr ServiceId kWeb = 1;

std::string text_of_file(const std::string& path) {
    std::ifstream file(path);
    return std::string(std::istreambuf_iterator<char>(file), {});
}

/// A tree with one cgroup, or the word that there can be none here.
struct Fixture {
    Fixture() : tree(journal) {
        tree.prepare();
        fd = tree.enter(kWeb, name, {}).directory;
        if (fd < 0) {
            WARN("skipped: no cgroup v2 that may be written");
        }
    }

    std::string path() const {
        return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd));
    }

    const std::string name = "unit-test-web";
    fakes::FakeJournal journal;
    CgroupTree tree;
    int fd = -1;
};

/// A service whose main process has one more, which reads a fifo that nobody writes.
Birth start_pair(Spawner& spawner, const ServiceDirectory& directory, int cgroup) {
    directory.script("sleep 1000 & exec sleep 1000");
    SpawnPlan plan = plan_run(directory.definition(), {});
    plan.cgroup = cgroup;
    auto birth = spawner.spawn(plan);
    REQUIRE(birth.has_value());
    ExecReport report{};
    REQUIRE(read_report(*birth, report) == 0);
    return std::move(*birth);
}

template <typename Condition>
void wait_until(Condition condition) {
    for (int tries = 0; tries < kDeadlineMs && !condition(); ++tries) {
        ::poll(nullptr, 0, 1);
    }
    REQUIRE(condition());
}

}  // namespace

TEST_CASE("a process is born in its cgroup and all of it is killed at once", "[cgroup]") {
    Fixture f;
    if (f.fd < 0) {
        return;
    }
    const auto method = GENERATE(SpawnMethod::Clone, SpawnMethod::Fork);
    const ServiceDirectory directory;
    Spawner spawner(context(), null(), method);
    const Birth birth = start_pair(spawner, directory, f.fd);
    wait_until([&] { return f.tree.members(kWeb).size() == 2; });
    CHECK(f.tree.usage(kWeb).cpu_microseconds.has_value());
    CHECK(f.tree.oom_kills(kWeb) == 0);
    CHECK(f.tree.kill_members(kWeb));
    CHECK(WTERMSIG(wait_status(birth.pid)) == SIGKILL);
    wait_until([&] { return f.tree.members(kWeb).empty(); });
    const std::string path = f.path();
    wait_until([&] {
        f.tree.forget(kWeb);
        return !std::filesystem::exists(path);
    });
    CHECK_FALSE(f.tree.kill_members(kWeb));
}

TEST_CASE("who is born into a cgroup after a kill lives", "[cgroup]") {
    Fixture f;
    if (f.fd < 0) {
        return;
    }
    const ServiceDirectory directory;
    Spawner spawner(context(), null());
    const Birth first = start_pair(spawner, directory, f.fd);
    wait_until([&] { return f.tree.members(kWeb).size() == 2; });
    CHECK(f.tree.kill_members(kWeb));
    CHECK(WTERMSIG(wait_status(first.pid)) == SIGKILL);
    wait_until([&] { return f.tree.members(kWeb).empty(); });
    const Birth second = start_pair(spawner, directory, f.fd);
    wait_until([&] { return f.tree.members(kWeb).size() == 2; });
    CHECK(f.tree.kill_members(kWeb));
    CHECK(WTERMSIG(wait_status(second.pid)) == SIGKILL);
    wait_until([&] { return f.tree.members(kWeb).empty(); });
    f.tree.forget(kWeb);
}

TEST_CASE("who is frozen by a supervisor that died goes on under the next one", "[cgroup]") {
    Fixture f;
    if (f.fd < 0) {
        return;
    }
    const std::string freeze = f.path() + "/cgroup.freeze";
    std::ofstream(freeze) << "1";
    REQUIRE(text_of_file(freeze) == "1\n");
    f.tree.resume(kWeb, f.name);
    CHECK(text_of_file(freeze) == "0\n");
    f.tree.forget(kWeb);
}

TEST_CASE("a second supervisor does not share the cgroups of the first", "[cgroup]") {
    Fixture f;
    if (f.fd < 0) {
        return;
    }
    CgroupTree second(f.journal);
    const CgroupEntry entry = second.enter(kWeb, f.name, {});
    REQUIRE(entry.directory >= 0);
    CHECK(std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(entry.directory)) !=
          f.path());
    second.forget(kWeb);
    f.tree.forget(kWeb);
}

TEST_CASE("a cgroup that somebody removed is made again", "[cgroup]") {
    Fixture f;
    if (f.fd < 0) {
        return;
    }
    const std::string path = f.path();
    REQUIRE(::rmdir(path.c_str()) == 0);
    const CgroupEntry again = f.tree.enter(kWeb, f.name, {});
    CHECK(again.is_new);
    f.fd = again.directory;
    CHECK(f.path() == path);
    CHECK_FALSE(f.tree.enter(kWeb, f.name, {}).is_new);
    CHECK(text_of_file(path + "/cgroup.procs").empty());
    f.tree.forget(kWeb);
}

TEST_CASE("a controller that is not there is said once and goes without", "[cgroup]") {
    Fixture f;
    if (f.fd < 0) {
        return;
    }
    const std::string controllers = text_of_file(
        std::filesystem::path(f.path()).parent_path().parent_path() / "cgroup.controllers");
    if (controllers.find("memory") != std::string::npos) {
        WARN("skipped: there is a memory controller");
        return;
    }
    CgroupSettings settings;
    settings.memory_max = 1U << 20U;
    CHECK(f.tree.enter(kWeb, f.name, settings).directory >= 0);
    CHECK(f.tree.enter(kWeb, f.name, settings).directory >= 0);
    CHECK(f.journal.messages.size() == 1);
    CHECK(f.journal.has("unit-test-web: cgroup: write +memory to"));
    f.tree.forget(kWeb);
}

TEST_CASE("who cannot enter its cgroup later either runs without, and it is said once",
          "[cgroup]") {
    const ServiceDirectory directory;
    directory.script("exec sleep 1000");
    const UniqueFd no_cgroup(::open(directory.path().c_str(), O_PATH | O_CLOEXEC));
    Spawner spawner(context(), null());
    int code = 0;
    spawner.hear_of_missed_cgroups([&](int why) { code = why; });
    SpawnPlan plan = plan_run(directory.definition(), {});
    plan.cgroup = no_cgroup.get();
    const auto birth = spawner.spawn(plan);
    REQUIRE(birth.has_value());
    CHECK(code == ENOENT);
    ::kill(birth->pid, SIGKILL);
    wait_status(birth->pid);

    Fixture f;
    if (f.fd >= 0) {
        f.journal.messages.clear();
        f.tree.not_entered(code);
        f.tree.not_entered(code);
        CHECK(f.journal.messages.size() == 1);
        CHECK(f.journal.has("unit-test-web: cgroup: enter"));
    }
}

TEST_CASE("without a cgroup the session is found and killed", "[cgroup]") {
    const ServiceDirectory directory;
    Spawner spawner(context(), null());
    const Birth birth = start_pair(spawner, directory, -1);
    wait_until([&] { return session_members(birth.pid).size() == 1; });
    ::kill(birth.pid, SIGKILL);
    siginfo_t info{};
    REQUIRE(::waitid(P_PID, static_cast<id_t>(birth.pid), &info, WEXITED | WNOWAIT) == 0);
    CHECK(kill_session(birth.pid) == 1);
    CHECK(session_members(birth.pid).empty());
    wait_status(birth.pid);
}
