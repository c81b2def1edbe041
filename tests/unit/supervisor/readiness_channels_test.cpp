/// The ways to say ready over real pipes and sockets. This process plays the service.
#include "supervisor/readiness_channels.h"
#include "supervisor/no_keeper.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "fakes/fake_helpers.h"
#include "fakes/fake_os.h"
#include "fakes/fake_processes.h"

using namespace std::chrono_literals;
using namespace mainstay;
using namespace mainstay::supervisor;

namespace {

constexpr ProcessKey kRun{3, 1};

class Heard final : public ReadinessListener {
  public:
    void service_is_ready(ProcessKey key) override { ready.push_back(key); }
    void service_said(ProcessKey key, const NotifyMessage& message) override {
        said.emplace_back(key, message);
    }

    std::vector<ProcessKey> ready;
    std::vector<std::pair<ProcessKey, NotifyMessage>> said;
};

class FakeFamily final : public ProcessFamily {
  public:
    Kinship kinship(const Sender& process, const RunProcesses& /*run*/) override {
        has_pidfd = process.pidfd >= 0;
        return answer;
    }
    ZombiesView zombies_below(std::int32_t /*pid*/) override { return {}; }
    std::optional<std::uint32_t> uid_of(std::int32_t /*pid*/) override { return ::geteuid(); }

    Kinship answer = Kinship::Stranger;
    bool has_pidfd = false;
};

struct TemporaryDirectory {
    TemporaryDirectory() {
        std::string name = "/tmp/readiness-XXXXXX";
        path = ::mkdtemp(name.data());
    }
    ~TemporaryDirectory() { std::filesystem::remove_all(path); }
    std::string path;
};

int open_descriptors() {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        static_cast<void>(entry);
        ++count;
    }
    return count;
}

/// Stored descriptors are closed by a child, which takes its time.
bool will_be_open(int count) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (open_descriptors() != count && std::chrono::steady_clock::now() < end) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return open_descriptors() == count;
}

struct Channels {
    Channels() { channels.set_listener(heard); }

    void use(Readiness readiness, NotifyAccess access = NotifyAccess::Main) {
        definition.policy.readiness = readiness;
        definition.readiness.access = access;
        definition.readiness.notification_fd = 5;
    }

    Channel start(ProcessKey key = kRun, std::int32_t pid = ::getpid()) {
        auto channel = channels.open(key, "web", definition);
        REQUIRE(channel);
        Channel copy = *channel;
        for (PassedDescriptor& passed : copy.descriptors) {
            passed.from = ::fcntl(passed.from, F_DUPFD_CLOEXEC, 3);
        }
        channels.born(key, pid);
        return copy;
    }

    std::string socket_path() const { return directory.path + "/notify/3"; }

    void send(std::string_view text, int descriptors = 0) const {
        const UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strcpy(address.sun_path, socket_path().c_str());
        iovec bytes{const_cast<char*>(text.data()), text.size()};
        std::vector<char> control(CMSG_SPACE(static_cast<std::size_t>(descriptors) * sizeof(int)));
        msghdr message{};
        message.msg_name = &address;
        message.msg_namelen = sizeof address;
        message.msg_iov = &bytes;
        message.msg_iovlen = 1;
        if (descriptors > 0) {
            message.msg_control = control.data();
            message.msg_controllen = control.size();
            cmsghdr* part = CMSG_FIRSTHDR(&message);
            part->cmsg_level = SOL_SOCKET;
            part->cmsg_type = SCM_RIGHTS;
            part->cmsg_len = CMSG_LEN(static_cast<std::size_t>(descriptors) * sizeof(int));
            auto* numbers = reinterpret_cast<int*>(CMSG_DATA(part));
            std::fill_n(numbers, descriptors, STDERR_FILENO);
        }
        REQUIRE(::sendmsg(fd.get(), &message, MSG_DONTWAIT) == static_cast<ssize_t>(text.size()));
    }

    TemporaryDirectory directory;
    Loop loop;
    fakes::FakeJournal journal;
    fakes::FakeProcesses processes;
    fakes::FakeHelpers helpers;
    fakes::FakeOutputs outputs;
    FakeFamily family;
    CheckRunner checks{{helpers, outputs, loop, journal}};
    Heard heard;
    Definition definition;
    NoKeeper keeper;
    DescriptorStore store{{loop, keeper}};
    ReadinessChannels channels{{loop, journal, processes, family, checks, keeper, store},
                               directory.path + "/notify"};
};

}  // namespace

TEST_CASE("channels: a service that asks for nothing gets nothing", "[readiness]") {
    Channels c;
    const Channel channel = c.start();
    CHECK(channel.descriptors.empty());
    CHECK(channel.environment.empty());
    CHECK(channel.pid_variables.empty());
    CHECK_FALSE(std::filesystem::exists(c.directory.path + "/notify"));
}

TEST_CASE("channels: a newline on the descriptor, and nothing else, is ready", "[readiness]") {
    Channels c;
    c.use(Readiness::Descriptor);
    const Channel channel = c.start();
    REQUIRE(channel.descriptors.size() == 1);
    CHECK(channel.descriptors[0].number == 5);
    UniqueFd fd(channel.descriptors[0].from);
    const std::string flood(std::size_t{60} * 1024, 'x');
    REQUIRE(::write(fd.get(), flood.data(), flood.size()) == static_cast<ssize_t>(flood.size()));
    c.loop.run_what_is_ready();
    CHECK(c.heard.ready.empty());
    REQUIRE(::write(fd.get(), "up\nmore", 7) == 7);
    c.loop.run_what_is_ready();
    CHECK(c.heard.ready == std::vector{kRun});
    fd.reset();
    c.loop.run_what_is_ready();
    CHECK(c.heard.ready.size() == 1);
    CHECK(c.journal.messages.empty());
}

TEST_CASE("channels: a descriptor that is closed without a newline is told once", "[readiness]") {
    Channels c;
    c.use(Readiness::Descriptor);
    UniqueFd fd(c.start().descriptors[0].from);
    REQUIRE(::write(fd.get(), "no", 2) == 2);
    fd.reset();
    c.loop.run_what_is_ready();
    c.loop.run_what_is_ready();
    CHECK(c.heard.ready.empty());
    REQUIRE(c.journal.messages.size() == 1);
    CHECK(c.journal.has("web: closed its notification descriptor without a newline"));
}

TEST_CASE("channels: the descriptor of a run that is over is not heard", "[readiness]") {
    Channels c;
    c.use(Readiness::Descriptor);
    const UniqueFd old(c.start().descriptors[0].from);
    c.channels.close(kRun);
    const UniqueFd now(c.start({3, 2}).descriptors[0].from);
    ::signal(SIGPIPE, SIG_IGN);
    CHECK(::write(old.get(), "\n", 1) == -1);
    c.channels.close(kRun);  // late: changes nothing
    REQUIRE(::write(now.get(), "\n", 1) == 1);
    c.channels.hear({3, 2});
    CHECK(c.heard.ready == std::vector{ProcessKey{3, 2}});
}

TEST_CASE("channels: notify gives socket and watchdog, and hears the main process", "[readiness]") {
    Channels c;
    c.use(Readiness::Notify);
    c.definition.policy.watchdog_timeout = 1500ms;
    const Channel channel = c.start();
    CHECK(channel.environment ==
          std::vector<std::string>{"NOTIFY_SOCKET=" + c.socket_path(), "WATCHDOG_USEC=1500000"});
    CHECK(channel.pid_variables == std::vector<std::string>{"WATCHDOG_PID"});
    struct stat info {};
    REQUIRE(::stat(c.socket_path().c_str(), &info) == 0);
    CHECK((info.st_mode & 07777) == 0666);
    REQUIRE(::stat((c.directory.path + "/notify").c_str(), &info) == 0);
    CHECK((info.st_mode & 07777) == 0755);
    c.send("READY=1\nSTATUS=here");
    c.send("STATUS=there");
    c.loop.run_what_is_ready();
    REQUIRE(c.heard.said.size() == 2);
    CHECK(c.heard.said[0].first == kRun);
    CHECK(c.heard.said[0].second.phase == NotifyPhase::Ready);
    CHECK(c.heard.said[1].second.status == "there");
    CHECK(c.journal.messages.empty());
}

TEST_CASE("channels: what was sent to the run before counts for no other", "[readiness]") {
    Channels c;
    c.use(Readiness::Notify);
    c.start();
    c.channels.close(kRun);
    c.send("READY=1");
    c.start({3, 2});
    c.loop.run_what_is_ready();
    CHECK(c.heard.said.empty());
    c.channels.close({3, 2});
    // The main process of the run before is no stranger: nothing is said about it.
    c.start({3, 3}, 1);
    c.send("READY=1");
    c.loop.run_what_is_ready();
    CHECK(c.heard.said.empty());
    CHECK(c.journal.messages.empty());
}

TEST_CASE("channels: last words are heard before the end is told", "[readiness]") {
    Channels c;
    c.use(Readiness::Notify);
    c.start();
    c.send("STATUS=no more paper\nERRNO=28");
    c.channels.hear(kRun);
    REQUIRE(c.heard.said.size() == 1);
    CHECK(c.heard.said[0].second.error_number == 28);
    c.send("STATUS=late");
    c.channels.hear({3, 7});
    CHECK(c.heard.said.size() == 1);
}

TEST_CASE("channels: strangers are refused, each with one line", "[readiness]") {
    Channels c;
    c.use(Readiness::Notify);
    c.start(kRun, 1);
    c.send("READY=1");
    c.send("READY=1");
    c.loop.run_what_is_ready();
    CHECK(c.heard.said.empty());
    REQUIRE(c.journal.messages.size() == 1);
    CHECK(c.journal.has("is refused: it is not the main process"));
}

TEST_CASE("channels: with notify-access = all kin is heard, and known by a pidfd", "[readiness]") {
    Channels c;
    c.use(Readiness::Exec, NotifyAccess::All);
    c.start(kRun, 1);
    c.send("READY=1");
    c.loop.run_what_is_ready();
    CHECK(c.heard.said.empty());
    CHECK(c.journal.has("is refused: it is no process of the service"));
    c.family.answer = Kinship::Member;
    c.send("READY=1");
    c.send("STATUS=with descriptors", 3);
    const int before = open_descriptors();
    c.loop.run_what_is_ready();
    CHECK(c.heard.said.size() == 2);
    CHECK(open_descriptors() == before);
    c.send("NOTIFYACCESS=none");
    c.send("READY=1");
    c.loop.run_what_is_ready();
    CHECK(c.heard.said.size() == 3);
}

TEST_CASE("channels: descriptors that come along are not kept, and a barrier is answered",
          "[readiness]") {
    Channels c;
    c.use(Readiness::Notify);
    c.start();
    const int before = open_descriptors();
    c.send("FDSTORE=1\nFDNAME=x", 250);
    c.send("BARRIER=1", 1);
    c.send("READY=1", 250);
    c.loop.run_what_is_ready();
    CHECK(open_descriptors() == before);
    CHECK(c.heard.said.size() == 2);
    CHECK(c.journal.has("asks to keep descriptors, which takes fd-store-max; they are closed"));
}

TEST_CASE("channels: descriptors of who may are stored, as many as it may", "[readiness]") {
    Channels c;
    c.definition.readiness.store_max = 2;
    const Channel channel = c.start();
    CHECK(channel.environment.back() == "FDSTORE=2");
    const int before = open_descriptors();
    c.family.answer = Kinship::Stranger;
    c.send("FDSTORE=1\nFDNAME=x", 1);
    c.loop.run_what_is_ready();
    REQUIRE(c.store.all(kRun.service).size() == 1);
    CHECK(c.store.all(kRun.service)[0].name == "x");
    CHECK(open_descriptors() == before + 1);
    c.send("FDSTORE=1", 3);
    c.send("STATUS=no", 3);
    c.loop.run_what_is_ready();
    CHECK(c.store.all(kRun.service).size() == 2);
    CHECK(c.store.all(kRun.service)[1].name == "stored");
    CHECK(will_be_open(before + 2));  // what is too much is closed aside
    c.send("FDSTOREREMOVE=1");
    c.send("FDSTOREREMOVE=1\nFDNAME=x");
    c.loop.run_what_is_ready();
    CHECK(c.journal.has("gives up descriptors, and says no FDNAME of them; it is ignored"));
    CHECK(c.store.all(kRun.service).size() == 1);
    c.store.close(kRun.service);
    CHECK(will_be_open(before));
}

TEST_CASE("channels: of strangers no descriptor is stored", "[readiness]") {
    Channels c;
    c.definition.readiness.store_max = 2;
    c.start(kRun, 1);
    const int before = open_descriptors();
    c.send("FDSTORE=1\nFDNAME=x", 3);
    c.loop.run_what_is_ready();
    CHECK(c.store.all(kRun.service).empty());
    CHECK(open_descriptors() == before);
    CHECK(c.journal.has("is refused"));
}

TEST_CASE("channels: what is no message, and what makes no sense", "[readiness]") {
    Channels c;
    c.use(Readiness::Notify);
    c.start();
    c.send(std::string(5000, 'x'));
    c.send(std::string_view("a\0b", 3));
    c.send("");
    c.send("MAINPID=x\nREADY=1");
    c.loop.run_what_is_ready();
    REQUIRE(c.heard.said.size() == 1);
    CHECK(c.heard.said[0].second.phase == NotifyPhase::Ready);
    REQUIRE(c.journal.messages.size() == 2);
    CHECK(c.journal.has("is empty, too long or has a NUL inside"));
    CHECK(c.journal.has("has a MAINPID that makes no sense"));
}

TEST_CASE("channels: another main process is adopted, or refused", "[readiness]") {
    Channels c;
    c.use(Readiness::Notify);
    c.start();
    c.send("MAINPID=4242\nREADY=1");
    c.loop.run_what_is_ready();
    REQUIRE(c.heard.said.size() == 1);
    CHECK_FALSE(c.heard.said[0].second.main_pid);
    CHECK(c.journal.has("names pid 4242 as main process, which is no process of the service"));
    CHECK(c.processes.adopted.empty());
    c.family.answer = Kinship::Member;
    c.send("MAINPID=" + std::to_string(::getpid()));
    c.send("MAINPID=4242");
    c.loop.run_what_is_ready();
    REQUIRE(c.heard.said.size() == 3);
    CHECK_FALSE(c.heard.said[1].second.main_pid);
    CHECK(c.heard.said[2].second.main_pid == 4242);
    CHECK(c.processes.adopted == std::map<std::int32_t, ProcessKey>{{4242, kRun}});
    // It alone counts from now on.
    c.send("READY=1");
    c.loop.run_what_is_ready();
    CHECK(c.heard.said.size() == 3);
}

TEST_CASE("channels: a socket that is lost is made again for the next run", "[readiness]") {
    Channels c;
    c.use(Readiness::Notify);
    c.start();
    std::filesystem::remove_all(c.directory.path + "/notify");
    c.channels.close(kRun);
    c.start({3, 2});
    c.send("READY=1");
    c.loop.run_what_is_ready();
    CHECK(c.heard.said.size() == 1);
    c.channels.forget(3);
    CHECK_FALSE(std::filesystem::exists(c.socket_path()));
}

TEST_CASE("channels: a directory that others may write to is not used", "[readiness]") {
    Channels c;
    c.use(Readiness::Notify);
    std::filesystem::create_directory(c.directory.path + "/notify");
    ::chmod((c.directory.path + "/notify").c_str(), 0777);
    const auto channel = c.channels.open(kRun, "web", c.definition);
    REQUIRE_FALSE(channel);
    CHECK(channel.error().code == EPERM);
}

TEST_CASE("channels: a path that no client could be told is refused", "[readiness]") {
    Channels c;
    c.use(Readiness::Notify);
    const std::string deep = c.directory.path + "/" + std::string(100, 'd');
    std::filesystem::create_directory(deep);
    ReadinessChannels channels(
        {c.loop, c.journal, c.processes, c.family, c.checks, c.keeper, c.store}, deep);
    const auto channel = channels.open(kRun, "web", c.definition);
    REQUIRE_FALSE(channel);
    CHECK(channel.error().code == ENAMETOOLONG);
}

TEST_CASE("channels: a check that passes is ready, and only for its own run", "[readiness]") {
    Channels c;
    c.use(Readiness::Check);
    c.start();
    CHECK(c.helpers.last == 0);
    c.channels.executed(kRun, c.definition);
    REQUIRE(c.helpers.last == 1);
    c.helpers.end(1, {});
    CHECK(c.heard.ready == std::vector{kRun});
    c.channels.close(kRun);
    c.start({3, 2});
    c.channels.executed({3, 2}, c.definition);
    c.channels.close({3, 2});
    CHECK(c.helpers.running[2].killed);
    c.helpers.end(2, {});
    CHECK(c.heard.ready.size() == 1);
}
