/// The descriptors that are kept for births.
#include "supervisor/descriptor_window.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>

#include "unit/supervisor/spawn_fixture.h"

using namespace mainstay;
using namespace mainstay::supervisor;
using namespace mainstay::supervisor::test;

TEST_CASE("blocks have no descriptor in common and are given out again", "[spawn]") {
    const UniqueFd nothing = null();
    DescriptorWindow window(nothing.get());
    REQUIRE(window.first() > nothing.get());
    std::set<int> blocks;
    for (int block = window.take(); block != DescriptorWindow::kNoBlock; block = window.take()) {
        CHECK(block >= window.first());
        CHECK(block + static_cast<int>(DescriptorWindow::kRoom) <= window.end());
        CHECK((block - window.first()) % static_cast<int>(DescriptorWindow::kRoom) == 0);
        REQUIRE(blocks.insert(block).second);
    }
    CHECK(blocks.size() * DescriptorWindow::kRoom ==
          static_cast<std::size_t>(window.end() - window.first()));
    window.give_back(*blocks.rbegin());
    CHECK(window.take() == *blocks.rbegin());
    CHECK(window.take() == DescriptorWindow::kNoBlock);
}

TEST_CASE("what lay in a block is closed when it is given back", "[spawn]") {
    const UniqueFd nothing = null();
    DescriptorWindow window(nothing.get());
    Pipe pipe = std::move(*make_pipe());
    const int block = window.take();
    const int inside = window.put(block, 1, pipe.write_end.get());
    CHECK(inside == block + 1);
    CHECK(::fcntl(inside, F_GETFD) == FD_CLOEXEC);
    pipe.write_end.reset();
    CHECK(::write(inside, "x", 1) == 1);
    window.give_back(block);
    CHECK(read_all(pipe.read_end.get()) == "x");
    CHECK(::fcntl(inside, F_GETFD) == FD_CLOEXEC);
}
