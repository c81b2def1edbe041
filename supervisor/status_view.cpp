#include "supervisor/status_view.h"

#include <utility>

#include "supervisor/words.h"

namespace mainstay::supervisor {
namespace {

std::chrono::milliseconds in_ms(Duration duration) noexcept {
    return std::chrono::duration_cast<std::chrono::milliseconds>(duration);
}

/// Timers of "never" are none.
std::optional<std::chrono::milliseconds> finite_ms(Duration duration) noexcept {
    return duration >= kForever ? std::nullopt : std::optional(in_ms(duration));
}

std::optional<std::chrono::milliseconds> time_left(const Service& service,
                                                   const Clock& clock) noexcept {
    const Duration left = service.timer_due - clock.now();
    return finite_ms(left < Duration::zero() ? Duration::zero() : left);
}

/// Of a state that ends by force, or by the next start.
std::optional<std::chrono::milliseconds> deadline_of(const Service& service,
                                                     const Clock& clock) noexcept {
    const ServiceState state = service.snapshot.state;
    const bool has_one = service.snapshot.timer_armed && state != ServiceState::Backoff &&
                         state != ServiceState::Ready;
    return has_one ? time_left(service, clock) : std::nullopt;
}

ExecFailure failure_of(const ExecFault& fault) {
    return {fault.stage, fault.path, reason_of(fault)};
}

bool is_satisfied(const Service* need) noexcept {
    return need != nullptr && (need->snapshot.state == ServiceState::Ready ||
                               need->snapshot.state == ServiceState::Done);
}

bool is_on_its_way(const Service* other) noexcept {
    return other != nullptr && other->snapshot.state != ServiceState::Ready &&
           !is_resting(other->snapshot.state) && other->snapshot.wanted != Wanted::Down;
}

BlockerView blocker(const std::string& name, const char* relation, const Service* other,
                    const Clock& clock) {
    if (other == nullptr) {
        return {name, relation, std::nullopt, std::nullopt};
    }
    return {name, relation, other->snapshot.state, deadline_of(*other, clock)};
}

std::vector<BlockerView> blockers_of(const Service& service, const ServiceSet& services,
                                     const Clock& clock) {
    std::vector<BlockerView> blockers;
    const Relations& relations = service.definition.relations();
    for (const std::string& name : relations.needs) {
        const Service* need = services.find(name);
        if (!is_satisfied(need)) {
            blockers.push_back(blocker(name, "needs", need, clock));
        }
    }
    for (const auto* names : {&relations.wants, &relations.after}) {
        for (const std::string& name : *names) {
            const Service* other = services.find(name);
            if (is_on_its_way(other)) {
                blockers.push_back(blocker(name, "after", other, clock));
            }
        }
    }
    for (const std::string& name : relations.conflicts) {
        const Service* other = services.find(name);
        if (other != nullptr && !is_resting(other->snapshot.state)) {
            blockers.push_back(blocker(name, "conflicts", other, clock));
        }
    }
    return blockers;
}

std::vector<RelatedView> related(const std::vector<std::string>& names,
                                 const ServiceSet& services) {
    std::vector<RelatedView> views;
    views.reserve(names.size());
    for (const std::string& name : names) {
        const Service* other = services.find(name);
        views.push_back(
            {name, other != nullptr ? std::optional(other->snapshot.state) : std::nullopt});
    }
    return views;
}

/// The program's uptime, where it runs.
void add_times(ServiceDetails& details, const Service& service, const Clock& clock) {
    const bool runs = is_running(service.snapshot.state) && service.snapshot.pid != 0;
    if (runs && service.executed != MonotonicTime()) {
        details.up_for = in_ms(clock.now() - service.executed);
    }
    if (service.snapshot.state == ServiceState::Ready) {
        details.ready_for = in_ms(clock.age_clock() - service.since);
    }
}

void add_policy(ServiceDetails& details, const Policy& policy) {
    details.watchdog = finite_ms(policy.watchdog_timeout);
    if (policy.type == ServiceType::Group) {
        return;
    }
    details.readiness = to_string(policy.readiness);
    details.restart = {std::string(to_string(policy.restart)), policy.restart_limit_count,
                       policy.restart_limit_count == 0 ? std::chrono::milliseconds(0)
                                                       : in_ms(policy.restart_limit_interval)};
}

}  // namespace

Dependents::Dependents(const ServiceSet& services) {
    for (const ServiceId id : services.all()) {
        const Service* service = services.find(id);
        for (const std::string& need : service->definition.relations().needs) {
            by_need_[need].push_back(service->name);
        }
    }
}

const std::vector<std::string>& Dependents::of(const std::string& name) const noexcept {
    static const std::vector<std::string> kNone;
    const auto found = by_need_.find(name);
    return found == by_need_.end() ? kNone : found->second;
}

ServiceView view_of(const Service& service, const ServiceSet& services, const Clock& clock) {
    const Snapshot& snapshot = service.snapshot;
    ServiceView view;
    view.name = service.name;
    if (service.definition.policy.type != ServiceType::Longrun) {
        view.type = to_string(service.definition.policy.type);
    }
    view.state = snapshot.state;
    view.wanted = snapshot.wanted;
    view.is_paused = snapshot.paused;
    view.is_reloading = snapshot.reloading;
    if (service.words) {
        view.status_text = service.words->status;
    }
    view.has_down_file = service.definition.has_down_file;
    view.pid = snapshot.has_run ? snapshot.pid : snapshot.auxiliary_pid;
    view.restarts = snapshot.restarts;
    view.since = in_ms(clock.age_clock() - service.since);
    view.cause = services.cause_of(service);
    view.deadline = deadline_of(service, clock);
    if (snapshot.timer_armed && snapshot.state == ServiceState::Backoff) {
        view.next_start = time_left(service, clock);
    }
    if (snapshot.state == ServiceState::Waiting) {
        view.blockers = blockers_of(service, services, clock);
    }
    if (const DeathRecord* death = service.last_death()) {
        view.last_death = {death->status, in_ms(death->lived),
                           in_ms(clock.age_clock() - death->at)};
    }
    if (const ExecFault* fault = service.exec_fault()) {
        view.exec_failure = failure_of(*fault);
    }
    if (const Service* logger = services.find(service.logger)) {
        view.logger = {logger->snapshot.state, logger->snapshot.pid};
    }
    return view;
}

void add_details(ServiceView& view, const Service& service, const ServiceSet& services,
                 const Dependents& dependents, const Clock& clock) {
    view.description = service.definition.description;
    view.directory = service.definition.resolved;
    ServiceDetails details;
    add_policy(details, service.definition.policy);
    add_times(details, service, clock);
    const Relations& relations = service.definition.relations();
    details.needs = related(relations.needs, services);
    details.wants = related(relations.wants, services);
    details.after = related(relations.after, services);
    details.before = related(relations.before, services);
    details.conflicts = related(relations.conflicts, services);
    details.members = related(relations.members, services);
    details.needed_by = related(dependents.of(service.name), services);
    view.own_details = std::make_shared<const ServiceDetails>(std::move(details));
}

std::string trouble_of(const Service& service, const ServiceSet& services) {
    if (const ExecFault* fault = service.exec_fault()) {
        return text_of(*fault);
    }
    std::string text;
    if (const DeathRecord* death = service.last_death()) {
        text = std::string(to_text(death->status).view()) + " after " + text_of(death->lived);
    }
    if (const std::string cause = services.cause_of(service); !cause.empty()) {
        text += (text.empty() ? "" : "; ") + cause;
    }
    return text;
}

std::string hopeless_need(const Service& service, const ServiceSet& services) {
    for (const std::string& name : service.definition.relations().needs) {
        const Service* need = services.find(name);
        if (need == nullptr) {
            return "needs " + name + ", which does not exist";
        }
        const ServiceState state = need->snapshot.state;
        if (state == ServiceState::Failed || state == ServiceState::Backoff) {
            const char* how = state == ServiceState::Failed ? ", which failed" : ", which died";
            const std::string why = trouble_of(*need, services);
            return "needs " + name + how + (why.empty() ? "" : ": " + why);
        }
    }
    return {};
}

}  // namespace mainstay::supervisor
