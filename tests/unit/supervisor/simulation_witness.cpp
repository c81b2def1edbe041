#include "unit/supervisor/simulation_witness.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "unit/supervisor/state_text.h"

using namespace mainstay::supervisor;

namespace mainstay::simulation {
namespace {

constexpr std::size_t kMostComplaints = 5;

bool has(const Numbers& numbers, std::size_t number) {
    return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
}

bool asks_for_a_start(const Event& event) {
    return std::holds_alternative<WantUp>(event) || std::holds_alternative<WantOnce>(event) ||
           std::holds_alternative<Restart>(event) || std::holds_alternative<TryRestart>(event);
}

/// Ready, or a oneshot that did what it is for.
bool satisfies(const Related& related, const Snapshot& s) {
    return s.state == ServiceState::Ready ||
           (s.state == ServiceState::Done && related.is_oneshot());
}

bool is_on_its_way_down(const Snapshot& s) {
    return s.state == ServiceState::Stopping || s.state == ServiceState::Finishing;
}

/// Who starts after it need wait no longer.
bool has_outcome(ServiceState state) {
    return state == ServiceState::Ready || state == ServiceState::Backoff || is_resting(state);
}

bool is_waiting_for_dependents(const Snapshot& s) {
    return s.state == ServiceState::Stopping && s.stop_stage == StopStage::Dependents;
}

}  // namespace

Witness::Witness(Simulation& simulation)
    : simulation_(simulation), relations_(simulation.samples), worlds_(relations_.size()) {
    simulation_.system.services.observe(*this);
    simulation_.system.processes.on_birth = [this](ProcessKey key) { born(key); };
    simulation_.system.processes.on_end = [this](ProcessKey key, const ExitStatus* status) {
        const std::string& name = simulation_.system.services.find(key.service)->name;
        Seen& seen = worlds_[relations_.number(name)];
        --seen.processes;
        if (key.generation == seen.snapshot.generation && status != nullptr) {
            seen.last_end = *status;
        }
    };
}

void Witness::complain(std::size_t number, const std::string& what) {
    if (complaints_.size() < kMostComplaints) {
        complaints_.push_back(in_words(number) + ": " + what);
    }
}

std::string Witness::in_words(std::size_t number) const {
    return relations_.name(number) + " (" + words(now(number)) + ")";
}

void Witness::service_changed(const Service& service) {
    const std::size_t number = relations_.number(service.name);
    const Snapshot before = std::exchange(worlds_[number].snapshot, service.snapshot);
    const Snapshot& s = service.snapshot;
    if (s.wanted != before.wanted) {
        judge_wanted(number);
    }
    const bool goes_on_to_members =
        s.members_started && !before.members_started && before.state == ServiceState::Waiting;
    if (before.state == ServiceState::Waiting &&
        (s.state == ServiceState::Starting || goes_on_to_members)) {
        judge_start(number);
    }
    const bool was_taken_back = s.state == before.resume;
    if (is_waiting_for_dependents(before) && !is_waiting_for_dependents(s) && !was_taken_back &&
        (s.state == ServiceState::Stopping || relations_[number].is_group())) {
        judge_stop(number);
    }
}

// --- processes ----------------------------------------------------------------------------------

void Witness::born(ProcessKey key) {
    const Service& service = *simulation_.system.services.find(key.service);
    const std::size_t number = relations_.number(service.name);
    Seen& seen = worlds_[number];
    if (service.snapshot.has_run && service.snapshot.generation == key.generation) {
        seen.last_end.reset();
    }
    if (++seen.processes > 1) {
        complain(number, "has " + std::to_string(seen.processes) + " processes at once");
    }
    for (const std::size_t other : relations_[number].conflicts) {
        if (worlds_[other].processes != 0) {
            complain(number, "runs beside " + in_words(other) + ", with which it conflicts");
        }
    }
}

void Witness::judge_start(std::size_t number) {
    const Related& related = relations_[number];
    if (!is_wanted(number)) {
        complain(number, "starts, and nobody wants it");
    }
    if (related.lacks || related.circular) {
        complain(number, "starts, and never can");
    }
    for (const std::size_t need : related.needs) {
        if (!satisfies(relations_[need], now(need))) {
            complain(number, "starts before its need " + in_words(need));
        }
    }
    for (const std::size_t other : related.after) {
        if (!has_outcome(now(other).state)) {
            complain(number, "starts before " + in_words(other));
        }
    }
}

/// Of one that is told to end now, because that was asked for and not because it did wrong.
void Witness::judge_stop(std::size_t number) {
    const Related& related = relations_[number];
    for (const std::size_t other : related.needed_by) {
        const bool is_ready_group =
            relations_[other].is_group() && now(other).state == ServiceState::Ready;
        if (worlds_[other].processes != 0 || is_ready_group) {
            complain(number, "stops before " + in_words(other) + ", which needs it");
        }
    }
    for (const std::size_t other : related.before) {
        const bool goes_down = !is_wanted(other) || is_on_its_way_down(now(other));
        if (worlds_[other].processes != 0 && goes_down) {
            complain(number, "stops before " + in_words(other) + ", which starts after it");
        }
    }
}

// --- what is wanted -----------------------------------------------------------------------------

void Witness::judge_wanted(std::size_t number) {
    if (is_wanted(number) ? !has_who_wants_it(number) : !has_who_does_not(number)) {
        complain(number, is_wanted(number) ? "became wanted by nobody" : "was let go by nobody");
    }
}

/// Somebody asks for it, or for one that needs or wants it, or a group of such a one is wanted.
bool Witness::has_who_wants_it(std::size_t number) const {
    const auto asks = [&](std::size_t each) {
        const bool is_wanted_group = relations_[each].is_group() && is_wanted(each);
        return has(asking_.up, each) || (each != number && is_wanted_group);
    };
    const Numbers above = relations_.walk(number, [](const Related& at, const auto& go) {
        go(at.needed_by);
        go(at.wanted_by);
        go(at.member_of);
    });
    return asks(number) || std::any_of(above.begin(), above.end(), asks);
}

/// Somebody asks for its end, a group of it is not wanted or being restarted, or it gives way.
bool Witness::has_who_does_not(std::size_t number) const {
    const auto refuses = [&](std::size_t each) {
        const Snapshot& s = now(each);
        const bool stops_members =
            s.state == ServiceState::Stopping && s.stop_stage == StopStage::Members;
        return has(asking_.down, each) || (each != number && (!is_wanted(each) || stops_members));
    };
    const Numbers groups =
        relations_.walk(number, [](const Related& at, const auto& go) { go(at.member_of); });
    return asking_.all_down || refuses(number) || is_in_the_way(number) ||
           std::any_of(groups.begin(), groups.end(), refuses);
}

bool Witness::is_in_the_way(std::size_t number) const {
    const Numbers& conflicts = relations_[number].conflicts;
    return std::any_of(conflicts.begin(), conflicts.end(),
                       [&](std::size_t other) { return is_wanted(other); });
}

// --- who asks -----------------------------------------------------------------------------------

void Witness::begin() {
    for (std::size_t number = 0; number < relations_.size(); ++number) {
        if (relations_[number].sample->starts_by_itself) {
            asking_.up.push_back(number);
        }
    }
    simulation_.begin();
    for (const std::size_t number : asking_.up) {
        if (!is_wanted(number) && !is_in_the_way(number)) {
            complain(number, "should be started at boot, and is not wanted");
        }
    }
    for (std::size_t number = 0; number < relations_.size(); ++number) {
        if (is_wanted(number)) {
            judge_company(number);
        }
    }
    asking_ = {};
}

void Witness::post(const Verb& verb) {
    const std::size_t number = relations_.number(verb.service.name);
    const Snapshot before = verb.service.snapshot;
    const bool is_up = asks_for_a_start(verb.event);
    (is_up ? asking_.up : asking_.down).push_back(number);
    simulation_.system.services.post(verb.service.id, verb.event);
    if (std::holds_alternative<WantDown>(verb.event) && is_wanted(number)) {
        complain(number, "is wanted after a down");
    }
    if (is_up && !(std::holds_alternative<TryRestart>(verb.event) && is_resting(before.state))) {
        judge_verb(number, before);
    }
    asking_ = {};
}

void Witness::stop_all() {
    asking_.all_down = true;
    simulation_.system.services.stop_all();
}

void Witness::judge_verb(std::size_t number, const Snapshot& before) {
    if (!is_wanted(number) && !is_in_the_way(number)) {
        complain(number, "is not wanted after an up");
    }
    const bool has_all_already = is_running(before.state) ||
                                 before.state == ServiceState::Starting ||
                                 satisfies(relations_[number], before);
    if (is_wanted(number) && !has_all_already) {
        judge_company(number);
    }
}

/// What it needs, and what that needs, as far as it does not run yet, and what it wants.
void Witness::judge_company(std::size_t number) {
    const auto judge = [&](std::size_t other) {
        if (!is_wanted(other) && !is_in_the_way(other) &&
            !satisfies(relations_[other], now(other))) {
            complain(number, "was started without " + in_words(other));
        }
    };
    const Numbers needs = relations_.walk(number, [&](const Related& at, const auto& go) {
        const std::size_t each = relations_.number(*at.name);
        if (each == number || (is_wanted(each) && now(each).state == ServiceState::Waiting)) {
            go(at.needs);
        }
    });
    std::for_each(needs.begin(), needs.end(), judge);
    const Numbers& wants = relations_[number].wants;
    std::for_each(wants.begin(), wants.end(), judge);
}

}  // namespace mainstay::simulation
