#include "supervisor/runsv/takeover.h"

#include <utility>

namespace mainstay::supervisor::runsv {
namespace {

void take_kept(KeptKind kind, std::uint32_t id, std::vector<UniqueFd> descriptors,
               const Heirs& heirs) {
    if (descriptors.empty()) {
        return;
    }
    switch (whole_of(kind)) {
        case KeptKind::LoggerPipe:
            return heirs.outputs.restore(id, std::move(descriptors));
        case KeptKind::NotifySocket:
        case KeptKind::ReadyPipe:
            return heirs.readiness.take_kept(kind, id, std::move(descriptors.front()));
        case KeptKind::Stored:
            return heirs.store.take_kept(id, number_of_part(kind), std::move(descriptors));
        case KeptKind::Listening:
            return heirs.sockets.take_kept(id, std::move(descriptors));
        case KeptKind::LogPipe:
        case KeptKind::Arena:
            return;  // of who has a svlog
    }
}

}  // namespace

bool take_over(std::span<std::byte> table, KeptDescriptors kept, const Heirs& heirs) {
    KnownState state = read_state(table);
    const bool was_there = !state.services.empty();
    for (auto& [key, descriptors] : kept) {
        take_kept(key.first, key.second, std::move(descriptors), heirs);
    }
    heirs.state.use(table, [&journal = heirs.journal](const std::string& name) {
        journal.warning(name +
                        ": no room for it in the state table; it ends with its runsv, should "
                        "that crash");
    });
    heirs.processes.record_exits(heirs.state);
    heirs.services.inherit(std::move(state));
    return was_there;
}

}  // namespace mainstay::supervisor::runsv
