/// PURE. What is started along with what: the part of the planner that walks the graph.
#include <algorithm>
#include <unordered_set>

#include "supervisor/planner.h"

namespace mainstay::supervisor {

/// Services that start together.
struct Planner::Batch {
    ByWhom by = ByWhom::Verb;
    NodeId root = kNoNode;  ///< whose needs are asked for; kNoNode: of many
    std::unordered_set<NodeId> started;
    std::vector<NodeId> to_walk;  ///< whose needs are to be looked at
    Orders& orders;
};

/// @returns one of the batch that it conflicts with, or kNoNode
NodeId Planner::winner_over(const Batch& batch, NodeId node) const {
    for (const Edge& edge : graph_.edges(node)) {
        const bool conflicts = edge.relation == Relation::Conflicts && edge.node != node;
        if (conflicts && batch.started.count(edge.node) != 0) {
            return edge.node;
        }
    }
    return kNoNode;
}

/// Starts one that another needs or wants, unless a conflict forbids it.
void Planner::start_along(Batch& batch, NodeId node) {
    if (const NodeId winner = winner_over(batch, node); winner != kNoNode) {
        entries_[node].gave_way_to = winner;
        return settle(node);
    }
    batch.started.insert(node);
    batch.to_walk.push_back(node);
    batch.orders.push_back({node, StartAlong{}});
}

/// Started along it waits for whoever comes, and needs nothing before.
bool Planner::is_lazy(NodeId node) const noexcept {
    const Snapshot& s = snapshot(node);
    const bool waits_or_rests = s.listening || is_resting(s.state);
    return entries_[node].policy->on_demand && waits_or_rests;
}

void Planner::walk(Batch& batch) {
    while (!batch.to_walk.empty()) {
        const NodeId node = batch.to_walk.back();
        batch.to_walk.pop_back();
        if (entries_[node].checked == round_ || (node != batch.root && is_lazy(node))) {
            continue;
        }
        entries_[node].checked = round_;
        for (const Edge& edge : graph_.edges(node)) {
            const bool along = edge.side == Side::Says && (edge.relation == Relation::Needs ||
                                                           edge.relation == Relation::Wants);
            if (!along || !is_there(edge.node) || batch.started.count(edge.node) != 0) {
                continue;
            }
            if (is_to_be_started(batch.by, edge)) {
                start_along(batch, edge.node);
            } else if (snapshot(edge.node).state == ServiceState::Waiting ||
                       snapshot(edge.node).held) {
                // What keeps it from running may be something that is not wanted.
                batch.to_walk.push_back(edge.node);
            }
        }
    }
}

/// A verb tries again what ended. By themselves services start only what is not wanted yet.
bool Planner::is_to_be_started(ByWhom by, const Edge& edge) const noexcept {
    const Snapshot& other = snapshot(edge.node);
    if (other.wanted == Wanted::Down) {
        return true;
    }
    if (by == ByWhom::Itself || edge.relation != Relation::Needs) {
        return false;
    }
    return other.obstacle != Obstacle::None || other.state == ServiceState::Failed ||
           (other.state == ServiceState::Done && !is_satisfied(edge.node));
}

void Planner::start_needs(NodeId node, Orders& orders) {
    Batch batch{ByWhom::Verb, node, {node}, {node}, orders};
    entries_[node].checked = 0;
    walk(batch);
}

void Planner::start_all(std::vector<NodeId> nodes, Orders& orders) {
    std::sort(nodes.begin(), nodes.end(),
              [&](NodeId a, NodeId b) { return graph_.name(a) < graph_.name(b); });
    ++round_;
    Batch batch{ByWhom::Itself, kNoNode, {}, {}, orders};
    for (const NodeId node : nodes) {
        start_along(batch, node);
    }
    walk(batch);
    ++round_;
}

void Planner::start_members(NodeId node, Orders& orders) {
    for (const Edge& edge : graph_.edges(node)) {
        if (edge.is(Relation::Members, Side::Says)) {
            const bool waits = is_there(edge.node) && entries_[edge.node].policy->on_demand;
            orders.push_back({edge.node, waits ? Event(StartAlong{}) : Event(WantUp{})});
        }
    }
    look_again(node, orders);
}

void Planner::stop_members(NodeId node, Orders& orders) {
    for (const Edge& edge : graph_.edges(node)) {
        if (edge.is(Relation::Members, Side::Says)) {
            orders.push_back({edge.node, WantDown{}});
        }
    }
    look_again(node, orders);
}

}  // namespace mainstay::supervisor
