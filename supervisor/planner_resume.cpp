/// PURE. Orders that a dead supervisor may not have come to give: they follow from what is true of
/// the services, so they are given again; confirm() drops what means nothing.
#include "supervisor/planner.h"

namespace mainstay::supervisor {

/// Of two that conflict and are both wanted, the one that is on its way up came later: the other
/// was to give way.
void Planner::resume_conflicts(NodeId node, Orders& orders) {
    const Snapshot& s = snapshot(node);
    if (s.wanted == Wanted::Down) {
        return;
    }
    for (const Edge& edge : graph_.edges(node)) {
        const bool conflicts = edge.relation == Relation::Conflicts && edge.node != node &&
                               is_there(edge.node) && snapshot(edge.node).wanted != Wanted::Down;
        if (!conflicts) {
            continue;
        }
        const bool waits = s.state == ServiceState::Waiting;
        const bool other_waits = snapshot(edge.node).state == ServiceState::Waiting;
        if (waits && (!other_waits || node < edge.node)) {
            orders.push_back({edge.node, GiveWay{node}});
        }
    }
}

void Planner::resume(Orders& orders) {
    ++round_;
    Snapshot before;  // nobody is unblocked by it: graph_changed() sees to that
    before.state = ServiceState::Waiting;
    for (NodeId node = 0; node < entries_.size(); ++node) {
        if (!is_there(node)) {
            continue;
        }
        settle(node);
        if (snapshot(node).state == ServiceState::Down && snapshot(node).wanted == Wanted::Down) {
            hold_dependents(node, orders);
        }
        resume_conflicts(node, orders);
        for (const Edge& edge : graph_.edges(node)) {
            if (is_there(edge.node) && edge.is(Relation::Needs, Side::Said)) {
                tell_dependent(node, before, edge.node, orders);
            } else if (is_there(edge.node) && edge.is(Relation::Members, Side::Said)) {
                tell_group(node, before, edge.node, orders);
            }
        }
    }
}

}  // namespace mainstay::supervisor
