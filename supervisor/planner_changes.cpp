/// PURE. What a change means to others: the part of the planner that is told of changes of services
/// and of the graph, and passes them on to whom they concern.
#include <algorithm>

#include "supervisor/planner.h"

namespace mainstay::supervisor {
namespace {

bool can_be_stopped_by_need(const Snapshot& s) noexcept {
    return s.wanted != Wanted::Down && !is_resting(s.state);
}

}  // namespace

void Planner::enter(NodeId node, const Snapshot& snapshot_of_it, const Policy& policy,
                    Orders& orders) {
    if (entries_.size() < graph_.size()) {
        entries_.resize(graph_.size());
    }
    entries_[node] = Entry{&snapshot_of_it, &policy, kNoNode, kNoNode, 0, 0, false};
    ++unsettled_;
    for (const Edge& edge : graph_.edges(node)) {
        const bool wants_it = edge.side == Side::Said && edge.is_hard() && is_there(edge.node);
        if (wants_it && snapshot(edge.node).obstacle == Obstacle::NeedMissing) {
            orders.push_back({edge.node, Unblock{}});
        }
    }
}

void Planner::leave(NodeId node, Orders& orders) {
    unsettled_ -= entries_[node].settled ? 0 : 1;
    entries_[node] = Entry();
    ++round_;
    for (const Edge& edge : graph_.edges(node)) {
        if (!is_there(edge.node) || edge.node == node) {
            continue;
        }
        Entry& other = entries_[edge.node];
        const Snapshot& s = *other.snapshot;
        const bool depends = edge.side == Side::Said && edge.is_hard() &&
                             s.wanted != Wanted::Down &&
                             (s.state == ServiceState::Waiting || s.obstacle != Obstacle::None ||
                              edge.relation == Relation::Members);
        if (other.gave_way_to == node) {
            other.gave_way_to = kNoNode;
        }
        if (depends) {
            orders.push_back({edge.node, Block{Obstacle::NeedMissing}});
        } else if (other.blocker == node) {
            look_again(edge.node, orders);
        }
    }
}

void Planner::changed(NodeId node, const Snapshot& before, Orders& orders) {
    const Snapshot& s = snapshot(node);
    const bool is_new_state = s.state != before.state;
    if (s.wanted == Wanted::Down ? before.wanted != Wanted::Down
                                 : is_new_state && is_resting(s.state)) {
        ++round_;
    }
    if (s.wanted != Wanted::Down && before.wanted == Wanted::Down) {
        entries_[node].gave_way_to = kNoNode;
        make_way(node, orders);
    }
    if (is_new_state && s.state == ServiceState::Down) {
        // It was told to while nothing of it ran, after a crash: nobody was held back yet.
        hold_dependents(node, orders);
    }
    settle(node);
    for (const Edge& edge : graph_.edges(node)) {
        if (!is_there(edge.node)) {
            continue;
        }
        if (entries_[edge.node].blocker == node) {
            look_again(edge.node, orders);
        }
        if (is_new_state && edge.is(Relation::Needs, Side::Said)) {
            tell_dependent(node, before, edge.node, orders);
        } else if (is_new_state && edge.is(Relation::Members, Side::Said)) {
            tell_group(node, before, edge.node, orders);
        }
    }
    const bool asks = s.state == ServiceState::Waiting || s.state == ServiceState::Stopping;
    if (!asks) {
        entries_[node].blocker = kNoNode;
    } else if (is_new_state && s.state == ServiceState::Waiting && s.members_started) {
        look_again(node, orders);
    }
}

void Planner::tell_dependent(NodeId node, const Snapshot& before, NodeId dependent,
                             Orders& orders) {
    const ServiceState state = snapshot(node).state;
    const Snapshot& other = snapshot(dependent);
    if (state == ServiceState::Failed && can_be_stopped_by_need(other)) {
        orders.push_back({dependent, Block{Obstacle::NeedFailed}});
    } else if (state == ServiceState::Waiting && before.state != ServiceState::Waiting &&
               other.obstacle == Obstacle::NeedFailed) {
        orders.push_back({dependent, Unblock{}});
    }
}

void Planner::tell_group(NodeId node, const Snapshot& before, NodeId group, Orders& orders) {
    const ServiceState state = snapshot(node).state;
    const Snapshot& other = snapshot(group);
    const bool looks_at_members = other.state == ServiceState::Ready ||
                                  (other.state == ServiceState::Waiting && other.members_started);
    if (state == ServiceState::Failed && looks_at_members) {
        orders.push_back({group, Block{Obstacle::MemberFailed}});
    } else if (state == ServiceState::Waiting && before.state != ServiceState::Waiting &&
               other.obstacle == Obstacle::MemberFailed) {
        orders.push_back({group, Unblock{}});
    } else if ((state == ServiceState::Down || state == ServiceState::Waiting) &&
               other.state == ServiceState::Ready) {
        orders.push_back({group, MemberLeft{}});
    }
}

/// Whoever conflicts with what is wanted now is not wanted any more.
void Planner::make_way(NodeId node, Orders& orders) {
    for (const Edge& edge : graph_.edges(node)) {
        const bool conflicts = edge.relation == Relation::Conflicts && edge.node != node;
        if (conflicts && is_there(edge.node) && snapshot(edge.node).wanted != Wanted::Down) {
            orders.push_back({edge.node, GiveWay{node}});
        }
    }
}

void Planner::graph_changed(Orders& orders) {
    entries_.resize(std::max(entries_.size(), graph_.size()));
    ++round_;
    for (NodeId node = 0; node < entries_.size(); ++node) {
        if (!is_there(node)) {
            continue;
        }
        const Snapshot& s = snapshot(node);
        entries_[node].cursor = 0;
        if (s.state == ServiceState::Waiting && !s.members_started) {
            check_needs(node, orders);
        } else if (s.obstacle == Obstacle::None) {
            look_again(node, orders);
        } else if (s.obstacle != Obstacle::Definition && obstacle_of(node) != s.obstacle) {
            orders.push_back({node, Unblock{}});
        }
    }
}

}  // namespace mainstay::supervisor
