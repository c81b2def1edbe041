/// PURE. Whether an order still holds: the part of the planner that is asked before each is obeyed.
#include <algorithm>

#include "supervisor/planner.h"

namespace mainstay::supervisor {

bool Planner::confirm(NodeId node, const Event& event, Orders& orders) {
    if (!is_there(node)) {
        return false;
    }
    if (const auto* way = std::get_if<GiveWay>(&event)) {
        return confirm_way(node, way->to);
    }
    if (const auto* block = std::get_if<Block>(&event)) {
        if (snapshot(node).listening && block->obstacle != Obstacle::Definition) {
            return false;
        }
        return confirm_block(node, block->obstacle, orders);
    }
    if (std::holds_alternative<Unblock>(event)) {
        return is_unblocked(node);
    }
    if (std::holds_alternative<HoldBack>(event)) {
        return lacks_a_need(node);
    }
    if (std::holds_alternative<NeedsMet>(event)) {
        return confirm_start(node, orders);
    }
    if (std::holds_alternative<MemberLeft>(event)) {
        return lacks_a_member(node);
    }
    const Snapshot& s = snapshot(node);
    if (std::holds_alternative<MembersReady>(event)) {
        return s.state == ServiceState::Waiting && s.members_started && !find_blocker(node);
    }
    if (std::holds_alternative<DependentsDown>(event) ||
        std::holds_alternative<MembersDown>(event)) {
        return s.state == ServiceState::Stopping && !find_blocker(node);
    }
    return true;
}

bool Planner::confirm_way(NodeId node, NodeId winner) noexcept {
    if (is_there(winner) && snapshot(winner).wanted == Wanted::Down) {
        return false;
    }
    entries_[node].gave_way_to = winner;
    return true;
}

bool Planner::confirm_block(NodeId node, Obstacle obstacle, Orders& orders) {
    if (obstacle == Obstacle::Definition) {
        return true;
    }
    const auto& edges = graph_.edges(node);
    const bool holds =
        obstacle == Obstacle::MemberFailed
            ? std::any_of(edges.begin(), edges.end(),
                          [&](const Edge& edge) {
                              return edge.is(Relation::Members, Side::Says) &&
                                     is_there(edge.node) &&
                                     snapshot(edge.node).state == ServiceState::Failed;
                          })
            : obstacle_of(node) == obstacle;
    if (!holds) {
        check_needs(node, orders);
    }
    return holds;
}

/// What failed may have been tried again and failed at once. Trying again on its behalf would start
/// members once more, and two groups of one member would do so for each other for ever.
bool Planner::is_unblocked(NodeId node) const noexcept {
    const Obstacle obstacle = snapshot(node).obstacle;
    if (obstacle != Obstacle::MemberFailed) {
        return obstacle == Obstacle::None || obstacle_of(node) != obstacle;
    }
    const auto& edges = graph_.edges(node);
    return std::none_of(edges.begin(), edges.end(), [&](const Edge& edge) {
        return edge.is(Relation::Members, Side::Says) && is_there(edge.node) &&
               snapshot(edge.node).state == ServiceState::Failed;
    });
}

bool Planner::confirm_start(NodeId node, Orders& orders) {
    const Snapshot& s = snapshot(node);
    if (s.state != ServiceState::Waiting || s.members_started || s.listening) {
        return false;
    }
    if (obstacle_of(node) != Obstacle::None) {
        check_needs(node, orders);
        return false;
    }
    return !find_blocker(node);
}

/// What it needs is not there, or was told to stop: a crash is not enough.
bool Planner::lacks_a_need(NodeId node) const noexcept {
    const auto& edges = graph_.edges(node);
    return std::any_of(edges.begin(), edges.end(), [&](const Edge& edge) {
        return edge.is(Relation::Needs, Side::Says) &&
               (!is_there(edge.node) || snapshot(edge.node).state == ServiceState::Stopping ||
                snapshot(edge.node).state == ServiceState::Down);
    });
}

/// A member is down, or waits for another. One that waits for nobody is on its way back, as after a
/// crash.
bool Planner::lacks_a_member(NodeId node) const noexcept {
    const auto& edges = graph_.edges(node);
    return std::any_of(edges.begin(), edges.end(), [&](const Edge& edge) {
        return edge.is(Relation::Members, Side::Says) && is_there(edge.node) &&
               (snapshot(edge.node).state == ServiceState::Down ||
                (snapshot(edge.node).state == ServiceState::Waiting &&
                 entries_[edge.node].blocker != kNoNode));
    });
}

}  // namespace mainstay::supervisor
