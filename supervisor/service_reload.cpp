/// Reading definitions again: of one service before it starts, of all when asked to.
#include <algorithm>
#include <utility>

#include "supervisor/reload.h"
#include "supervisor/service_set.h"
#include "supervisor/state_record.h"

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

void ServiceSet::read_again_after(Duration pause, ServiceId id) {
    os_.clock.call_after(pause, [this, id, pause] { try_to_read(id, pause); });
}

/// A service that has failed only because its directory could not be read just then starts when it
/// can be; ever more rarely, as a broken disk stays broken.
void ServiceSet::try_to_read(ServiceId id, Duration pause) {
    constexpr Duration kLongestPause = std::chrono::minutes(1);
    Service* service = get(id);
    if (service == nullptr || service->usable || service->leaving || stopping_) {
        return;
    }
    const Batch batch(*this);
    LoadedDefinition loaded = os_.definitions.load(service->definition.path);
    if (loaded.usable) {
        const bool is_down = loaded.definition.has_down_file;
        take(*service, std::move(loaded.definition));
        return post(id, is_down ? Event(WantDown{}) : Event(Unblock{}));
    }
    service->make_history().problems = std::move(loaded.problems);
    if (loaded.try_again) {
        read_again_after(std::min(2 * pause, kLongestPause), id);
    }
}

void ServiceSet::take(Service& service, Definition definition) {
    if (service.feeder != 0) {
        make_logger_of(definition);
    }
    service.definition = std::move(definition);
    service.definition_hash = hash_of(service.definition);
    service.usable = true;
    if (graph_.define(service.node, service.definition.relations())) {
        graph_changed_ = true;
        update_graph();
    }
}

/// What of a definition means nothing for a logger: as runsv has it, its finish program is not run.
void ServiceSet::make_logger_of(Definition& definition) noexcept {
    definition.policy.has_finish = false;
    definition.policy.drains_input = true;
    definition.policy.on_demand = false;
}

DefinitionChange ServiceSet::compare(Service& service, LoadedDefinition loaded) {
    DefinitionChange change{service.name, {}, DefinitionChange::When::Now};
    say_problems(service, loaded.problems);
    if (!loaded.usable) {
        change.when = DefinitionChange::When::Refused;
        change.changes = std::move(loaded.problems);
        return change;
    }
    if (service.feeder != 0) {
        make_logger_of(loaded.definition);
    }
    change.changes = describe_changes(service.definition, loaded.definition);
    if (!service.usable && change.changes.empty()) {
        change.changes.emplace_back("its definition can be used");
    }
    const Snapshot& s = service.snapshot;
    const bool runs = has_process(s) || s.timer_armed || s.members_started ||
                      !(is_resting(s.state) || s.state == ServiceState::Waiting);
    if (!runs) {
        service.definition = std::move(loaded.definition);
        service.definition_hash = hash_of(service.definition);
        service.usable = true;
        service.definition_changed = false;
        if (s.listening && !change.changes.empty()) {
            service.fresh = true;
            perform(service, Listen{});  // where it says now, and no more where it said before
        }
    } else {
        service.definition_changed = !change.changes.empty();
        service.definition.own_relations = std::move(loaded.definition.own_relations);
        change.when = DefinitionChange::When::NextStart;
    }
    os_.state.save(service, {});
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
