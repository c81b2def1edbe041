/// Messages of the boot link, as bytes and as what PID 1 keeps because of them: each input is a row
/// of 64-byte packets. Every byte after the type is the fuzzer's.
#include <array>
#include <memory>

#include "common/boot_link.h"
#include "init/keeper_state.h"
#include "input.h"

using mainstay::LinkMessage;
using mainstay::LinkType;
using mainstay::fuzz::require;
using mainstay::init::KeeperState;

namespace {

void obey(KeeperState& state, const LinkMessage& message) {
    constexpr std::array<std::int32_t, mainstay::kMaxLinkDescriptors> kNumbers = {3, 4, 5, 6,
                                                                                  7, 8, 9, 10};
    const std::span<const std::int32_t> descriptors(kNumbers.data(),
                                                    message.value % (kNumbers.size() + 1));
    if (message.type == LinkType::Keep) {
        const bool is_done = state.keys.put(message.key, descriptors, 64).is_done;
        require(!is_done || state.keys.find(message.key)->list().size() == descriptors.size());
    } else if (message.type == LinkType::Drop) {
        (void)state.keys.take(message.key);
        require(state.keys.find(message.key) == nullptr);
    } else if (message.type == LinkType::Claim) {
        state.claim(message.value);
    } else if (message.type == LinkType::ExitRecorded) {
        (void)state.processes.recorded(message.value);
    } else if (message.type == LinkType::Adopted) {  // stands for a process of a table
        (void)state.processes.adopt(message.process);
    } else if (message.type == LinkType::Exited) {  // and its end
        (void)state.processes.ended_with(message.process.pid, message.process.wait_status);
    }
    state.link.heard = message.sequence;
}

void say(KeeperState& state, std::uint32_t most) {
    while (most-- > 0 && state.next()) {
        state.sent();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest = mainstay::fuzz::text_of(data, size);
    static KeeperState state;
    state = {};
    state.begin(64);
    state.begin_link(11);
    state.link.peer_version = mainstay::kLinkVersion;
    while (!rest.empty()) {
        const std::string_view packet = rest.substr(0, mainstay::kLinkMessageSize);
        rest.remove_prefix(packet.size());
        const auto message = mainstay::decode(packet);
        if (!message) {
            continue;
        }
        if (is_known(message->type)) {
            const auto bytes = encode(*message);
            require(mainstay::decode({reinterpret_cast<const char*>(bytes.data()), bytes.size()}) ==
                    message);
        }
        obey(state, *message);
        say(state, message->sequence % 4);
        require(state.keys.descriptor_count <= 64);
    }
    say(state, 1000);
    require(!state.next());
    return 0;
}
