/// The one queue of events, and what is noted of each.
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include "supervisor/service_set.h"
#include "supervisor/words.h"

namespace mainstay::supervisor {
namespace {

bool is_start(const Event& event) noexcept {
    return std::holds_alternative<WantUp>(event) || std::holds_alternative<WantOnce>(event) ||
           std::holds_alternative<Restart>(event) || std::holds_alternative<TryRestart>(event) ||
           std::holds_alternative<StartAlong>(event);
}

bool is_setup(const Snapshot& s, std::uint32_t generation) noexcept {
    return s.has_auxiliary && s.auxiliary == Role::Setup && s.auxiliary_generation == generation;
}

DeathCause cause_of_death(const Snapshot& s) noexcept {
    switch (s.failure) {
        case Failure::NotReady:
            return DeathCause::NotReady;
        case Failure::Watchdog:
            return DeathCause::Watchdog;
        case Failure::None:
        case Failure::SaidByFinish:
        case Failure::PermanentStatus:
        case Failure::RestartLimit:
        case Failure::NotRestarted:
        case Failure::RanOnce:
            break;
    }
    const bool was_told =
        s.state == ServiceState::Stopping && s.stop_stage != StopStage::Dependents;
    return was_told ? DeathCause::AskedFor : DeathCause::Itself;
}

}  // namespace

void ServiceSet::post(ServiceId service, const Event& event) {
    queue_.push_back({service, event});
    if (!draining_ && batches_ == 0) {
        drain();
    }
}

void ServiceSet::drain() {
    draining_ = true;
    while (!queue_.empty()) {
        const Pending pending = queue_.front();
        queue_.pop_front();
        Service* service = get(pending.service);
        const bool counts = service != nullptr && !is_refused(*service, pending.event) &&
                            planner_.confirm(service->node, pending.event, orders_);
        if (counts) {
            handle(*service, complete(*service, pending.event));
        }
        queue_orders();
    }
    draining_ = false;
}

void ServiceSet::queue_orders() {
    for (const Planner::Order& order : orders_) {
        if (const Service* service = at(order.node)) {
            queue_.push_back({service->id, order.event});
        }
    }
    orders_.clear();
}

bool ServiceSet::is_refused(const Service& service, const Event& event) const noexcept {
    return is_start(event) && (stopping_ || service.leaving);
}

/// Says what only the definition knows.
Event ServiceSet::complete(const Service& service, const Event& event) const noexcept {
    if (!std::holds_alternative<Reload>(event)) {
        return event;
    }
    const bool has_program = !service.definition.programs().reload.empty();
    return Reload{has_program ? 0 : service.definition.reload_signal};
}

void ServiceSet::handle(Service& service, const Event& event) {
    if (service.is_shared) {
        // While somebody writes it cannot read to the end, and is stopped as others are.
        service.definition.policy.drains_input = !has_live_writer(service);
    }
    const Step made = step(service.snapshot, event, service.definition.policy);
    const Changed noted = made.ignored ? Changed() : note(service, event);
    const Snapshot before = std::exchange(service.snapshot, made.next);
    if (before.state != service.snapshot.state) {
        service.since = os_.clock.age_clock();
    }
    const bool has_changed = !(before == service.snapshot);
    note_timers(service, made.effects);
    if (has_changed) {
        save(service, noted, made.effects);
    }
    for (const Effect& effect : made.effects) {
        std::visit([&](const auto& e) { perform(service, e); }, effect);
    }
    os_.state.performed(service.id);
    if (has_changed || !planner_.is_settled(service.node)) {
        planner_.changed(service.node, before, orders_);
    }
    if (has_changed) {
        state_changed(service, before);
        tell_observers(service);
    }
    go_on_leaving(service);
}

void ServiceSet::tell_observers(const Service& service) {
    for (ServiceObserver* observer : observers_) {
        observer->service_changed(service);
    }
}

/// Before the effects: whoever finds it does them, or does them again.
void ServiceSet::save(Service& service, Changed changed, const Effects& effects) {
    const bool has_effects = std::any_of(effects.begin(), effects.end(), is_to_be_performed);
    changed.by = has_effects ? Changed::By::StepWithEffects : Changed::By::Step;
    os_.state.save(service, changed);
}

void ServiceSet::note_timers(Service& service, const Effects& effects) noexcept {
    for (const Effect& effect : effects) {
        if (const auto* arm = std::get_if<Arm>(&effect)) {
            const bool is_auxiliary = arm->kind == TimerKind::Auxiliary;
            (is_auxiliary ? service.auxiliary_due : service.timer_due) =
                os_.clock.now() + arm->after;
        }
    }
}

/// Keeps what an event tells beyond the snapshot; the snapshot is still the one before it.
Changed ServiceSet::note(Service& service, const Event& event) {
    const auto is_of_run = [&](const auto* of) {
        return of != nullptr && service.snapshot.has_run &&
               of->generation == service.snapshot.generation;
    };
    const ProcessKey key{service.id, service.snapshot.generation};
    if (const auto* ended = std::get_if<Exited>(&event);
        ended != nullptr && is_setup(service.snapshot, ended->generation)) {
        service.make_history().setup_exit = ended->status;
    }
    if (const auto* spawned = std::get_if<Spawned>(&event); is_of_run(spawned)) {
        service.process_group = spawned->pid;
        os_.readiness.born(key, spawned->pid);
    } else if (is_of_run(std::get_if<Executed>(&event))) {
        if (service.history) {
            service.history->said_shortage = false;
        }
        service.executed = os_.clock.now();
        os_.readiness.executed(key, service.definition);
    } else if (const auto* exited = std::get_if<Exited>(&event); is_of_run(exited)) {
        os_.readiness.close(key);
        note_death(service, *exited);
        return {.deaths = true};
    } else if (is_of_run(std::get_if<SpawnFailed>(&event))) {
        os_.readiness.close(key);
    } else if (const auto* main = std::get_if<MainPid>(&event); is_of_run(main)) {
        os_.state.main_process(key, main->pid, os_.processes.begun(key));
    }
    return {};
}

void ServiceSet::note_death(Service& service, const Exited& exit) {
    DeathRecord record;
    record.at = os_.clock.age_clock();
    record.lived = exit.lived;
    record.status = exit.status;
    record.cause = cause_of_death(service.snapshot);
    const bool was_killed =
        exit.status.kind == ExitStatus::Kind::Signaled && exit.status.value == SIGKILL;
    record.out_of_memory = was_killed && os_.cgroups.oom_kills(service.id) > service.oom_kills;
    service.make_history().deaths.add(record);
}

/// The last death is one that led to another start by itself.
void ServiceSet::note_restart(Service& service, const Snapshot& before) {
    const bool was_up = before.has_run || before.state == ServiceState::Finishing;
    if (was_up && !before.by_hand && !before.held && service.history &&
        service.history->deaths.size() > 0) {
        service.history->deaths.newest().restarted = true;
        os_.state.save(service, {.deaths = true});
    }
}

void ServiceSet::state_changed(Service& service, const Snapshot& before) {
    const Snapshot& now = service.snapshot;
    if (has_process(before) && !has_process(now)) {
        kill_leftovers(service);
    }
    follow_with_sockets(service, before);
    if (now.state == before.state) {
        return;
    }
    if (now.state == ServiceState::Backoff) {
        note_restart(service, before);
        report_backoff(service);
    } else if (now.state == ServiceState::Waiting) {
        note_restart(service, before);
    } else if (now.state == ServiceState::Failed) {
        report_failure(service);
    }
}

/// Whoever comes is the service's from its start on, and nobody's once it rests.
void ServiceSet::follow_with_sockets(const Service& service, const Snapshot& before) {
    const Snapshot& now = service.snapshot;
    if (os_.sockets == nullptr) {
        return;
    }
    if (before.listening && !now.listening) {
        os_.sockets->stop_waiting(service.id);
    }
    if (is_resting(now.state) && !is_resting(before.state)) {
        os_.sockets->close(service.id, service.definition);
    }
}

/// A shortage of descriptors is the machine's, not the service's: many wait for its end, and each
/// says so once, not at each try.
void ServiceSet::report_backoff(Service& service) {
    const ExecFault* fault = service.exec_fault();
    const bool is_shortage = fault != nullptr && (fault->code == EMFILE || fault->code == ENFILE);
    if (is_shortage && std::exchange(service.make_history().said_shortage, true)) {
        return;
    }
    os_.journal.warning(service.name + ": " + how_it_ended(service) + "; next start in " +
                        text_of(service.timer_due - os_.clock.now()) +
                        (is_shortage ? ", and again until there are some" : ""));
}

void ServiceSet::report_failure(const Service& service) {
    const bool was_tried = service.snapshot.obstacle == Obstacle::None;
    os_.journal.error(service.name +
                      ": failed: " + (was_tried ? how_it_ended(service) + "; " : std::string()) +
                      cause_of(service));
}

void ServiceSet::kill_leftovers(Service& service) {
    if (service.definition.leftovers == Leftovers::Kill && !os_.cgroups.kill_members(service.id) &&
        service.process_group > 0) {
        os_.sessions.kill_members(service.process_group);
    }
}

// --- what the world says ------------------------------------------------------------------------

void ServiceSet::process_executed(ProcessKey key) {
    post(key.service, Executed{key.generation});
}

void ServiceSet::process_not_executed(ProcessKey key, const ExecFault& fault) {
    if (Service* service = get(key.service)) {
        spawn_failed(*service, key.generation, fault);
    }
}

void ServiceSet::process_exited(ProcessKey key, ExitStatus status, Duration lived) {
    post(key.service, Exited{key.generation, status, lived, os_.clock.now()});
}

}  // namespace mainstay::supervisor
