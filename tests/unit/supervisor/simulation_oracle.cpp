#include "unit/supervisor/simulation_oracle.h"

#include <algorithm>
#include <cctype>
#include <iterator>

#include "unit/supervisor/state_text.h"

using namespace mainstay::supervisor;

namespace mainstay::simulation {

Oracle::Oracle(const Simulation& simulation, const Witness& witness)
    : simulation_(simulation), witness_(witness), relations_(witness.relations()) {
    for (std::size_t number = 0; number < relations_.size(); ++number) {
        services_.push_back(&simulation.system.service(relations_.name(number)));
    }
    find_those_that_wait_for_a_reason();
}

std::string Oracle::judge() const {
    for (std::size_t number = 0; number < relations_.size(); ++number) {
        if (const std::string verdict = judge(number); !verdict.empty()) {
            return relations_.name(number) + " " + verdict + " (" + words(of(number)) + ": " +
                   cause(number) + ")";
        }
    }
    return {};
}

std::string Oracle::judge(std::size_t number) const {
    const bool has_process = witness_.processes(number) != 0;
    const bool should_have = state(number) == ServiceState::Ready && !relations_[number].is_group();
    if (has_process != should_have) {
        return has_process ? "runs" : "does not run";
    }
    switch (state(number)) {
        case ServiceState::Ready:
            return judge_ready(number);
        case ServiceState::Down:
            return is_wanted(number) ? "is down, though it is wanted" : "";
        case ServiceState::Done:
            return judge_done(number);
        case ServiceState::Failed:
            return judge_failed(number);
        case ServiceState::Waiting:
            return judge_waiting(number);
        case ServiceState::Starting:
        case ServiceState::Up:
        case ServiceState::Stopping:
        case ServiceState::Finishing:
        case ServiceState::Backoff:
            break;
    }
    return "is not at rest";
}

// --- what runs ----------------------------------------------------------------------------------

std::string Oracle::judge_ready(std::size_t number) const {
    const Related& related = relations_[number];
    if (!is_wanted(number)) {
        return "is ready, though not wanted";
    }
    if (related.circular || related.lacks) {
        return "is ready, though it never can be";
    }
    for (const std::size_t need : related.needs) {
        // A crash leaves dependents alone, and so does an end that was no failure; a stop does not.
        if (!is_wanted(need) || state(need) == ServiceState::Failed) {
            return "is ready without its need " + relations_.name(need);
        }
    }
    for (const std::size_t other : related.conflicts) {
        if (is_wanted(other)) {
            return "is ready beside " + relations_.name(other) + ", with which it conflicts";
        }
    }
    return judge_ready_group(related);
}

std::string Oracle::judge_ready_group(const Related& related) const {
    for (const std::size_t member : related.members) {
        if (state(member) != ServiceState::Ready && state(member) != ServiceState::Done) {
            return "is a ready group without its member " + relations_.name(member);
        }
    }
    return {};
}

std::string Oracle::judge_done(std::size_t number) const {
    if (relations_[number].is_group()) {
        return "is a group and done";
    }
    const auto& end = witness_.last_end(number);
    return end && end->is_success() ? "" : "is done, though it did not end well";
}

// --- what does not ------------------------------------------------------------------------------

std::string Oracle::judge_failed(std::size_t number) const {
    if (!is_wanted(number)) {
        return "failed, though not wanted";
    }
    if (of(number).obstacle == Obstacle::None) {
        return of(number).failure == Failure::None ? "failed for no reason" : "";
    }
    if (of(number).failure != Failure::None) {
        return "failed for two reasons";
    }
    return judge_obstacle(number);
}

std::string Oracle::judge_obstacle(std::size_t number) const {
    const Related& related = relations_[number];
    const auto hinders = [&](std::size_t other) { return failed_or_was_let_go(other); };
    Numbers hindering;
    switch (of(number).obstacle) {
        case Obstacle::Cycle:
            return !related.circular ? "failed for a circle that it is not in"
                   : cause(number).find(" -> ") == std::string::npos ? "does not spell its circle"
                                                                     : "";
        case Obstacle::NeedMissing:
            return !related.lacks ? "failed for a need that is there"
                   : cause(number).find("nowhere") == std::string::npos
                       ? "does not name what is missing"
                       : "";
        case Obstacle::NeedFailed:
            std::copy_if(related.needs.begin(), related.needs.end(), std::back_inserter(hindering),
                         hinders);
            break;
        case Obstacle::MemberFailed:
            std::copy_if(related.members.begin(), related.members.end(),
                         std::back_inserter(hindering), hinders);
            break;
        case Obstacle::None:
        case Obstacle::Definition:
            break;
    }
    if (hindering.empty()) {
        return "failed for another that did not";
    }
    // Where the one that failed was let go since, another that it waits for may be named.
    const bool any_failed = std::any_of(hindering.begin(), hindering.end(), [&](std::size_t other) {
        return state(other) == ServiceState::Failed;
    });
    const bool names_it = names_one_of(number, any_failed ? hindering : related.needs) ||
                          names_one_of(number, any_failed ? hindering : related.members);
    return names_it ? "" : "does not name who failed";
}

std::string Oracle::judge_waiting(std::size_t number) const {
    const Related& related = relations_[number];
    if (!is_wanted(number)) {
        return "waits, though not wanted";
    }
    if (related.circular || related.lacks) {
        return "waits for what can never be";
    }
    for (const std::size_t need : related.needs) {
        if (state(need) == ServiceState::Failed) {
            return "waits for " + relations_.name(need) + ", which failed";
        }
    }
    const Numbers others = waits_for(number);
    if (others.empty()) {
        return "waits for nothing";
    }
    if (!waits_for_a_reason_[number]) {
        return "waits for those that wait for it";
    }
    return names_one_of(number, others) ? "" : "does not name whom it waits for";
}

/// What one in waiting may wait for. Conflicts are not among it: nobody is on its way down.
Numbers Oracle::waits_for(std::size_t number) const {
    const Related& related = relations_[number];
    Numbers others;
    const auto take = [&](const Numbers& list, const auto& hinders) {
        std::copy_if(list.begin(), list.end(), std::back_inserter(others), hinders);
    };
    take(related.needs, [&](std::size_t other) { return !satisfies(other); });
    take(related.after, [&](std::size_t other) { return state(other) == ServiceState::Waiting; });
    take(related.members, [&](std::size_t other) {
        return state(other) != ServiceState::Ready && state(other) != ServiceState::Done;
    });
    return others;
}

/// Waits for one that does not wait, or for one that waits for a reason: so it spreads.
void Oracle::find_those_that_wait_for_a_reason() {
    waits_for_a_reason_.assign(relations_.size(), false);
    for (bool goes_on = true; goes_on;) {
        goes_on = false;
        for (std::size_t number = 0; number < relations_.size(); ++number) {
            if (state(number) != ServiceState::Waiting || waits_for_a_reason_[number]) {
                continue;
            }
            const Numbers others = waits_for(number);
            const bool has_reason =
                std::any_of(others.begin(), others.end(), [&](std::size_t other) {
                    return state(other) != ServiceState::Waiting || waits_for_a_reason_[other];
                });
            waits_for_a_reason_[number] = has_reason;
            goes_on = goes_on || has_reason;
        }
    }
}

// --- words --------------------------------------------------------------------------------------

bool Oracle::satisfies(std::size_t number) const {
    return state(number) == ServiceState::Ready ||
           (state(number) == ServiceState::Done && relations_[number].is_oneshot());
}

/// What failed and was then told to be down was not started again.
bool Oracle::failed_or_was_let_go(std::size_t number) const {
    return state(number) == ServiceState::Failed || !is_wanted(number);
}

std::string Oracle::cause(std::size_t number) const {
    return simulation_.system.services.cause_of(service(number));
}

/// By whole names: "s1" is not in "needs s12".
bool Oracle::names_one_of(std::size_t number, const Numbers& others) const {
    const std::string text = cause(number) + " ";
    return std::any_of(others.begin(), others.end(), [&](std::size_t other) {
        const std::size_t at = text.find(" " + relations_.name(other));
        return at != std::string::npos && std::isalnum(static_cast<unsigned char>(
                                              text[at + 1 + relations_.name(other).size()])) == 0;
    });
}

}  // namespace mainstay::simulation
