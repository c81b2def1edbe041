#include "supervisor/planner.h"

namespace mainstay::supervisor {
namespace {

/// It has a process, or counts as if (a group).
bool is_active(ServiceState state) noexcept {
    return state != ServiceState::Waiting && state != ServiceState::Backoff && !is_resting(state);
}

bool is_on_its_way_up(const Snapshot& s) noexcept {
    return (s.state == ServiceState::Waiting && !s.listening) ||
           (is_active(s.state) && s.state != ServiceState::Ready);
}

}  // namespace

bool Planner::is_satisfied(NodeId node) const noexcept {
    if (!is_there(node)) {
        return false;
    }
    const ServiceState state = snapshot(node).state;
    // Who waits for whoever comes can be come to: it starts when it is needed.
    return state == ServiceState::Ready || snapshot(node).listening ||
           (state == ServiceState::Done && entries_[node].policy->type == ServiceType::Oneshot);
}

bool Planner::is_going_down(NodeId node) const noexcept {
    if (!is_there(node)) {
        return false;
    }
    const Snapshot& s = snapshot(node);
    const bool must_end = s.wanted == Wanted::Down || s.held || s.obstacle != Obstacle::None ||
                          s.state == ServiceState::Stopping || s.state == ServiceState::Finishing;
    return is_active(s.state) && must_end;
}

// --- who waits for whom ---------------------------------------------------------------------

/// Why it cannot start whatever happens to those it would wait for.
Obstacle Planner::obstacle_of(NodeId node) const noexcept {
    if (graph_.is_in_cycle(node)) {
        return Obstacle::Cycle;
    }
    Obstacle obstacle = Obstacle::None;
    for (const Edge& edge : graph_.edges(node)) {
        if (edge.side != Side::Says || !edge.is_hard()) {
            continue;
        }
        if (!is_there(edge.node)) {
            return Obstacle::NeedMissing;
        }
        if (edge.relation == Relation::Needs && snapshot(edge.node).state == ServiceState::Failed) {
            obstacle = Obstacle::NeedFailed;
        }
    }
    return obstacle;
}

bool Planner::blocks_start(NodeId node, const Edge& edge) const noexcept {
    if (edge.is(Relation::Needs, Side::Says)) {
        return !is_satisfied(edge.node);
    }
    if (!is_there(edge.node)) {
        return false;
    }
    const Snapshot& other = snapshot(edge.node);
    if (edge.relation == Relation::Conflicts) {
        return edge.node != node && !is_resting(other.state);
    }
    if (edge.is_after()) {
        return !graph_.is_void(node, edge) && is_on_its_way_up(other);
    }
    if (edge.is(Relation::Log, Side::Says)) {
        // A logger that waits for something itself must not keep its service down.
        const bool is_about_to_start =
            other.state == ServiceState::Waiting && entries_[edge.node].blocker == kNoNode;
        return other.state == ServiceState::Starting || is_about_to_start;
    }
    return false;
}

bool Planner::blocks_members(const Edge& edge) const noexcept {
    if (!edge.is(Relation::Members, Side::Says)) {
        return false;
    }
    return !is_there(edge.node) ||
           (snapshot(edge.node).state != ServiceState::Ready &&
            snapshot(edge.node).state != ServiceState::Done && !snapshot(edge.node).listening);
}

bool Planner::blocks_stop(NodeId node, const Edge& edge) const noexcept {
    if (!is_there(edge.node) || edge.node == node || graph_.is_void(node, edge)) {
        return false;
    }
    const Snapshot& other = snapshot(edge.node);
    if (other.state == ServiceState::Stopping && other.stop_stage == StopStage::Members) {
        return false;  // a group that only waits for its members, which may wait for this one
    }
    if (edge.is(Relation::Needs, Side::Said)) {
        return is_active(other.state);
    }
    if (edge.is(Relation::Log, Side::Said)) {
        return snapshot(node).retired && is_going_down(edge.node);
    }
    return edge.is_before() && is_going_down(edge.node);
}

bool Planner::blocks(NodeId node, const Edge& edge) const noexcept {
    const Snapshot& s = snapshot(node);
    if (s.listening) {
        return false;
    }
    if (s.state == ServiceState::Waiting) {
        return s.members_started ? blocks_members(edge) : blocks_start(node, edge);
    }
    if (s.stop_stage == StopStage::Members) {
        return edge.is(Relation::Members, Side::Says) && is_there(edge.node) &&
               snapshot(edge.node).wanted == Wanted::Down && !is_resting(snapshot(edge.node).state);
    }
    return blocks_stop(node, edge);
}

/// Goes on from where the last blocker was found, once around.
bool Planner::find_blocker(NodeId node) {
    Entry& entry = entries_[node];
    const auto& edges = graph_.edges(node);
    entry.blocker = kNoNode;
    for (std::size_t i = 0; i < edges.size(); ++i) {
        const std::size_t at = (entry.cursor + i) % edges.size();
        if (blocks(node, edges[at])) {
            entry.cursor = static_cast<std::uint32_t>(at);
            entry.blocker = edges[at].node;
            return true;
        }
    }
    return false;
}

void Planner::look_again(NodeId node, Orders& orders) {
    const Snapshot& s = snapshot(node);
    const bool is_stopping = s.state == ServiceState::Stopping;
    const bool asks = (s.state == ServiceState::Waiting && !s.listening) ||
                      (is_stopping && (s.stop_stage == StopStage::Dependents ||
                                       s.stop_stage == StopStage::Members));
    if (!asks) {
        entries_[node].blocker = kNoNode;
        return;
    }
    if (find_blocker(node)) {
        return settle(node);
    }
    if (is_stopping) {
        const bool members = s.stop_stage == StopStage::Members;
        orders.push_back({node, members ? Event(MembersDown{}) : Event(DependentsDown{})});
    } else {
        orders.push_back({node, s.members_started ? Event(MembersReady{}) : Event(NeedsMet{})});
    }
}

void Planner::check_needs(NodeId node, Orders& orders) {
    if (snapshot(node).state != ServiceState::Waiting || snapshot(node).listening) {
        return;
    }
    if (const Obstacle obstacle = obstacle_of(node); obstacle != Obstacle::None) {
        orders.push_back({node, Block{obstacle}});
        return;
    }
    look_again(node, orders);
}

/// Those that run and need it are to stop, and to wait for it; so is a group that waits for its
/// members, which would be ready without it otherwise.
void Planner::hold_dependents(NodeId node, Orders& orders) {
    for (const Edge& edge : graph_.edges(node)) {
        if (!edge.is(Relation::Needs, Side::Said) || !is_there(edge.node) ||
            graph_.is_void(node, edge)) {
            continue;
        }
        const Snapshot& other = snapshot(edge.node);
        const bool is_past_needs = is_active(other.state) || other.members_started;
        if (is_past_needs && other.wanted != Wanted::Down && !other.held) {
            orders.push_back({edge.node, HoldBack{}});
        }
    }
}

void Planner::check_dependents(NodeId node, Orders& orders) {
    hold_dependents(node, orders);
    look_again(node, orders);
}

NodeId Planner::unmet_need(NodeId node) const noexcept {
    NodeId failed = kNoNode;
    NodeId unready = kNoNode;
    for (const Edge& edge : graph_.edges(node)) {
        if (edge.side != Side::Says || !edge.is_hard()) {
            continue;
        }
        if (!is_there(edge.node)) {
            return edge.node;
        }
        if (failed == kNoNode && snapshot(edge.node).state == ServiceState::Failed) {
            failed = edge.node;
        }
        if (unready == kNoNode && !is_satisfied(edge.node)) {
            unready = edge.node;
        }
    }
    return failed != kNoNode ? failed : unready;
}

// --- outcomes -------------------------------------------------------------------------------

bool Planner::has_outcome(NodeId node) const noexcept {
    const ServiceState state = snapshot(node).state;
    if (state == ServiceState::Ready || state == ServiceState::Backoff || is_resting(state) ||
        snapshot(node).listening) {
        return true;
    }
    const NodeId other = entries_[node].blocker;
    return state == ServiceState::Waiting && other != kNoNode && is_there(other) &&
           entries_[other].settled && snapshot(other).state != ServiceState::Ready;
}

/// Whoever waits for it, and for no better, has come to an outcome with it.
void Planner::settle(NodeId node) {
    std::vector<NodeId> due = {node};
    while (!due.empty()) {
        const NodeId at = due.back();
        due.pop_back();
        Entry& entry = entries_[at];
        if (entry.settled || !has_outcome(at)) {
            continue;
        }
        entry.settled = true;
        --unsettled_;
        for (const Edge& edge : graph_.edges(at)) {
            if (is_there(edge.node) && entries_[edge.node].blocker == at) {
                due.push_back(edge.node);
            }
        }
    }
}

}  // namespace mainstay::supervisor
