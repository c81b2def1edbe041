/// PURE. What a ServiceId is made of: the number of a node of the graph, which is used again, below
/// the number of its incarnation, so that what comes late for one that was forgotten meets nobody.
/// It is never 0. The number of the node is that of the slot in the state table too.
#pragma once

#include <cstdint>

#include "supervisor/os_processes.h"

namespace mainstay::supervisor {

inline constexpr unsigned kNodeBits = 20;
inline constexpr std::uint32_t kNodeMask = (1U << kNodeBits) - 1;
inline constexpr std::uint32_t kIncarnations = (1U << (32 - kNodeBits)) - 1;

constexpr ServiceId make_service_id(std::uint32_t incarnation, std::uint32_t node) noexcept {
    return incarnation << kNodeBits | node;
}
constexpr std::uint32_t node_of(ServiceId id) noexcept {
    return id & kNodeMask;
}
constexpr std::uint32_t incarnation_of(ServiceId id) noexcept {
    return id >> kNodeBits;
}

}  // namespace mainstay::supervisor
