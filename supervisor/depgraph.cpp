#include "supervisor/depgraph.h"

#include <algorithm>
#include <utility>

namespace mainstay::supervisor {
namespace {

using NamesOf = std::vector<std::string> Relations::*;

constexpr std::pair<Relation, NamesOf> kLists[] = {
    {Relation::Needs, &Relations::needs},         {Relation::Wants, &Relations::wants},
    {Relation::After, &Relations::after},         {Relation::Before, &Relations::before},
    {Relation::Conflicts, &Relations::conflicts}, {Relation::Members, &Relations::members}};

}  // namespace

NodeId DependencyGraph::find(std::string_view name) const noexcept {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? kNoNode : found->second;
}

NodeId DependencyGraph::intern(std::string_view name) {
    if (const NodeId known = find(name); known != kNoNode) {
        return known;
    }
    auto node = static_cast<NodeId>(nodes_.size());
    if (free_.empty()) {
        nodes_.emplace_back();
    } else {
        node = free_.back();
        free_.pop_back();
    }
    const auto entry = by_name_.emplace(std::string(name), node).first;
    nodes_[node].name = &entry->first;
    return node;
}

void DependencyGraph::restore(const std::vector<std::pair<std::string, NodeId>>& names) {
    for (const auto& [name, node] : names) {
        if (nodes_.size() <= node) {
            nodes_.resize(std::size_t{node} + 1);
        }
        nodes_[node].name = &by_name_.emplace(name, node).first->first;
    }
    for (auto node = static_cast<NodeId>(nodes_.size()); node-- > 0;) {
        if (nodes_[node].name == nullptr) {
            free_.push_back(node);
        }
    }
}

std::vector<NodeId> DependencyGraph::in_order_of_name() const {
    std::vector<NodeId> nodes;
    nodes.reserve(by_name_.size());
    for (const auto& [name, node] : by_name_) {
        nodes.push_back(node);
    }
    return nodes;
}

bool DependencyGraph::define(NodeId node, const Relations& relations) {
    if (nodes_[node].defined && says(node, relations)) {
        return false;
    }
    std::vector<NodeId> loggers;
    for (const Edge& edge : nodes_[node].edges) {
        if (edge.is(Relation::Log, Side::Says)) {
            loggers.push_back(edge.node);
        }
    }
    nodes_[node].defined = true;
    // Names first: what is mentioned again is not released in between.
    std::vector<std::pair<Relation, NodeId>> edges;
    for (const auto& [relation, names] : kLists) {
        for (const std::string& name : relations.*names) {
            edges.emplace_back(relation, intern(name));
        }
    }
    std::vector<NodeId> before = disconnect(node);
    for (const auto& [relation, other] : edges) {
        connect(node, relation, other);
    }
    for (const NodeId logger : loggers) {
        connect(node, Relation::Log, logger);
    }
    for (const NodeId other : before) {
        release_if_unused(other);
    }
    return true;
}

void DependencyGraph::log_to(NodeId node, NodeId logger) {
    auto& edges = nodes_[node].edges;
    const auto known = std::find_if(edges.begin(), edges.end(), [](const Edge& edge) {
        return edge.is(Relation::Log, Side::Says);
    });
    if (known != edges.end()) {
        const NodeId before = known->node;
        edges.erase(known);
        std::erase_if(nodes_[before].edges, [&](const Edge& edge) {
            return edge.node == node && edge.is(Relation::Log, Side::Said);
        });
        release_if_unused(before);
    }
    if (logger != kNoNode) {
        connect(node, Relation::Log, logger);
    }
}

void DependencyGraph::undefine(NodeId node) {
    nodes_[node].defined = false;
    for (const NodeId other : disconnect(node)) {
        if (other != node) {
            release_if_unused(other);
        }
    }
    release_if_unused(node);
}

bool DependencyGraph::says(NodeId node, const Relations& relations) const {
    std::size_t at = 0;
    const auto& edges = nodes_[node].edges;
    const auto next_said = [&] {
        while (at < edges.size() &&
               (edges[at].side != Side::Says || edges[at].relation == Relation::Log)) {
            ++at;
        }
        return at < edges.size() ? &edges[at++] : nullptr;
    };
    for (const auto& [relation, names] : kLists) {
        for (const std::string& name : relations.*names) {
            const Edge* edge = next_said();
            if (edge == nullptr || edge->relation != relation || *nodes_[edge->node].name != name) {
                return false;
            }
        }
    }
    return next_said() == nullptr;
}

void DependencyGraph::connect(NodeId node, Relation relation, NodeId other) {
    nodes_[node].edges.push_back({other, relation, Side::Says});
    nodes_[other].edges.push_back({node, relation, Side::Said});
}

/// Takes away what the node says. @returns the nodes that it spoke of
std::vector<NodeId> DependencyGraph::disconnect(NodeId node) {
    std::vector<NodeId> others;
    auto& edges = nodes_[node].edges;
    for (const Edge& edge : edges) {
        if (edge.side == Side::Says) {
            others.push_back(edge.node);
        }
    }
    std::erase_if(edges, [](const Edge& edge) { return edge.side == Side::Says; });
    std::sort(others.begin(), others.end());
    others.erase(std::unique(others.begin(), others.end()), others.end());
    for (const NodeId other : others) {
        std::erase_if(nodes_[other].edges, [&](const Edge& edge) {
            return edge.node == node && edge.side == Side::Said;
        });
    }
    return others;
}

void DependencyGraph::release_if_unused(NodeId node) {
    Node& unused = nodes_[node];
    if (unused.defined || !unused.edges.empty() || unused.name == nullptr) {
        return;
    }
    by_name_.erase(by_name_.find(*unused.name));
    unused = Node();
    free_.push_back(node);
}

}  // namespace mainstay::supervisor
