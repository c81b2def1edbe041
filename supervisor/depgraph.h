/// PURE. Who relates to whom: the services by name, and what their definitions say of each other.
/// A name that somebody mentions has a node whether there is such a service or not. Finds cycles.
///
/// Numbers of nodes are dense and used again; a node goes when it is undefined and nobody mentions
/// it. Edges are kept at both ends, in one list a node, so that a change of one service costs its
/// neighbours and a service without relations costs nothing.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "supervisor/definition.h"

namespace mainstay::supervisor {

using NodeId = std::uint32_t;
inline constexpr NodeId kNoNode = ~NodeId{0};

enum class Relation : std::uint8_t { Needs, Wants, After, Before, Conflicts, Members, Log };

/// Whose definition says so: that of the node whose edge it is, or that of the other.
enum class Side : std::uint8_t { Says, Said };

struct Edge {
    NodeId node = kNoNode;  ///< the other end
    Relation relation = Relation::Needs;
    Side side = Side::Says;

    bool is(Relation r, Side s) const noexcept { return relation == r && side == s; }
    /// It starts after the other end.
    bool is_after() const noexcept {
        return is(Relation::After, Side::Says) || is(Relation::Before, Side::Said);
    }
    /// The other end starts after it.
    bool is_before() const noexcept {
        return is(Relation::After, Side::Said) || is(Relation::Before, Side::Says);
    }
    bool is_hard() const noexcept {
        return relation == Relation::Needs || relation == Relation::Members;
    }
    /// It waits for the other end, when both start.
    bool is_wait() const noexcept {
        return is_after() || (side == Side::Says && (is_hard() || relation == Relation::Log));
    }
};

class DependencyGraph {
  public:
    /// The node of a name; made where there is none.
    NodeId intern(std::string_view name);
    /// Gives names the numbers that they had before; to be called while there is no node. Each name
    /// and each number comes once.
    void restore(const std::vector<std::pair<std::string, NodeId>>& names);
    /// Gives the number back where nobody mentions the name.
    void release_if_unused(NodeId node);
    /// @returns kNoNode where nobody mentions it
    NodeId find(std::string_view name) const noexcept;
    const std::string& name(NodeId node) const noexcept { return *nodes_[node].name; }

    /// There is such a service, and this is what it says; what it said before is forgotten.
    /// @returns whether anything is different now: find_cycles() is due then
    bool define(NodeId node, const Relations& relations);
    /// The output of a defined service goes to @p logger, and nowhere else; kNoNode: to none.
    /// Holds until undefine().
    void log_to(NodeId node, NodeId logger);
    /// There is no such service any more. The number may be used again from here on.
    void undefine(NodeId node);

    const std::vector<Edge>& edges(NodeId node) const noexcept { return nodes_[node].edges; }
    bool is_defined(NodeId node) const noexcept { return nodes_[node].defined; }
    std::vector<NodeId> in_order_of_name() const;
    /// One more than the largest number in use.
    std::size_t size() const noexcept { return nodes_.size(); }

    /// To be called after changes, before the following are asked.
    void find_cycles();

    /// Whether it waits for itself in a way that nothing can break.
    bool is_in_cycle(NodeId node) const noexcept { return nodes_[node].cycle != 0; }
    /// Whether the edge means nothing: it is within a cycle.
    bool is_void(NodeId node, const Edge& edge) const noexcept;
    /// "a -> b -> a", with more than a few left out in the middle; empty where it is in no cycle.
    std::string spell_cycle(NodeId node) const;
    /// Those of after and before alone, whose order is ignored, each spelled out once.
    std::vector<std::string> order_cycles() const;

  private:
    struct Node {
        const std::string* name = nullptr;  ///< key of by_name_; null: the number is free
        std::vector<Edge> edges;
        std::uint32_t cycle = 0;        ///< number of the cycle that it is in; 0: none
        std::uint32_t order_cycle = 0;  ///< the same of order alone
        std::uint32_t log_cycle = 0;    ///< the same, were loggers waited for as needs are
        bool defined = false;
    };
    using Mark = std::uint32_t Node::*;

    void connect(NodeId node, Relation relation, NodeId other);
    std::vector<NodeId> disconnect(NodeId node);
    bool says(NodeId node, const Relations& relations) const;
    bool counts(NodeId node, const Edge& edge, Mark mark) const noexcept;
    void mark_components(Mark mark);
    std::vector<NodeId> shortest_cycle(NodeId node, Mark mark) const;
    friend class Components;
    std::string spell(const std::vector<NodeId>& cycle) const;

    std::vector<Node> nodes_;
    std::vector<NodeId> free_;
    std::map<std::string, NodeId, std::less<>> by_name_;
};

}  // namespace mainstay::supervisor
