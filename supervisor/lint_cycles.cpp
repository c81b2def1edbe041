#include "supervisor/lint_cycles.h"

#include <algorithm>
#include <limits>

namespace mainstay::supervisor {
namespace {

constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

using Edges = std::vector<std::vector<std::size_t>>;

/// Tarjan's strongly connected components, with a stack of its own instead of recursion.
class Components {
  public:
    explicit Components(const Edges& edges)
        : edges_(edges),
          index_(edges.size(), kNone),
          low_(edges.size(), 0),
          component_(edges.size(), kNone) {
        for (std::size_t node = 0; node < edges.size(); ++node) {
            if (index_[node] == kNone) {
                walk_from(node);
            }
        }
    }

    std::size_t of(std::size_t node) const noexcept { return component_[node]; }

  private:
    struct Frame {
        std::size_t node;
        std::size_t next_edge;
    };

    void enter(std::size_t node) {
        index_[node] = low_[node] = count_++;
        open_.push_back(node);
        frames_.push_back({node, 0});
    }

    void walk_from(std::size_t start) {
        enter(start);
        while (!frames_.empty()) {
            Frame& frame = frames_.back();
            const std::size_t node = frame.node;
            if (frame.next_edge == edges_[node].size()) {
                leave(node);
                continue;
            }
            const std::size_t target = edges_[node][frame.next_edge++];
            if (index_[target] == kNone) {
                enter(target);
            } else if (component_[target] == kNone) {
                low_[node] = std::min(low_[node], index_[target]);
            }
        }
    }

    void leave(std::size_t node) {
        frames_.pop_back();
        if (!frames_.empty()) {
            std::size_t& low = low_[frames_.back().node];
            low = std::min(low, low_[node]);
        }
        if (low_[node] != index_[node]) {
            return;
        }
        std::size_t member = kNone;
        do {
            member = open_.back();
            open_.pop_back();
            component_[member] = node;
        } while (member != node);
    }

    const Edges& edges_;
    std::vector<std::size_t> index_;
    std::vector<std::size_t> low_;
    std::vector<std::size_t> component_;
    std::vector<std::size_t> open_;
    std::vector<Frame> frames_;
    std::size_t count_ = 0;
};

/// The shortest way from @p start back to it, breadth first; empty where there is none.
/// @param came_from kNone for each node of the component; made once for all, as clearing it for
/// each
///        would take the square of the number of services.
std::vector<std::size_t> cycle_through(const Edges& edges, const Components& components,
                                       std::size_t start, std::vector<std::size_t>& came_from) {
    std::vector<std::size_t> queue = {start};
    for (std::size_t next = 0; next < queue.size(); ++next) {
        const std::size_t node = queue[next];
        for (const std::size_t target : edges[node]) {
            if (target == start) {
                std::vector<std::size_t> cycle;
                for (std::size_t at = node; at != start; at = came_from[at]) {
                    cycle.push_back(at);
                }
                cycle.push_back(start);
                std::reverse(cycle.begin(), cycle.end());
                return cycle;
            }
            if (components.of(target) == components.of(start) && came_from[target] == kNone) {
                came_from[target] = node;
                queue.push_back(target);
            }
        }
    }
    return {};
}

}  // namespace

std::vector<std::vector<std::size_t>> find_cycles(const Edges& edges) {
    const Components components(edges);
    std::vector<bool> is_done(edges.size(), false);
    std::vector<std::size_t> came_from(edges.size(), kNone);
    std::vector<std::vector<std::size_t>> cycles;
    for (std::size_t node = 0; node < edges.size(); ++node) {
        const std::size_t component = components.of(node);
        if (is_done[component]) {
            continue;
        }
        is_done[component] = true;
        if (auto cycle = cycle_through(edges, components, node, came_from); !cycle.empty()) {
            cycles.push_back(std::move(cycle));
        }
    }
    return cycles;
}

}  // namespace mainstay::supervisor
