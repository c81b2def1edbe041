/// PURE. What services have to do with each other: who may start, who must stop first, who is
/// started along, who fails with whom. Looks at the snapshots and the graph, and answers with
/// events to be posted (orders); service_set posts them and tells of every change.
///
/// - needs: X waits until all it needs are ready (a oneshot: done). Before something stops because
///   somebody asked for it, what needs it is held back: it stops, waits, and starts again with it.
///   A crash holds nobody back. What failed for good blocks those that need it, until it is
///   started.
/// - after, before: of two that are both on their way up, one waits for an outcome of the other; of
///   two on their way down likewise, in reverse. Loggers: the same, but only for their start.
/// - conflicts: whoever becomes wanted makes the others give way, and waits until they are down.
///
/// Who waits remembers for whom (its blocker): only when that one changes it is looked at again,
/// and from that edge on. So a change costs its neighbours, and a thousand that wait for one, or
/// one for a thousand, cost a thousand steps in all.
///
/// Orders may be out of date when their turn comes: confirm() is asked before each is obeyed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "supervisor/depgraph.h"
#include "supervisor/service_state.h"

namespace mainstay::supervisor {

class Planner {
  public:
    struct Order {
        NodeId node = kNoNode;
        Event event;
    };
    using Orders = std::vector<Order>;

    explicit Planner(const DependencyGraph& graph) : graph_(graph) {}

    /// There is a service now. Both references must stay good until leave().
    void enter(NodeId node, const Snapshot& snapshot, const Policy& policy, Orders& orders);
    void leave(NodeId node, Orders& orders);

    /// Something about the service is not as it was.
    void changed(NodeId node, const Snapshot& before, Orders& orders);
    /// Relations have changed, and cycles were found anew.
    void graph_changed(Orders& orders);

    /// After services came back as a dead supervisor left them: orders that were on their way to
    /// others are given again, as far as they still mean anything.
    void resume(Orders& orders);

    /// Of the effects of the same names.
    void check_needs(NodeId node, Orders& orders);
    void check_dependents(NodeId node, Orders& orders);
    void start_needs(NodeId node, Orders& orders);
    void start_members(NodeId node, Orders& orders);
    void stop_members(NodeId node, Orders& orders);

    /// Services that are to be started together, with all they need and want. Of two that conflict
    /// the first in order of name wins.
    void start_all(std::vector<NodeId> nodes, Orders& orders);

    /// Whether an order still holds, now that its turn has come. Where it does not, what holds
    /// instead is ordered.
    bool confirm(NodeId node, const Event& event, Orders& orders);

    /// Whom a service in waiting, or in stage Dependents or Members of a stop, waits for.
    NodeId blocker(NodeId node) const noexcept { return entries_[node].blocker; }
    /// Whether the other end of one of its edges keeps it from what it waits to do.
    bool blocks(NodeId node, const Edge& edge) const noexcept;
    /// For whose sake it went down, or was not started; kNoNode: nobody's.
    NodeId gave_way_to(NodeId node) const noexcept { return entries_[node].gave_way_to; }
    /// What it needs that is not there, failed, or not ready: the first of each in that order.
    NodeId unmet_need(NodeId node) const noexcept;

    /// Whether the first start has come to an outcome: ready, done, failed, backoff, down, or
    /// waiting for something that has one other than ready.
    bool is_settled(NodeId node) const noexcept { return entries_[node].settled; }
    std::size_t count_unsettled() const noexcept { return unsettled_; }

  private:
    struct Entry {
        const Snapshot* snapshot = nullptr;
        const Policy* policy = nullptr;
        NodeId blocker = kNoNode;
        NodeId gave_way_to = kNoNode;
        std::uint32_t cursor = 0;   ///< edge at which the blocker was found
        std::uint32_t checked = 0;  ///< round in which all it needs was seen to be wanted
        bool settled = false;
    };

    bool is_there(NodeId node) const noexcept {
        return node < entries_.size() && entries_[node].snapshot != nullptr;
    }
    const Snapshot& snapshot(NodeId node) const noexcept { return *entries_[node].snapshot; }
    bool is_satisfied(NodeId node) const noexcept;
    bool is_going_down(NodeId node) const noexcept;

    Obstacle obstacle_of(NodeId node) const noexcept;
    void resume_conflicts(NodeId node, Orders& orders);
    bool blocks_start(NodeId node, const Edge& edge) const noexcept;
    bool blocks_members(const Edge& edge) const noexcept;
    bool blocks_stop(NodeId node, const Edge& edge) const noexcept;
    bool find_blocker(NodeId node);
    void look_again(NodeId node, Orders& orders);

    bool confirm_way(NodeId node, NodeId winner) noexcept;
    bool confirm_block(NodeId node, Obstacle obstacle, Orders& orders);
    bool confirm_start(NodeId node, Orders& orders);
    bool is_unblocked(NodeId node) const noexcept;
    bool lacks_a_need(NodeId node) const noexcept;
    bool lacks_a_member(NodeId node) const noexcept;

    void tell_dependent(NodeId node, const Snapshot& before, NodeId dependent, Orders& orders);
    void tell_group(NodeId node, const Snapshot& before, NodeId group, Orders& orders);
    void hold_dependents(NodeId node, Orders& orders);
    void make_way(NodeId node, Orders& orders);

    enum class ByWhom : std::uint8_t { Verb, Itself };
    struct Batch;
    void start_along(Batch& batch, NodeId node);
    void walk(Batch& batch);
    bool is_lazy(NodeId node) const noexcept;
    bool is_to_be_started(ByWhom by, const Edge& edge) const noexcept;
    NodeId winner_over(const Batch& batch, NodeId node) const;

    void settle(NodeId node);
    bool has_outcome(NodeId node) const noexcept;

    const DependencyGraph& graph_;
    std::vector<Entry> entries_;
    std::size_t unsettled_ = 0;
    std::uint32_t round_ = 1;  ///< goes on whenever something is not wanted any more, or ended
};

}  // namespace mainstay::supervisor
