/// PURE. Cycles in what waits for what.
///
/// Not the search of depgraph: that one breaks circles of after and before alone and then looks at
/// what is left, and spells the shortest circle of each service that fails. To lint all edges are
/// alike and every knot is one mistake, told once, by numbers that lead to its place in a file.
/// Both find components by Tarjan's algorithm, in linear time.
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
