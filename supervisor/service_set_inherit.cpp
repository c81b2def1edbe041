/// Going on where a dead supervisor was: what it left of each service, and what is to be done about
/// it. Which moments of its death lead where: docs/decisions/0041.
#include <algorithm>
#include <csignal>
#include <utility>

#include "supervisor/service_id.h"
#include "supervisor/service_set.h"
#include "supervisor/state_record.h"

namespace mainstay::supervisor {
namespace {

namespace table = state_table;

/// Of processes that belong to nothing that can be named.
constexpr ServiceId kNobody = ~ServiceId{0};

bool may_live(const table::ProcessWords& words) noexcept {
    return words.pid > 0 && !table::has_ended(words);
}

bool may_live(const KnownService& known) noexcept {
    return may_live(known.process(table::Role::Run)) ||
           may_live(known.process(table::Role::Main)) ||
           may_live(known.process(table::Role::Auxiliary));
}

/// Whether what it was fits what its directory says that it is: a group has no process, and nothing
/// else has members.
bool is_of_kind(const Snapshot& s, ServiceType type) noexcept {
    if (type == ServiceType::Group) {
        return !has_process(s);
    }
    const bool has_members = s.members_started || (s.state == ServiceState::Stopping &&
                                                   s.stop_stage == StopStage::Members);
    return !has_members &&
           (has_process(s) || !(is_running(s.state) || s.state == ServiceState::Stopping));
}

/// Nothing is known of it but its processes.
Snapshot snapshot_of_stray(const KnownService& known) noexcept {
    const table::ProcessWords& run = known.process(table::Role::Run);
    const table::ProcessWords& auxiliary = known.process(table::Role::Auxiliary);
    Snapshot s;
    s.generation = run.generation;
    s.auxiliary_generation = auxiliary.generation;
    s.has_run = may_live(run) || may_live(known.process(table::Role::Main));
    s.pid = s.has_run ? run.pid : 0;
    s.has_auxiliary = may_live(auxiliary);
    s.auxiliary_pid = s.has_auxiliary ? auxiliary.pid : 0;
    s.auxiliary = s.has_run ? Role::Reload : Role::Finish;
    s.state = s.has_run ? ServiceState::Ready : ServiceState::Finishing;
    return s;
}

/// What runs of it runs on, as what its directory says; nothing else is believed of it.
void make_sound(KnownService& known, Duration now) {
    known.snapshot = snapshot_of_stray(known);
    known.snapshot.wanted = Wanted::Up;
    known.is_sound = true;
    known.begun = true;
    known.performed = true;
    known.leaving = false;
    known.definition_changed = false;
    known.since = now;
    known.executed = MonotonicTime();
    known.oom_kills = 0;
}

/// When its program began; zero where nobody saw it begin.
MonotonicTime begin_of_run(const Service& service) noexcept {
    const Snapshot& s = service.snapshot;
    const bool was_seen =
        is_running(s.state) || (s.state == ServiceState::Stopping && is_running(s.resume));
    return was_seen ? service.executed : MonotonicTime();
}

/// It has not been born yet, and shall not be any more.
bool is_not_wanted(const Service& service) noexcept {
    const Snapshot& s = service.snapshot;
    return service.leaving || s.wanted == Wanted::Down || s.held || s.obstacle != Obstacle::None ||
           s.failure != Failure::None;
}

Fate fate_in(const table::ProcessWords& words) noexcept {
    return {false, (words.exit & table::kExitNotExecuted) == 0,
            ExitStatus::from_wait(table::wait_status(words.exit))};
}

FormerProcess former(const table::ProcessWords& words, MonotonicTime executed) noexcept {
    return {words.pid, std::chrono::duration_cast<Duration>(std::chrono::nanoseconds(words.begun)),
            executed};
}

}  // namespace

// --- what there was ---------------------------------------------------------------------------

void ServiceSet::inherit(KnownState known) {
    first_incarnation_ = known.last_incarnation;
    for (const std::string& problem : known.problems) {
        os_.journal.error(problem);
    }
    std::vector<std::pair<std::string, NodeId>> names;
    std::uint32_t strays = 0;
    for (KnownService& service : known.services) {
        if (!service.name.empty()) {
            names.emplace_back(service.name, node_of(service.id));
            known_.emplace(service.name, std::move(service));
            continue;
        }
        for (const table::ProcessWords& words : service.processes) {
            const ProcessKey key{kNobody, ++strays};
            if (may_live(words) && os_.processes.resume(key, former(words, {})).is_alive) {
                static_cast<void>(os_.processes.kill(key, SIGKILL, Target::Group));
            }
        }
    }
    graph_.restore(names);
}

KnownService* ServiceSet::find_known(std::string_view name) noexcept {
    const auto found = known_.find(name);
    return found == known_.end() ? nullptr : &found->second;
}

/// One that cannot go on as what it is now: what runs of it ends first.
/// @returns whether that is so
bool ServiceSet::add_what_changed_its_kind(const std::string& name, const std::string& path,
                                           const LoadedDefinition& loaded) {
    KnownService* known = find_known(name);
    if (known != nullptr && !known->is_sound && may_live(*known)) {
        make_sound(*known, os_.clock.age_clock());
    }
    const bool goes_on =
        known == nullptr || !known->begun ||
        (known->is_sound && is_of_kind(known->snapshot, loaded.definition.policy.type));
    if (goes_on) {
        return false;
    }
    if (!may_live(*known)) {
        known->begun = false;
        return false;
    }
    os_.journal.warning(name + ": cannot go on as it is now; what runs of it is stopped first");
    add_to_be_stopped(*known);
    to_be_added_[name] = path;
    return true;
}

/// Of which no definition is known: it ends as services do that have none.
void ServiceSet::add_to_be_stopped(KnownService& known) {
    if (!known.is_sound || known.snapshot.members_started) {
        known.snapshot = snapshot_of_stray(known);
        known.is_sound = true;
    }
    known.begun = true;
    known.leaving = true;
    const std::string name = known.name;
    create(name, LoadedDefinition());
}

void ServiceSet::end_inheritance() {
    while (!known_.empty()) {
        KnownService& known = known_.begin()->second;
        if (may_live(known)) {
            os_.journal.warning(known.name + ": its directory is gone; it is stopped");
            add_to_be_stopped(known);
        } else {
            os_.state.forget(known.id);
            graph_.release_if_unused(node_of(known.id));
            known_.erase(known_.begin());
        }
    }
}

/// What it was, in a service that was just made.
void ServiceSet::restore(Service& service, KnownService& known) {
    if (known.begun) {
        service.snapshot = known.snapshot;
        service.leaving = known.leaving;
        service.is_shared = known.is_shared;
        service.since = known.since;
        service.executed = known.executed;
        service.timer_due = known.timer_due;
        service.auxiliary_due = known.auxiliary_due;
        service.oom_kills = known.oom_kills;
        service.process_group = known.process(table::Role::Run).pid;
        if (known.history) {
            known.history->problems =
                service.history ? std::move(service.history->problems) : std::vector<std::string>();
            service.history = std::move(known.history);
        }
        service.words = std::move(known.words);
        if (has_process(service.snapshot)) {
            service.definition_changed =
                known.definition_changed || known.definition != service.definition_hash;
            service.definition_hash = known.definition;
        }
    }
    auto taken = known_.extract(known_.find(known.name));
    if (taken.mapped().begun) {
        resumed_.push_back(std::move(taken.mapped()));
    }
}

// --- what is to be done about it --------------------------------------------------------------

void ServiceSet::resume_inherited() {
    const std::vector<KnownService> resumed = std::exchange(resumed_, {});
    for (const KnownService& known : resumed) {
        if (Service* service = get(known.id)) {
            resume(*service, known);
        }
    }
    if (!resumed.empty()) {
        planner_.resume(orders_);
    }
}

void ServiceSet::resume(Service& service, const KnownService& known) {
    os_.cgroups.resume(service.id, service.name);
    const OutputRequest request = output_request(service.id, service.name, service.definition);
    if (has_process(service.snapshot)) {
        // Its output goes on from here, however much of it is known.
        static_cast<void>(os_.outputs.streams_of(request));
    } else {
        os_.outputs.describe(request);
    }
    resume_timers(service);
    if (os_.sockets != nullptr && !is_resting(service.snapshot.state)) {
        os_.sockets->resume(service.id);
    }
    if (service.snapshot.has_run) {
        resume_run(service, known);
    }
    if (service.snapshot.has_auxiliary) {
        resume_auxiliary(service, known);
    }
    finish_leftovers(service);
    const Effects effects =
        supervisor::resume(service.snapshot, service.definition.policy,
                           known.performed ? Performed::Yes : Performed::Unknown);
    for (const Effect& effect : effects) {
        std::visit([&](const auto& e) { perform(service, e); }, effect);
    }
    if (service.leaving) {
        post(service.id, Retire{});
    }
}

/// They are killed as its last process ends, after that is written down: so they may have been
/// left. By cgroup alone, as its session's number may be somebody else's by now.
void ServiceSet::finish_leftovers(const Service& service) {
    const bool has_some = !has_process(service.snapshot) &&
                          service.definition.leftovers == Leftovers::Kill &&
                          !os_.cgroups.members(service.id).empty();
    if (has_some) {
        static_cast<void>(os_.cgroups.kill_members(service.id));
    }
}

/// With the time that is left of them.
void ServiceSet::resume_timers(Service& service) {
    const Snapshot& s = service.snapshot;
    const auto left = [&](MonotonicTime due) {
        return std::max(due - os_.clock.now(), Duration::zero());
    };
    if (s.timer_armed) {
        call_when_due(service, left(service.timer_due), s.timer);
    }
    const bool has_timer = s.auxiliary == Role::Reload || s.auxiliary == Role::Failure;
    if (s.has_auxiliary && has_timer && service.definition.policy.start_timeout < kForever) {
        call_when_auxiliary_due(service, left(service.auxiliary_due), s.auxiliary_generation);
    }
}

void ServiceSet::resume_run(Service& service, const KnownService& known) {
    const Snapshot& s = service.snapshot;
    const ProcessKey key{service.id, s.generation};
    const table::ProcessWords& run = known.process(table::Role::Run);
    const table::ProcessWords& named = known.process(table::Role::Main);
    if (run.generation != s.generation || run.pid == 0) {
        // It was asked for, and its supervisor died before it was born.
        return is_not_wanted(service) ? post(service.id, SpawnFailed{s.generation, os_.clock.now()})
                                      : perform(service, Spawn{Role::Run, s.generation});
    }
    const bool has_named = named.generation == s.generation && named.pid != 0;
    const table::ProcessWords& process = has_named ? named : run;
    os_.readiness.resume(
        {key, run.pid, process.pid, is_running(s.state), s.state == ServiceState::Ready},
        service.name, service.definition);
    const Fate fate = table::has_ended(process)
                          ? fate_in(process)
                          : os_.processes.resume(key, former(process, begin_of_run(service)));
    if (s.pid == 0) {
        post(service.id, Spawned{s.generation, run.pid});
    }
    if (!fate.is_alive) {
        return resume_ended(service, s.generation, fate);
    }
    const bool may_be_starting =
        s.state == ServiceState::Starting || s.state == ServiceState::Stopping;
    if (fate.was_executed && may_be_starting) {
        post(service.id, Executed{s.generation});
    }
}

void ServiceSet::resume_auxiliary(Service& service, const KnownService& known) {
    const Snapshot& s = service.snapshot;
    const ProcessKey key{service.id, s.auxiliary_generation};
    const table::ProcessWords& process = known.process(table::Role::Auxiliary);
    if (process.generation != s.auxiliary_generation || process.pid == 0) {
        const bool is_void = (s.auxiliary == Role::Setup && is_not_wanted(service)) ||
                             s.state == ServiceState::Waiting || s.state == ServiceState::Down;
        return is_void ? post(service.id, SpawnFailed{s.auxiliary_generation, os_.clock.now()})
                       : perform(service, Spawn{s.auxiliary, s.auxiliary_generation});
    }
    const Fate fate = table::has_ended(process) ? fate_in(process)
                                                : os_.processes.resume(key, former(process, {}));
    if (s.auxiliary_pid == 0) {
        post(service.id, Spawned{s.auxiliary_generation, process.pid});
    }
    if (!fate.is_alive) {
        resume_ended(service, s.auxiliary_generation, fate);
    }
}

/// It ended while nobody looked, or nobody came to act on it.
void ServiceSet::resume_ended(Service& service, std::uint32_t generation, const Fate& fate) {
    if (!fate.was_executed) {
        return spawn_failed(service, generation,
                            {"exec", "", 0, "why was lost with the supervisor that tried it"});
    }
    const bool is_run = service.snapshot.has_run && service.snapshot.generation == generation;
    const MonotonicTime begun = begin_of_run(service);
    const bool is_known = is_run && begun != MonotonicTime();
    const Duration lived = is_known ? os_.clock.now() - begun : Duration::zero();
    post(service.id,
         Exited{generation, fate.status, std::max(lived, Duration::zero()), os_.clock.now()});
}

}  // namespace mainstay::supervisor
