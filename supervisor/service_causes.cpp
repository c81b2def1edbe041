/// Why a service is in the state that it is in, in words.
#include "supervisor/service_set.h"
#include "supervisor/words.h"

namespace mainstay::supervisor {
namespace {

std::string directory_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos || slash == 0 ? "/" : path.substr(0, slash);
}

std::string with_state(const Service& other) {
    return other.name + " (" + std::string(to_string(other.snapshot.state)) + ")";
}

/// Of a run that we ended.
std::string words_of(Failure failure, const Policy& policy, Duration watchdog) {
    if (failure == Failure::NotReady) {
        const bool is_oneshot = policy.type == ServiceType::Oneshot;
        return std::string(is_oneshot ? "not done after " : "not ready after ") +
               text_of(policy.start_timeout);
    }
    if (failure == Failure::Watchdog) {
        return "watchdog: no sign of life for " + text_of(watchdog);
    }
    return {};
}

/// The first of what is wrong with its definition, and how many there are.
std::string words_of_problems(const Service& service) {
    if (!service.history || service.history->problems.empty()) {
        return "its definition cannot be used";
    }
    const auto& problems = service.history->problems;
    return problems.front() + (problems.size() == 1
                                   ? std::string()
                                   : " (and " + std::to_string(problems.size() - 1) +
                                         " more, which svctl lint shows)");
}

}  // namespace

std::optional<ExitStatus> ServiceSet::failed_setup(const Service& service) {
    const Snapshot& s = service.snapshot;
    const bool has_ended = s.state == ServiceState::Backoff || s.state == ServiceState::Failed;
    const bool was_setup = s.auxiliary == Role::Setup && s.auxiliary_generation > s.generation;
    if (!has_ended || !was_setup || s.obstacle != Obstacle::None) {
        return std::nullopt;
    }
    return service.history ? service.history->setup_exit : ExitStatus();
}

/// Of the last start: why it came to nothing, or how its run ended.
std::string ServiceSet::how_it_ended(const Service& service) const {
    if (const ExecFault* fault = service.exec_fault()) {
        return text_of(*fault);
    }
    const Snapshot& s = service.snapshot;
    const std::string why = words_of(s.failure, service.definition.policy, s.watchdog);
    if (const auto setup = failed_setup(service)) {
        return "its setup program failed: " +
               (why.empty() ? std::string(to_text(*setup).view()) : why);
    }
    const DeathRecord* death = service.last_death();
    const bool was_out_of_memory = death != nullptr && death->out_of_memory;
    return (why.empty() ? "" : why + "; ") + std::string(to_text(s.last_exit).view()) +
           (was_out_of_memory ? " (out of memory)" : "") + " after " + text_of(s.last_lived);
}

std::string ServiceSet::cause_of(const Service& service) const {
    const Snapshot& s = service.snapshot;
    const Policy& policy = service.definition.policy;
    switch (s.state) {
        case ServiceState::Waiting:
            return cause_of_waiting(service);
        case ServiceState::Failed:
            return cause_of_failure(service);
        case ServiceState::Backoff:
            return words_of(s.failure, policy, s.watchdog);
        case ServiceState::Down: {
            const Service* winner = at(planner_.gave_way_to(service.node));
            return winner != nullptr ? "conflicts with " + winner->name + ", which was started"
                                     : std::string();
        }
        case ServiceState::Stopping:
            break;
        case ServiceState::Up:
        case ServiceState::Ready:
            return s.announced_stop ? "says that it is stopping" : std::string();
        case ServiceState::Starting:
        case ServiceState::Finishing:
        case ServiceState::Done:
            return {};
    }
    const Service* blocker = at(planner_.blocker(service.node));
    if (blocker != nullptr) {
        return "waits until " + with_state(*blocker) + " is down";
    }
    if (s.held || s.obstacle == Obstacle::NeedFailed) {
        const Service* need = at(planner_.unmet_need(service.node));
        return need != nullptr ? "needs " + with_state(*need) : std::string();
    }
    return words_of(s.failure, policy, s.watchdog);
}

std::vector<ServiceSet::Blocker> ServiceSet::blockers_of(const Service& service) const {
    std::vector<Blocker> blockers;
    if (service.snapshot.state != ServiceState::Waiting) {
        return blockers;
    }
    for (const Edge& edge : graph_.edges(service.node)) {
        if (planner_.blocks(service.node, edge)) {
            blockers.push_back({graph_.name(edge.node), at(edge.node),
                                edge.is_after() ? Relation::After : edge.relation});
        }
    }
    return blockers;
}

std::string ServiceSet::cause_of_waiting(const Service& service) const {
    if (service.snapshot.listening) {
        return words_of_waiting(service.definition.listen());
    }
    const NodeId node = planner_.blocker(service.node);
    const Service* blocker = at(node);
    if (blocker == nullptr) {
        return {};
    }
    for (const Edge& edge : graph_.edges(service.node)) {
        if (edge.node != node) {
            continue;
        }
        if (edge.is(Relation::Needs, Side::Says)) {
            return "needs " + with_state(*blocker);
        }
        if (edge.is(Relation::Log, Side::Says)) {
            return "waits for " + blocker->name + " to start";
        }
        if (edge.relation == Relation::Conflicts) {
            return "conflicts with " + blocker->name + " and waits until that is down";
        }
        if (edge.is(Relation::Members, Side::Says)) {
            return "waits for its member " + with_state(*blocker);
        }
        if (edge.is_after()) {
            return "starts after " + with_state(*blocker);
        }
    }
    return {};
}

std::string ServiceSet::cause_of_failure(const Service& service) const {
    const Policy& policy = service.definition.policy;
    switch (service.snapshot.failure) {
        case Failure::None:
            return cause_of_obstacle(service);
        case Failure::NotReady:
        case Failure::Watchdog:
            return words_of(service.snapshot.failure, policy, service.snapshot.watchdog);
        case Failure::SaidByFinish:
            return "its finish program says that it failed for good";
        case Failure::PermanentStatus:
            return "a status of permanent-failure-status";
        case Failure::RestartLimit:
            return "more than " + std::to_string(policy.restart_limit_count) + " restarts within " +
                   text_of(policy.restart_limit_interval);
        case Failure::NotRestarted:
            return "restart = " + std::string(to_string(policy.restart));
        case Failure::RanOnce:
            return "was to run once, and is not started again";
    }
    return {};
}

std::string ServiceSet::cause_of_obstacle(const Service& service) const {
    const NodeId node = planner_.unmet_need(service.node);
    const Service* need = at(node);
    switch (service.snapshot.obstacle) {
        case Obstacle::None:
            return {};
        case Obstacle::Cycle:
            return "waits for itself: " + graph_.spell_cycle(service.node);
        case Obstacle::Definition:
            return words_of_problems(service);
        case Obstacle::NeedMissing:
            return node == kNoNode ? std::string()
                                   : "needs " + graph_.name(node) + ": no such service in " +
                                         directory_of(service.definition.path);
        case Obstacle::NeedFailed:
        case Obstacle::MemberFailed:
            break;
    }
    if (need == nullptr) {
        return "something that it needs failed";
    }
    const bool is_member = service.snapshot.obstacle == Obstacle::MemberFailed;
    const bool was_tried = need->snapshot.obstacle == Obstacle::None;
    // One step back, not the whole chain: that service says the rest itself.
    return (is_member ? "its member " : "needs ") + need->name +
           (is_member ? " failed" : ", which failed") +
           (was_tried && need->snapshot.state == ServiceState::Failed ? ": " + how_it_ended(*need)
                                                                      : std::string());
}

}  // namespace mainstay::supervisor
