/// What a former image of PID 1 has left: whatever is in it, what is taken over makes sense. The
/// input is the head of the block, then parts of its tables.
#include <algorithm>
#include <cstring>
#include <set>
#include <span>

#include "init/keeper_state.h"
#include "input.h"

using mainstay::fuzz::require;
using namespace mainstay::init;  // NOLINT(google-build-using-namespace)

namespace {

/// @returns how much of @p size bytes at @p data went to @p target
std::size_t fill(void* target, std::size_t room, const std::uint8_t* data, std::size_t size) {
    const std::size_t count = std::min(room, size);
    if (count > 0) {
        std::memcpy(target, data, count);
    }
    return count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static KeeperState left;
    static KeeperState state;
    left = {};
    state = {};
    left.begin(100);
    state.begin(100);
    // The first byte decides whether the shape is nonsense, too.
    const bool has_own_shape = size > 0 && data[0] % 2 == 0;
    const std::size_t begin =
        has_own_shape ? offsetof(KeeperState, link) : offsetof(KeeperState, table);
    const std::size_t head = fill(reinterpret_cast<std::byte*>(&left) + begin,
                                  offsetof(KeeperState, keys) - begin, data, size);
    const std::size_t half = (size - head) / 2;
    left.keys.key_count = static_cast<std::uint32_t>(half / sizeof(KeptKey) + 1);
    left.processes.used = static_cast<std::uint32_t>(half / sizeof(KeptProcess) + 1);
    (void)fill(left.keys.keys.data(), sizeof left.keys.keys, data + head, half);
    (void)fill(left.processes.entries.data(), sizeof left.processes.entries, data + head + half,
               half);
    std::set<std::int32_t> taken;
    const auto image = KeeperImage::open(std::as_bytes(std::span(&left, 1)));
    if (!image) {
        return 0;
    }
    state.restore(*image, [&taken](std::int32_t fd) {
        return fd > 2 && fd < 4096 && taken.insert(fd).second;
    });
    require(state.keys.descriptor_count <= taken.size());
    for (const KeptKey& key : state.keys.all()) {
        require(key.count > 0 && state.keys.find(key.key()) == &key);
    }
    state.link.fd = 11;
    state.link.peer_version = mainstay::kLinkVersion;
    state.claim(1);
    for (int most = 70000; state.next(); --most) {
        require(most > 0);
        state.sent();
    }
    return 0;
}
