/// Reading definitions again: of one service before it starts, of all when asked to.
#include <utility>

#include "supervisor/reload.h"
#include "supervisor/service_set.h"

namespace mainstay::supervisor {

void ServiceSet::say_problems(const Service& service, const std::vector<std::string>& problems) {
    for (const std::string& problem : problems) {
        os_.journal.warning(std::string(service.name).append(": ").append(problem));
    }
}

/// A definition that cannot be used leaves the one before it in force, where there is one.
void ServiceSet::read_again(Service& service) {
    LoadedDefinition loaded = os_.definitions.load(service.definition.path);
    if (loaded.usable) {
        return take(service, std::move(loaded.definition));
    }
    say_problems(service, loaded.problems);
    if (!service.usable) {
        service.make_history().problems = std::move(loaded.problems);
    }
}

void ServiceSet::take(Service& service, Definition definition) {
    if (service.feeder != 0) {
        definition.policy.has_finish = false;
        definition.policy.drains_input = true;
    }
    service.definition = std::move(definition);
    service.usable = true;
    if (graph_.define(service.node, service.definition.relations())) {
        graph_changed_ = true;
        update_graph();
    }
}

DefinitionChange ServiceSet::compare(Service& service, LoadedDefinition loaded) {
    DefinitionChange change{service.name, {}, DefinitionChange::When::Now};
    if (!loaded.usable) {
        say_problems(service, loaded.problems);
        change.when = DefinitionChange::When::Refused;
        change.changes = std::move(loaded.problems);
        return change;
    }
    if (service.feeder != 0) {
        loaded.definition.policy.has_finish = false;
        loaded.definition.policy.drains_input = true;
    }
    change.changes = describe_changes(service.definition, loaded.definition);
    const Snapshot& s = service.snapshot;
    const bool runs = has_process(s) || s.timer_armed || s.members_started ||
                      !(is_resting(s.state) || s.state == ServiceState::Waiting);
    if (!runs) {
        service.definition = std::move(loaded.definition);
        service.usable = true;
        service.definition_changed = false;
    } else {
        service.definition_changed = !change.changes.empty();
        service.definition.own_relations = std::move(loaded.definition.own_relations);
        change.when = DefinitionChange::When::NextStart;
    }
    return change;
}

std::vector<DefinitionChange> ServiceSet::rescan() {
    const Batch batch(*this);
    std::vector<DefinitionChange> found;
    for (const ServiceId id : all()) {
        Service& service = *get(id);
        const bool was_usable = service.usable;
        DefinitionChange change = compare(service, os_.definitions.load(service.definition.path));
        graph_changed_ |= graph_.define(service.node, service.definition.relations());
        if (!was_usable && service.usable) {
            post(id, Unblock{});
        }
        if (!change.changes.empty()) {
            found.push_back(std::move(change));
        }
    }
    return found;
}

}  // namespace mainstay::supervisor
