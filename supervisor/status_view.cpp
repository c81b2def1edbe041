#include "supervisor/status_view.h"

#include <algorithm>
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

const char* word_of(Relation relation) noexcept {
    switch (relation) {
        case Relation::Needs:
            return "needs";
        case Relation::Conflicts:
            return "conflicts";
        case Relation::Members:
            return "members";
        case Relation::Log:
        case Relation::Wants:
        case Relation::After:
        case Relation::Before:
            break;
    }
    return "after";
}

std::vector<BlockerView> blockers_of(const Service& service, const ServiceSet& services,
                                     const Clock& clock) {
    std::vector<BlockerView> views;
    for (const ServiceSet::Blocker& blocker : services.blockers_of(service)) {
        if (blocker.relation == Relation::Log) {
            continue;  // loggers are told of with their services; the cause names it
        }
        BlockerView& view = views.emplace_back();
        view.name = blocker.name;
        view.relation = word_of(blocker.relation);
        if (blocker.service != nullptr) {
            view.state = blocker.service->snapshot.state;
            view.deadline = deadline_of(*blocker.service, clock);
        }
    }
    return views;
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

const char* word_of(DeathCause cause) noexcept {
    switch (cause) {
        case DeathCause::Itself:
            break;
        case DeathCause::AskedFor:
            return "asked for";
        case DeathCause::NotReady:
            return "not ready in time";
        case DeathCause::Watchdog:
            return "watchdog";
    }
    return "";
}

/// What came of it; nothing where somebody asked for it, or where that is not known yet.
const char* what_came_of(const DeathRecord& death, const Service& service) noexcept {
    if (death.restarted) {
        return "restarted";
    }
    const bool is_open = &death == service.last_death() && !is_resting(service.snapshot.state);
    return is_open || death.cause == DeathCause::AskedFor ? "" : "not restarted";
}

Death death_of(const DeathRecord& death, const Service& service, const Clock& clock) {
    return {death.status,        in_ms(death.lived),   in_ms(clock.age_clock() - death.at),
            death.out_of_memory, word_of(death.cause), what_came_of(death, service)};
}

void add_deaths(ServiceDetails& details, const Service& service, const Clock& clock) {
    if (!service.history) {
        return;
    }
    const DeathLog& deaths = service.history->deaths;
    details.death_count = deaths.count();
    details.deaths.reserve(deaths.size());
    for (std::size_t age = deaths.size(); age > 0; --age) {
        details.deaths.push_back(death_of(deaths.newest(age - 1), service, clock));
    }
}

/// Who is in its cgroup while nothing of it runs was left behind.
void add_processes(ServiceDetails& details, const Service& service, Cgroups& cgroups) {
    const CgroupUsage usage = cgroups.usage(service.id);
    details.usage = {usage.memory_bytes, usage.memory_peak_bytes, usage.cpu_microseconds,
                     usage.tasks};
    if (has_process(service.snapshot)) {
        return;
    }
    std::vector<std::int32_t> pids = cgroups.members(service.id);
    details.leftovers.count = static_cast<std::uint32_t>(pids.size());
    std::sort(pids.begin(), pids.end());
    pids.resize(std::min(pids.size(), kMostLeftoverPids));
    details.leftovers.pids = std::move(pids);
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
    static const std::vector<std::string> none;
    const auto found = by_need_.find(name);
    return found == by_need_.end() ? none : found->second;
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
    view.is_listening = snapshot.listening;
    if (service.words) {
        view.status_text = service.words->status;
        view.notify_error = service.words->error;
    }
    view.has_changed = service.definition_changed;
    view.has_down_file = service.definition.has_down_file;
    view.pid = snapshot.has_run ? snapshot.pid : snapshot.auxiliary_pid;
    view.restarts = snapshot.restarts;
    view.since = in_ms(clock.age_clock() - service.since);
    view.cause = services.cause_of(service);
    view.deadline = deadline_of(service, clock);
    if (snapshot.timer_armed && snapshot.state == ServiceState::Backoff) {
        view.next_start = time_left(service, clock);
    }
    view.blockers = blockers_of(service, services, clock);
    if (const DeathRecord* death = service.last_death()) {
        view.last_death = death_of(*death, service, clock);
    }
    if (const ExecFault* fault = service.exec_fault()) {
        view.exec_failure = failure_of(*fault);
    } else if (const auto setup = ServiceSet::failed_setup(service)) {
        view.exec_failure = ExecFailure{"setup program", "", std::string(to_text(*setup).view())};
    }
    if (const Service* logger = services.find(service.logger)) {
        view.logger = {logger->snapshot.state, logger->snapshot.pid};
    }
    return view;
}

void add_details(ServiceView& view, const Service& service, const ServiceSet& services,
                 const Dependents& dependents, const Clock& clock, Cgroups& cgroups,
                 ProcessFamily& family) {
    view.description = service.definition.description.text();
    view.directory = service.definition.resolved;
    ServiceDetails details;
    add_policy(details, service.definition.policy);
    add_times(details, service, clock);
    add_deaths(details, service, clock);
    add_processes(details, service, cgroups);
    if (service.snapshot.has_run && service.snapshot.pid > 0) {
        details.zombies = family.zombies_below(service.snapshot.pid);
    }
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
    // What was never tried has the trouble of others.
    if (service.snapshot.obstacle != Obstacle::None) {
        return services.cause_of(service);
    }
    if (const ExecFault* fault = service.exec_fault()) {
        return text_of(*fault);
    }
    std::string text;
    if (const auto setup = ServiceSet::failed_setup(service)) {
        text = "its setup program failed: " + std::string(to_text(*setup).view());
    } else if (const DeathRecord* death = service.last_death()) {
        text = std::string(to_text(death->status).view()) + " after " + text_of(death->lived);
    }
    if (const std::string cause = services.cause_of(service); !cause.empty()) {
        text += (text.empty() ? "" : "; ") + cause;
    }
    return text;
}

namespace {

std::string hopeless_need(const Service& service, const ServiceSet& services, int depth) {
    for (const ServiceSet::Blocker& blocker : services.blockers_of(service)) {
        if (blocker.relation != Relation::Needs && blocker.relation != Relation::Members) {
            continue;
        }
        const std::string who =
            (blocker.relation == Relation::Needs ? "needs " : "its member ") + blocker.name;
        if (blocker.service == nullptr) {
            return who + ", which does not exist";
        }
        const ServiceState state = blocker.service->snapshot.state;
        if (state == ServiceState::Failed || state == ServiceState::Backoff) {
            const std::string why = trouble_of(*blocker.service, services);
            return who + (state == ServiceState::Failed ? ", which failed" : ", which died") +
                   (why.empty() ? "" : ": " + why);
        }
        if (depth > 0) {
            const std::string why = hopeless_need(*blocker.service, services, depth - 1);
            if (!why.empty()) {
                return std::string(who).append(", which ").append(why);
            }
        }
    }
    return {};
}

}  // namespace

std::string hopeless_need(const Service& service, const ServiceSet& services) {
    constexpr int kMostSteps = 16;  // of a chain; for whoever is farther, who waits answers later
    return hopeless_need(service, services, kMostSteps);
}

}  // namespace mainstay::supervisor
