/// What services store, with real descriptors and a keeper beside.
#include "supervisor/descriptor_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "common/fd_io.h"
#include "fakes/fake_keeper.h"

using namespace mainstay;
using namespace mainstay::supervisor;

namespace {

using Names = std::vector<std::string>;
using Polling = DescriptorStore::Polling;

constexpr ServiceId kWeb = 7;

struct World {
    Pipe pipe() {
        auto made = make_pipe();
        REQUIRE(made);
        return std::move(*made);
    }
    std::size_t add(std::string_view name, UniqueFd fd, Polling polling = Polling::Yes,
                    std::size_t most = 3) {
        std::vector<UniqueFd> descriptors;
        descriptors.push_back(std::move(fd));
        return store.add(kWeb, name, std::move(descriptors), polling, most);
    }
    Names names(const DescriptorStore& of) const {
        Names found;
        for (const DescriptorStore::Stored& stored : of.all(kWeb)) {
            found.emplace_back(stored.name);
        }
        return found;
    }
    Names names() const { return names(store); }

    Loop loop;
    fakes::FakeKeeper keeper;
    DescriptorStore store{{loop, keeper}};
};

UniqueFd copy_of(int fd) {
    return UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
}

UniqueFd null_device() {
    return std::move(*open_file("/dev/null", O_RDWR));
}

}  // namespace

TEST_CASE("stored: in order, up to the limit, each under a key of its own", "[descriptor_store]") {
    World world;
    CHECK(world.names().empty());
    CHECK(world.add("a", null_device()) == 0);
    CHECK(world.add("b", null_device()) == 0);
    CHECK(world.add("a", null_device()) == 0);
    CHECK(world.add("c", null_device()) == 1);
    CHECK(world.names() == Names{"a", "b", "a"});
    CHECK(world.keeper.kept.size() == 3);
    world.store.remove(kWeb, "a");
    CHECK(world.names() == Names{"b"});
    CHECK(world.keeper.kept.size() == 1);
    CHECK(world.add("d", null_device()) == 0);
    CHECK(world.keeper.kept.size() == 2);
    world.store.remove(kWeb, "nobody");
    world.store.close(kWeb);
    CHECK(world.names().empty());
    CHECK(world.keeper.kept.empty());
    CHECK(world.add("e", null_device(), Polling::Yes, 0) == 1);
}

TEST_CASE("stored: keys go round, and none is taken twice", "[descriptor_store]") {
    World world;
    world.add("stays", null_device());
    for (std::size_t i = 0; i < 2 * kPartCount; ++i) {
        CHECK(world.add("goes", null_device()) == 0);
        REQUIRE(world.keeper.kept.size() == 2);
        CHECK(world.names() == Names{"stays", "goes"});
        world.store.remove(kWeb, "goes");
    }
}

TEST_CASE("stored: one open file under one name is stored once", "[descriptor_store]") {
    World world;
    const UniqueFd file = null_device();
    CHECK(world.add("a", copy_of(file.get())) == 0);
    CHECK(world.add("a", copy_of(file.get())) == 0);
    CHECK(world.add("b", copy_of(file.get())) == 0);
    CHECK(world.names() == Names{"a", "b"});
}

TEST_CASE("stored: what is hung up is dropped, unless it shall not be", "[descriptor_store]") {
    World world;
    Pipe dropped = world.pipe();
    Pipe stays = world.pipe();
    world.add("dropped", std::move(dropped.read_end));
    world.add("stays", std::move(stays.read_end), Polling::No);
    world.loop.run_what_is_ready();
    CHECK(world.names() == Names{"dropped", "stays"});
    REQUIRE(write_all(dropped.write_end.get(), "data is no hangup"));
    world.loop.run_what_is_ready();
    CHECK(world.names() == Names{"dropped", "stays"});
    dropped.write_end.reset();
    stays.write_end.reset();
    world.loop.run_what_is_ready();
    CHECK(world.names() == Names{"stays"});
    CHECK(world.keeper.kept.size() == 1);
}

TEST_CASE("stored: the next supervisor has it, names, order and all", "[descriptor_store]") {
    World world;
    Pipe pipe = world.pipe();
    world.add("polled", std::move(pipe.read_end));
    world.add("file", null_device(), Polling::No);
    DescriptorStore next({world.loop, world.keeper});
    for (std::size_t part = 0; part < 2; ++part) {
        auto& kept = world.keeper.kept[{part_of(KeptKind::Stored, part), kWeb}];
        std::vector<UniqueFd> copies;
        for (const UniqueFd& fd : kept) {
            copies.push_back(copy_of(fd.get()));
        }
        next.take_kept(kWeb, part, std::move(copies));
    }
    next.resume(kWeb);
    CHECK(world.names(next) == Names{"polled", "file"});
    pipe.write_end.reset();
    world.loop.run_what_is_ready();
    CHECK(world.names(next) == Names{"file"});
}

TEST_CASE("stored: what was kept for nobody, or has no label, goes", "[descriptor_store]") {
    World world;
    world.add("a", null_device());
    world.add("b", null_device());
    DescriptorStore next({world.loop, world.keeper});
    std::vector<UniqueFd> alone;
    alone.push_back(null_device());
    next.take_kept(kWeb, 0, std::move(alone));
    next.resume(kWeb);
    CHECK(world.names(next).empty());
    CHECK(world.keeper.kept.size() == 1);
    next.take_kept(kWeb, 1, {});
    next.drop_the_rest();
    CHECK(world.keeper.kept.empty());
}
