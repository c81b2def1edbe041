/// PURE. Cycles in what waits for what.
#pragma once

#include <cstddef>
#include <vector>

namespace mainstay::supervisor {

/// @param edges for each node those that it waits for
/// @returns for each set of nodes that wait for one another one cycle, a shortest through the
/// lowest node of the set, which comes first.
std::vector<std::vector<std::size_t>> find_cycles(
    const std::vector<std::vector<std::size_t>>& edges);

}  // namespace mainstay::supervisor
