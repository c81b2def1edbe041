/// PURE. The cycles of a dependency graph. Three looks, each at what the one before left over:
/// order alone (broken by ignoring it), then everything that is waited for (its services cannot
/// run), then loggers as well (broken by not waiting for the logger).
#include <algorithm>
#include <deque>

#include "supervisor/depgraph.h"

namespace mainstay::supervisor {
namespace {

constexpr std::size_t kMostSpelled = 12;

}  // namespace

/// Tarjan's strongly connected components, with a stack of its own: chains of services may be as
/// long as there are services.
class Components {
  public:
    Components(const DependencyGraph& graph, DependencyGraph::Mark mark)
        : graph_(graph), mark_(mark), nodes_(graph.size()) {}

    /// @param found called with the members of each component that is a cycle
    template <typename Found>
    void find(Found found) {
        for (NodeId root = 0; root < nodes_.size(); ++root) {
            if (nodes_[root].index == 0) {
                walk_from(root, found);
            }
        }
    }

  private:
    struct State {
        std::uint32_t index = 0;  ///< in order of discovery, from 1
        std::uint32_t low = 0;
        bool open = false;
        bool waits_for_itself = false;
    };
    struct Frame {
        NodeId node;
        std::size_t next_edge;
    };

    void discover(NodeId node) {
        nodes_[node].index = nodes_[node].low = ++last_index_;
        nodes_[node].open = true;
        open_.push_back(node);
        frames_.push_back({node, 0});
    }

    template <typename Found>
    void walk_from(NodeId root, Found& found) {
        discover(root);
        while (!frames_.empty()) {
            Frame& frame = frames_.back();
            const NodeId node = frame.node;
            const auto& edges = graph_.edges(node);
            if (frame.next_edge == edges.size()) {
                frames_.pop_back();
                leave(node, found);
                continue;
            }
            const Edge& edge = edges[frame.next_edge++];
            if (graph_.counts(node, edge, mark_)) {
                follow(node, edge.node);
            }
        }
    }

    void follow(NodeId node, NodeId other) {
        State& state = nodes_[node];
        state.waits_for_itself = state.waits_for_itself || other == node;
        if (nodes_[other].index == 0) {
            discover(other);
        } else if (nodes_[other].open) {
            state.low = std::min(state.low, nodes_[other].index);
        }
    }

    template <typename Found>
    void leave(NodeId node, Found& found) {
        if (!frames_.empty()) {
            State& parent = nodes_[frames_.back().node];
            parent.low = std::min(parent.low, nodes_[node].low);
        }
        if (nodes_[node].low != nodes_[node].index) {
            return;
        }
        const auto first = std::find(open_.rbegin(), open_.rend(), node).base() - 1;
        const std::vector<NodeId> members(first, open_.end());
        open_.erase(first, open_.end());
        for (const NodeId member : members) {
            nodes_[member].open = false;
        }
        if (members.size() > 1 || nodes_[node].waits_for_itself) {
            found(members);
        }
    }

    const DependencyGraph& graph_;
    DependencyGraph::Mark mark_;
    std::vector<State> nodes_;
    std::vector<NodeId> open_;
    std::vector<Frame> frames_;
    std::uint32_t last_index_ = 0;
};

bool DependencyGraph::counts(NodeId node, const Edge& edge, Mark mark) const noexcept {
    if (mark == &Node::order_cycle) {
        return edge.is_after();
    }
    const Node& here = nodes_[node];
    const Node& there = nodes_[edge.node];
    if (edge.is_after() && here.order_cycle != 0 && here.order_cycle == there.order_cycle) {
        return false;
    }
    return edge.is_wait() && (mark == &Node::log_cycle || edge.relation != Relation::Log);
}

void DependencyGraph::mark_components(Mark mark) {
    for (Node& node : nodes_) {
        node.*mark = 0;
    }
    std::uint32_t number = 0;
    Components(*this, mark).find([&](const std::vector<NodeId>& members) {
        ++number;
        for (const NodeId member : members) {
            nodes_[member].*mark = number;
        }
    });
}

void DependencyGraph::find_cycles() {
    mark_components(&Node::order_cycle);
    mark_components(&Node::cycle);
    mark_components(&Node::log_cycle);
}

bool DependencyGraph::is_void(NodeId node, const Edge& edge) const noexcept {
    const Node& a = nodes_[node];
    const Node& b = nodes_[edge.node];
    const auto both_in = [&](Mark mark) { return a.*mark != 0 && a.*mark == b.*mark; };
    const bool is_order = edge.relation == Relation::After || edge.relation == Relation::Before;
    return both_in(&Node::cycle) || (is_order && both_in(&Node::order_cycle)) ||
           (edge.relation == Relation::Log && both_in(&Node::log_cycle));
}

/// By breadth, within the component, from the node back to itself.
std::vector<NodeId> DependencyGraph::shortest_cycle(NodeId node, Mark mark) const {
    std::map<NodeId, NodeId> came_from;
    std::deque<NodeId> queue = {node};
    while (!queue.empty()) {
        const NodeId at = queue.front();
        queue.pop_front();
        for (const Edge& edge : nodes_[at].edges) {
            const bool is_within = nodes_[edge.node].*mark == nodes_[node].*mark;
            if (!is_within || !counts(at, edge, mark)) {
                continue;
            }
            if (edge.node == node) {
                std::vector<NodeId> cycle = {node};
                for (NodeId back = at; back != node; back = came_from[back]) {
                    cycle.push_back(back);
                }
                cycle.push_back(node);
                std::reverse(cycle.begin(), cycle.end());
                return cycle;
            }
            if (came_from.emplace(edge.node, at).second) {
                queue.push_back(edge.node);
            }
        }
    }
    return {};
}

std::string DependencyGraph::spell(const std::vector<NodeId>& cycle) const {
    std::string text;
    for (std::size_t i = 0; i < cycle.size(); ++i) {
        const bool is_left_out = i >= kMostSpelled - 1 && i + 1 < cycle.size();
        if (is_left_out) {
            text += i == kMostSpelled - 1 ? " -> ..." : "";
            continue;
        }
        text += (i == 0 ? "" : " -> ") + name(cycle[i]);
    }
    return text;
}

std::string DependencyGraph::spell_cycle(NodeId node) const {
    return is_in_cycle(node) ? spell(shortest_cycle(node, &Node::cycle)) : std::string();
}

std::vector<std::string> DependencyGraph::order_cycles() const {
    std::map<std::uint32_t, NodeId> first_of;
    for (NodeId node = 0; node < nodes_.size(); ++node) {
        if (const std::uint32_t number = nodes_[node].order_cycle; number != 0) {
            NodeId& first = first_of.emplace(number, node).first->second;
            first = name(node) < name(first) ? node : first;
        }
    }
    std::vector<std::string> spelled;
    spelled.reserve(first_of.size());
    for (const auto& [number, first] : first_of) {
        spelled.push_back(spell(shortest_cycle(first, &Node::order_cycle)));
    }
    std::sort(spelled.begin(), spelled.end());
    return spelled;
}

}  // namespace mainstay::supervisor
