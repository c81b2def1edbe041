/// What a definition can ask for of a process, with real ones, both ways of making them.
#include <sched.h>
#include <sys/prctl.h>

#include "unit/supervisor/spawn_fixture.h"

using namespace mainstay;
using namespace mainstay::supervisor;
using namespace mainstay::supervisor::test;

namespace {

constexpr std::uint64_t kNetBindService = std::uint64_t{1} << 10U;
constexpr std::uint64_t kKill = std::uint64_t{1} << 5U;

bool is_root() {
    if (::geteuid() == 0) {
        return true;
    }
    WARN("skipped: takes root");
    return false;
}

/// A service with settings, a spawner and files of users.
class Fixture {
  public:
    Fixture() {
        std::ofstream(directory_.path() + "/passwd")
            << "root:x:0:0::/root:/bin/sh\nweb:x:4711:4712::/srv/web:/bin/false\n";
        std::ofstream(directory_.path() + "/group") << "web:x:4712:\nadm:x:4:web\ntls:x:50:\n";
        ::chmod(directory_.path().c_str(), 0755);
    }

    Outcome run(const std::string& script) {
        directory_.script(script);
        auto definition = directory_.definition();
        definition.own_process = std::make_shared<const ProcessSettings>(settings);
        Spawner spawner(context(), null(), GENERATE(SpawnMethod::Clone, SpawnMethod::Fork),
                        UserFiles(path("passwd"), path("group")));
        return run_to_end(spawner, plan_run(definition, {}));
    }

    std::string path(const std::string& name) const { return directory_.path() + "/" + name; }

    ProcessSettings settings;

  private:
    ServiceDirectory directory_;
};

}  // namespace

TEST_CASE("a service has its user, groups and their variables", "[spawn]") {
    Fixture f;
    if (!is_root()) {
        return;
    }
    f.settings.user = "web";
    CHECK(f.run("id -u; id -g; id -G; echo $HOME $USER $LOGNAME $SHELL").output ==
          "4711\n4712\n4712 4\n/srv/web web web /bin/false\n");
    f.settings.group = "tls";
    f.settings.supplementary_groups = {"adm", "99"};
    CHECK(f.run("id -u; id -g; id -G").output == "4711\n50\n50 4 99\n");
    f.settings = {};
    f.settings.user = "12345";
    CHECK(f.run("id -u; id -g; echo ${USER-none}").output == "12345\n12345\nnone\n");
}

TEST_CASE("a user who is not there is a fault of the start", "[spawn]") {
    Fixture f;
    f.settings.user = "webb";
    CHECK(f.run("exit 0").text() == "user webb: not in /etc/passwd; is it web?");
}

TEST_CASE("limits, umask, nice and CPUs are set", "[spawn]") {
    Fixture f;
    f.settings.limits = {{RLIMIT_NOFILE, 77, 88}, {RLIMIT_CORE, 0, 0}};
    f.settings.umask = 027;
    f.settings.nice = 7;
    f.settings.io_priority = IoPriority{IoPriority::Class::Idle, 0};
    f.settings.cpu_affinity = {1};
    CHECK(f.run("ulimit -n; ulimit -Hn; ulimit -c; umask; nice; "
                "sed -n 's/^Cpus_allowed_list:.//p' /proc/self/status")
              .output == "77\n88\n0\n0027\n7\n0\n");
}

TEST_CASE("a limit that the kernel refuses is a fault of the start", "[spawn]") {
    Fixture f;
    f.settings.limits = {{RLIMIT_NOFILE, 88, 77}};
    CHECK(f.run("exit 0").text() == "limit nofile: Invalid argument");
}

TEST_CASE("an OOM score is the child's alone", "[spawn]") {
    Fixture f;
    const auto own = [] {
        std::string text;
        std::getline(std::ifstream("/proc/self/oom_score_adj"), text);
        return text;
    };
    const std::string before = own();
    f.settings.oom_score_adjust = 777;
    CHECK(f.run("cat /proc/self/oom_score_adj").output == "777\n");
    CHECK(own() == before);
}

TEST_CASE("while births are under way we have the services' OOM score", "[spawn]") {
    const auto own = [] {
        std::string text;
        std::getline(std::ifstream("/proc/self/oom_score_adj"), text);
        return text;
    };
    const std::string before = own();
    const std::string higher = std::to_string(std::stoi(before) + 1);
    auto context_with_score = context();
    context_with_score.oom_score = higher;
    const ServiceDirectory directory;
    directory.script("cat /proc/self/oom_score_adj");
    Spawner spawner(context_with_score, null());
    CHECK(run_to_end(spawner, plan_run(directory.definition(), {})).output == higher + "\n");
    // Raising it is always permitted, going back to what it was before as well.
    CHECK(own() == before);
}

TEST_CASE("the environment file is read at the start", "[spawn]") {
    Fixture f;
    f.settings.env_file = f.path("settings");
    CHECK(f.run("exit 0").text() ==
          "env-file " + f.path("settings") + ": No such file or directory");
    f.settings.env_file_may_be_missing = true;
    CHECK(f.run("echo ${MODE-none}").output == "none\n");
    std::ofstream(f.path("settings")) << "MODE='fast one'\n";
    CHECK(f.run("echo $MODE").output == "fast one\n");
}

TEST_CASE("a directory is entered, and a missing one is named", "[spawn]") {
    Fixture f;
    f.settings.directory = "/usr/bin";
    CHECK(f.run("pwd -P").output == "/usr/bin\n");
    f.settings.directory = "/no/such";
    CHECK(f.run("exit 0").text() == "chdir /no/such: No such file or directory");
}

TEST_CASE("a chroot is entered, and a missing one is named", "[spawn]") {
    Fixture f;
    if (!is_root()) {
        return;
    }
    f.settings.chroot = "/no/such";
    CHECK(f.run("exit 0").text() == "chroot /no/such: No such file or directory");
    f.settings.chroot = "/.";
    f.settings.directory = "/usr";
    CHECK(f.run("pwd -P").output == "/usr\n");
}

TEST_CASE("streams lead where ours do", "[spawn]") {
    Fixture f;
    const StreamTarget inherited{StreamTarget::Kind::Inherited, {}};
    std::array<std::string, 3> ours;
    for (std::size_t i = 0; i < ours.size(); ++i) {
        ours[i] = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(i)).string();
    }
    f.settings.input = inherited;
    f.settings.error = inherited;
    CHECK(f.run("readlink /proc/$$/fd/0 /proc/$$/fd/2").output == ours[0] + "\n" + ours[2] + "\n");
    f.settings.output = inherited;
    f.run("readlink /proc/$$/fd/1 >" + f.path("where"));
    std::string line;
    std::getline(std::ifstream(f.path("where")), line);
    CHECK(line == f.path("where"));
    f.run("exec 3>&1; readlink /proc/$$/fd/3 >" + f.path("where"));
    std::getline(std::ifstream(f.path("where")), line);
    CHECK(line == ours[1]);
}

TEST_CASE("streams lead to files", "[spawn]") {
    Fixture f;
    using Kind = StreamTarget::Kind;
    std::ofstream(f.path("in")) << "given\n";
    f.settings.input = {Kind::File, f.path("in")};
    f.settings.output = {Kind::Append, f.path("out")};
    f.settings.error = {Kind::File, f.path("err")};
    std::ofstream(f.path("out")) << "";
    f.run("cat; echo oops >&2");
    std::string line;
    std::ifstream out(f.path("out"));
    std::getline(out, line);
    CHECK(line == "given");
    std::getline(std::ifstream(f.path("err")), line);
    CHECK(line == "oops");
    f.settings.output = {Kind::File, "/no/such/file"};
    CHECK(f.run("exit 0").text() == "open /no/such/file: No such file or directory");
    f.settings.output = {Kind::Log, {}};
    f.settings.error = {Kind::Null, {}};
    CHECK(f.run("cat; readlink /proc/self/fd/2").output == "given\n/dev/null\n");
}

TEST_CASE("rights are given up and kept as said", "[spawn]") {
    Fixture f;
    if (!is_root()) {
        return;
    }
    const std::string show = "sed -n '/^Cap[IPEBA]\\|^NoNew/s/:./ /p' /proc/self/status";
    f.settings.user = "web";
    f.settings.capability_bounding_set = kNetBindService | kKill;
    f.settings.ambient_capabilities = kNetBindService;
    f.settings.no_new_privileges = true;
    CHECK(f.run(show).output ==
          "CapInh 0000000000000400\nCapPrm 0000000000000400\nCapEff 0000000000000400\n"
          "CapBnd 0000000000000420\nCapAmb 0000000000000400\nNoNewPrivs 1\n");
    f.settings = {};
    f.settings.user = "web";
    f.settings.securebits = 1U;  // SECBIT_NOROOT
    CHECK(f.run("sed -n '/^CapPrm/s/:./ /p' /proc/self/status").output ==
          "CapPrm 0000000000000000\n");
}

TEST_CASE("a device that is no terminal is named", "[spawn]") {
    Fixture f;
    f.settings.terminal = "/dev/null";
    CHECK(f.run("exit 0").text() == "terminal /dev/null: Inappropriate ioctl for device");
    f.settings.terminal = "/dev/no-such-tty";
    CHECK(f.run("exit 0").text() == "terminal /dev/no-such-tty: No such file or directory");
}

TEST_CASE("a terminal is the process's own", "[spawn]") {
    Fixture f;
    const UniqueFd master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    REQUIRE(master.valid());
    REQUIRE(::grantpt(master.get()) == 0);
    REQUIRE(::unlockpt(master.get()) == 0);
    f.settings.terminal = ::ptsname(master.get());
    f.settings.input.kind = StreamTarget::Kind::Terminal;
    f.settings.output.kind = StreamTarget::Kind::Terminal;
    const UniqueFd held(::open(f.settings.terminal.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
    f.run("tty; : </dev/tty && echo mine");
    std::array<char, 256> buffer;
    const ssize_t size = ::read(master.get(), buffer.data(), buffer.size());
    REQUIRE(size > 0);
    CHECK(std::string(buffer.data(), static_cast<std::size_t>(size)).find(f.settings.terminal) ==
          0);
}
