#include "unit/supervisor/simulation_relations.h"

#include <algorithm>
#include <unordered_set>

using mainstay::supervisor::Relations;

namespace mainstay::simulation {
namespace {

bool has(const Numbers& numbers, std::size_t number) {
    return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
}

void add_once(Numbers& numbers, std::size_t number) {
    if (!has(numbers, number)) {
        numbers.push_back(number);
    }
}

}  // namespace

RelationTable::RelationTable(const std::map<std::string, Sample>& samples) {
    for (const auto& [name, sample] : samples) {
        numbers_[name] = table_.size();
        table_.emplace_back();
        table_.back().name = &name;
        table_.back().sample = &sample;
    }
    for (Related& related : table_) {
        read(*related.sample, related);
    }
    for (std::size_t number = 0; number < size(); ++number) {
        for (const std::string& later : table_[number].sample->relations.before) {
            if (const auto found = numbers_.find(later); found != numbers_.end()) {
                add_once(table_[found->second].after, number);
            }
        }
    }
    drop_circles_of_order();
    for (std::size_t number = 0; number < size(); ++number) {
        add_reverse(number);
    }
    for (std::size_t number = 0; number < size(); ++number) {
        table_[number].circular = reaches(number, number, [](const Related& at, const auto& go) {
            go(at.needs);
            go(at.members);
            go(at.after);
        });
    }
}

void RelationTable::read(const Sample& sample, Related& related) {
    const auto take = [&](const Names& names, Numbers& numbers) {
        bool all = true;
        for (const std::string& name : names) {
            const auto found = numbers_.find(name);
            all = all && found != numbers_.end();
            if (found != numbers_.end()) {
                numbers.push_back(found->second);
            }
        }
        return all;
    };
    const Relations& relations = sample.relations;
    const bool has_needs = take(relations.needs, related.needs);
    const bool has_members = take(relations.members, related.members);
    related.lacks = !has_needs || !has_members;
    take(relations.wants, related.wants);
    take(relations.after, related.after);
    take(relations.conflicts, related.conflicts);
}

void RelationTable::add_reverse(std::size_t number) {
    const auto tell = [&](const Numbers& others, Numbers Related::*list) {
        for (const std::size_t other : others) {
            add_once(table_[other].*list, number);
        }
    };
    const Related& related = table_[number];
    tell(related.needs, &Related::needed_by);
    tell(related.wants, &Related::wanted_by);
    tell(related.members, &Related::member_of);
    tell(related.after, &Related::before);
    tell(Numbers(related.conflicts), &Related::conflicts);
}

/// Of two that start after each other, by way of after and before alone, neither order counts.
void RelationTable::drop_circles_of_order() {
    std::vector<Numbers> kept;
    for (std::size_t number = 0; number < size(); ++number) {
        Numbers& counting = kept.emplace_back();
        for (const std::size_t other : table_[number].after) {
            const bool goes_back =
                reaches(other, number, [](const Related& at, const auto& go) { go(at.after); });
            if (!goes_back) {
                counting.push_back(other);
            }
        }
    }
    for (std::size_t number = 0; number < size(); ++number) {
        table_[number].after = std::move(kept[number]);
    }
}

Numbers RelationTable::walk(std::size_t from, const Steps& steps) const {
    std::unordered_set<std::size_t> seen;
    Numbers reached;
    Numbers to_do = {from};
    while (!to_do.empty()) {
        const std::size_t at = to_do.back();
        to_do.pop_back();
        steps(table_[at], [&](const Numbers& others) {
            for (const std::size_t other : others) {
                if (seen.insert(other).second) {
                    reached.push_back(other);
                    to_do.push_back(other);
                }
            }
        });
    }
    return reached;
}

bool RelationTable::reaches(std::size_t from, std::size_t to, const Steps& steps) const {
    return has(walk(from, steps), to);
}

}  // namespace mainstay::simulation
