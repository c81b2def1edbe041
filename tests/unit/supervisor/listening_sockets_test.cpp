/// Real sockets and files: opened, awaited, kept, taken up again, and gone without a trace.
#include "supervisor/listening_sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "fakes/fake_keeper.h"

using namespace std::chrono_literals;
using namespace mainstay;
using namespace mainstay::supervisor;

namespace {

using Kind = ListenPoint::Kind;
using Names = std::vector<std::string>;

constexpr ServiceId kWeb = 7;

struct TemporaryDirectory {
    TemporaryDirectory() {
        std::string name = "/tmp/listening-XXXXXX";
        path = ::mkdtemp(name.data());
    }
    ~TemporaryDirectory() { std::filesystem::remove_all(path); }
    std::string path;
};

struct World final : SocketListener {
    World() { sockets->set_listener(*this); }

    void service_is_demanded(ServiceId service) override {
        demanded.push_back(service);
        sockets->stop_waiting(service);
        loop.stop();
    }

    std::string path(const std::string& name) const { return directory.path + "/" + name; }

    ListenPoint at(Kind kind, const std::string& name) const {
        ListenPoint point;
        point.kind = kind;
        point.path = path(name);
        return point;
    }
    static ListenPoint at_port(Kind kind, const std::string& address, std::uint16_t port) {
        ListenPoint point;
        point.kind = kind;
        point.address = address;
        point.port = port;
        return point;
    }

    void define(std::vector<ListenPoint> points) {
        definition.own_listen = std::make_shared<const std::vector<ListenPoint>>(std::move(points));
    }
    PassedSockets open() {
        auto passed = sockets->open(kWeb, "web", definition);
        if (!passed) {
            FAIL(passed.error().path << ": " << passed.error().code << passed.error().reason);
        }
        return std::move(*passed);
    }
    ExecFault fault() {
        const auto passed = sockets->open(kWeb, "web", definition);
        REQUIRE_FALSE(passed);
        return passed.error();
    }
    std::vector<UniqueFd> kept(std::size_t part = 0) {
        return std::move(keeper.kept[{part_of(KeptKind::Listening, part), kWeb}]);
    }

    std::unique_ptr<ListeningSockets> another() {
        return std::make_unique<ListeningSockets>(ListeningSockets::Ports{loop, keeper, store});
    }

    TemporaryDirectory directory;
    Loop loop;
    fakes::FakeKeeper keeper;
    DescriptorStore store{{loop, keeper}};
    std::unique_ptr<ListeningSockets> sockets = another();
    Definition definition;
    std::vector<ServiceId> demanded;
};

UniqueFd client(const std::string& path, int type = SOCK_STREAM) {
    UniqueFd fd(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path.c_str());
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) {
        fd.reset();
    }
    return fd;
}

/// One that the system gives; a moment later it is free.
std::uint16_t free_port(int type = SOCK_STREAM) {
    const UniqueFd fd(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    return ntohs(address.sin_port);
}

mode_t mode_of(const std::string& path) {
    struct stat info {};
    REQUIRE(::lstat(path.c_str(), &info) == 0);
    return info.st_mode & 07777;
}

ino_t inode_of(const std::string& path) {
    struct stat info {};
    REQUIRE(::lstat(path.c_str(), &info) == 0);
    return info.st_ino;
}

}  // namespace

TEST_CASE("sockets: of each kind, in order, with their names and modes", "[listening_sockets]") {
    World world;
    ListenPoint first = world.at(Kind::Unix, "deep/er/stream");
    first.mode = 0600;
    first.name = "http";
    ListenPoint fifo = world.at(Kind::Fifo, "fifo");
    fifo.mode = 0640;
    world.define({first, world.at(Kind::UnixDatagram, "dgram"),
                  world.at(Kind::UnixSeqpacket, "packets"), fifo,
                  World::at_port(Kind::Tcp, "127.0.0.1", free_port()),
                  World::at_port(Kind::Udp, "127.0.0.1", free_port(SOCK_DGRAM))});
    const PassedSockets passed = world.open();
    CHECK(passed.names == Names{"http", "web", "web", "web", "web", "web"});
    REQUIRE(passed.descriptors.size() == 6);
    for (const int fd : passed.descriptors) {
        CHECK((::fcntl(fd, F_GETFL) & O_NONBLOCK) == 0);
        CHECK((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    }
    CHECK(mode_of(world.path("deep")) == 0755);
    CHECK(mode_of(world.path("deep/er/stream")) == 0600);
    CHECK(mode_of(world.path("dgram")) == 0666);
    CHECK(mode_of(world.path("fifo")) == 0640);
    CHECK(client(world.path("deep/er/stream")).valid());
    CHECK(client(world.path("packets"), SOCK_SEQPACKET).valid());
    CHECK(client(world.path("dgram"), SOCK_DGRAM).valid());
    CHECK(world.open().descriptors == passed.descriptors);
    world.sockets->close(kWeb, world.definition);
    CHECK(std::filesystem::is_empty(world.path("deep/er")));
    CHECK_FALSE(std::filesystem::exists(world.path("fifo")));
    CHECK(world.keeper.kept.empty());
}

TEST_CASE("sockets: who has none costs nothing", "[listening_sockets]") {
    World world;
    CHECK(world.open().descriptors.empty());
    world.sockets->close(kWeb, world.definition);
    CHECK(world.keeper.kept.empty());
}

TEST_CASE("sockets: the first who comes is told of until it is enough", "[listening_sockets]") {
    const Kind kind = GENERATE(Kind::Unix, Kind::UnixDatagram, Kind::Fifo);
    World world;
    ListenPoint quiet = world.at(Kind::Unix, "quiet");
    ListenPoint lively = world.at(kind, "lively");
    lively.on_demand = true;
    world.define({quiet, lively});
    REQUIRE(world.sockets->await(kWeb, "web", world.definition));
    const UniqueFd nobody_minds = client(world.path("quiet"));
    world.loop.run_what_is_ready();
    CHECK(world.demanded.empty());
    UniqueFd visitor;
    if (kind == Kind::Fifo) {
        visitor = UniqueFd(::open(world.path("lively").c_str(), O_WRONLY | O_CLOEXEC));
    } else {
        visitor = client(world.path("lively"), kind == Kind::Unix ? SOCK_STREAM : SOCK_DGRAM);
    }
    if (kind != Kind::Unix) {
        REQUIRE(::write(visitor.get(), "x", 1) == 1);
    }
    world.loop.run();
    CHECK(world.demanded == std::vector<ServiceId>{kWeb});
    world.loop.run_what_is_ready();
    CHECK(world.demanded.size() == 1);
}

TEST_CASE("sockets: a file of the dead is replaced, one of the living is not",
          "[listening_sockets]") {
    World before;
    World world;
    std::vector<ListenPoint> points = {before.at(Kind::Unix, "s"),
                                       before.at(Kind::UnixDatagram, "d")};
    before.define(points);
    world.define(points);
    before.open();
    const ExecFault fault = world.fault();
    CHECK(fault.stage == "listen");
    CHECK(fault.path == "unix:" + before.path("s"));
    CHECK(fault.code == EADDRINUSE);
    CHECK(client(before.path("s")).valid());
    // As a supervisor that dies leaves it.
    std::vector<UniqueFd> left = before.kept();
    REQUIRE(left.size() == 2);
    before.sockets = before.another();
    CHECK(client(before.path("s")).valid());
    left.clear();
    CHECK_FALSE(client(before.path("s")).valid());
    world.open();
    CHECK(client(before.path("s")).valid());
}

TEST_CASE("sockets: another's file is left alone", "[listening_sockets]") {
    World world;
    std::ofstream(world.path("file")) << "precious";
    const Kind kind = GENERATE(Kind::Unix, Kind::Fifo);
    world.define({world.at(kind, "file")});
    const ExecFault fault = world.fault();
    CHECK(fault.reason.find("it is left alone: remove it") != std::string::npos);
    world.sockets->close(kWeb, world.definition);
    CHECK(std::filesystem::file_size(world.path("file")) == 8);
    world.define({world.at(kind, "file/below")});
    CHECK(world.fault().code == ENOTDIR);
}

TEST_CASE("sockets: a fifo that is there is taken as it is, but for its mode",
          "[listening_sockets]") {
    World world;
    REQUIRE(::mkfifo(world.path("fifo").c_str(), 0600) == 0);
    const ino_t inode = inode_of(world.path("fifo"));
    world.define({world.at(Kind::Fifo, "fifo")});
    world.open();
    CHECK(inode_of(world.path("fifo")) == inode);
    CHECK(mode_of(world.path("fifo")) == 0666);
}

TEST_CASE("sockets: a symlink in place of the file is not followed", "[listening_sockets]") {
    World world;
    std::ofstream(world.path("precious")) << "x";
    ::chmod(world.path("precious").c_str(), 0600);
    std::filesystem::create_symlink("precious", world.path("link"));
    const Kind kind = GENERATE(Kind::Unix, Kind::Fifo);
    world.define({world.at(kind, "link")});
    world.fault();
    CHECK(mode_of(world.path("precious")) == 0600);
}

TEST_CASE("sockets: what is in use or cannot be is told", "[listening_sockets]") {
    World other;
    World world;
    const std::uint16_t port = free_port();
    other.define({World::at_port(Kind::Tcp, "127.0.0.1", port)});
    other.open();
    world.define({world.at(Kind::Unix, "first"), World::at_port(Kind::Tcp, "127.0.0.1", port)});
    const ExecFault fault = world.fault();
    CHECK(fault.path == "tcp:127.0.0.1:" + std::to_string(port));
    CHECK(fault.reason == "somebody else has it: another service, or a program beside us");
    CHECK(client(world.path("first")).valid());  // stays for the next try
    other.sockets->close(kWeb, other.definition);
    CHECK(world.open().descriptors.size() == 2);
    world.define({World::at_port(Kind::Udp, "192.0.2.1", port)});
    CHECK(world.fault().reason == "no network interface has this address (yet)");
    ListenPoint owned = world.at(Kind::Unix, "owned");
    owned.user = "nobody-of-that-name";
    world.define({owned});
    CHECK(world.fault().reason.starts_with("not in /etc/passwd"));
    CHECK_FALSE(std::filesystem::exists(world.path("owned")));
}

TEST_CASE("sockets: only what changed is opened anew", "[listening_sockets]") {
    World world;
    world.define({world.at(Kind::Unix, "a"), world.at(Kind::Unix, "b")});
    world.open();
    const UniqueFd waiting = client(world.path("b"));
    const ino_t inode = inode_of(world.path("b"));
    ListenPoint changed = world.at(Kind::Unix, "b");
    changed.mode = 0600;
    world.define({world.at(Kind::Unix, "c"), changed});
    const PassedSockets passed = world.open();
    CHECK_FALSE(std::filesystem::exists(world.path("a")));
    CHECK(client(world.path("c")).valid());
    CHECK(inode_of(world.path("b")) == inode);
    CHECK(mode_of(world.path("b")) == 0600);
    CHECK(UniqueFd(::accept4(passed.descriptors[1], nullptr, nullptr, SOCK_NONBLOCK)).valid());
    world.define({});
    CHECK(world.open().descriptors.empty());
    CHECK(std::filesystem::is_empty(world.directory.path));
    CHECK(world.keeper.kept.empty());
}

TEST_CASE("sockets: a file that was lost is made again", "[listening_sockets]") {
    World world;
    world.define({world.at(Kind::Unix, "s")});
    world.open();
    ::unlink(world.path("s").c_str());
    world.open();
    CHECK(client(world.path("s")).valid());
    // One that took its place belongs to whoever has put it there.
    ::unlink(world.path("s").c_str());
    std::ofstream(world.path("s")) << "x";
    world.sockets->close(kWeb, world.definition);
    CHECK(std::filesystem::exists(world.path("s")));
}

TEST_CASE("sockets: what was kept is the same to the next supervisor", "[listening_sockets]") {
    World world;
    std::vector<ListenPoint> points;
    for (int i = 0; i < 8; ++i) {
        points.push_back(world.at(Kind::Unix, std::to_string(i)));
    }
    points.push_back(world.at(Kind::Fifo, "fifo"));
    points.push_back(World::at_port(Kind::Tcp, "127.0.0.1", free_port()));
    points.push_back(World::at_port(Kind::Udp, "127.0.0.1", free_port(SOCK_DGRAM)));
    world.define(points);
    world.open();
    const UniqueFd waiting = client(world.path("3"));
    CHECK(world.keeper.kept.size() == 2);
    ListeningSockets next({world.loop, world.keeper, world.store});
    next.take_kept(kWeb, world.kept(0));
    next.take_kept(kWeb, world.kept(1));
    world.sockets = world.another();
    next.resume(kWeb);
    next.drop_the_rest();
    const auto passed = next.open(kWeb, "web", world.definition);
    REQUIRE(passed);
    REQUIRE(passed->descriptors.size() == points.size());
    CHECK(UniqueFd(::accept4(passed->descriptors[3], nullptr, nullptr, SOCK_NONBLOCK)).valid());
    next.close(kWeb, world.definition);
    CHECK(world.keeper.kept.empty());
    CHECK(std::filesystem::is_empty(world.directory.path));
}

TEST_CASE("sockets: what was kept for nobody goes, with its files", "[listening_sockets]") {
    World world;
    world.define({world.at(Kind::Unix, "s"), world.at(Kind::Fifo, "f")});
    world.open();
    ListeningSockets next({world.loop, world.keeper, world.store});
    std::vector<UniqueFd> kept = world.kept();
    next.take_kept(kWeb, std::move(kept));
    next.drop_the_rest();
    CHECK(std::filesystem::is_empty(world.directory.path));
    CHECK(world.keeper.kept.empty());
}
