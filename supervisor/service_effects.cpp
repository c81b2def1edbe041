/// What becomes of the effects of a step: orders of the planner, processes, signals, timers.
#include <cerrno>
#include <utility>

#include "common/signals.h"
#include "supervisor/descriptor_reserve.h"
#include "supervisor/runit_wire.h"
#include "supervisor/service_set.h"
#include "supervisor/words.h"

namespace mainstay::supervisor {

// --- what concerns other services ---------------------------------------------------------------

/// What the directory says now counts from this start on.
/// @returns false where it cannot be used
bool ServiceSet::read_for_start(Service& service) {
    if (!std::exchange(service.fresh, false)) {
        read_again(service);
        connect_shared_logger(service);
        update_graph();
    }
    if (!service.usable) {
        orders_.push_back({service.node, Block{Obstacle::Definition}});
        return false;
    }
    service.definition_changed = false;
    return true;
}

void ServiceSet::perform(Service& service, const CheckNeeds& /*effect*/) {
    const bool is_usable = read_for_start(service);
    add_missing_logger(service);
    wake_logger(service);
    if (is_usable) {
        planner_.check_needs(service.node, orders_);
    }
}

void ServiceSet::perform(Service& service, const Listen& /*effect*/) {
    if (!read_for_start(service)) {
        return;
    }
    if (os_.sockets == nullptr || !service.definition.policy.on_demand) {
        return post(service.id, Demanded{os_.clock.now()});
    }
    const auto awaited = os_.sockets->await(service.id, service.name, service.definition);
    if (!awaited) {
        service.make_history().exec_fault = awaited.error();
        os_.state.save(service, {.fault = true});
        post(service.id, ListenFailed{os_.clock.now()});
    } else if (service.exec_fault() != nullptr) {
        service.history->exec_fault.reset();
        os_.state.save(service, {.fault = true});
    }
}

void ServiceSet::service_is_demanded(ServiceId service) {
    post(service, Demanded{os_.clock.now()});
}

void ServiceSet::perform(Service& service, const StartNeeds& /*effect*/) {
    planner_.start_needs(service.node, orders_);
}

void ServiceSet::perform(Service& service, const CheckDependents& /*effect*/) {
    planner_.check_dependents(service.node, orders_);
}

void ServiceSet::perform(Service& service, const StartMembers& /*effect*/) {
    planner_.start_members(service.node, orders_);
}

void ServiceSet::perform(Service& service, const StopMembers& /*effect*/) {
    planner_.stop_members(service.node, orders_);
}

void ServiceSet::perform(Service& service, const TakeDown& effect) {
    if (stopping_) {
        return;
    }
    os_.journal.error(service.name + ": its on-failure-action is " +
                      std::string(to_string(effect.action)));
    switch (effect.action) {
        case FailureAction::Reboot:
            return os_.system.reboot();
        case FailureAction::Poweroff:
            return os_.system.power_off();
        case FailureAction::Exit:
            return os_.system.exit_with(
                static_cast<std::uint8_t>(service.snapshot.last_exit.shell_code()));
        case FailureAction::None:
        case FailureAction::Exec:
            return;
    }
}

// --- processes ----------------------------------------------------------------------------------

void ServiceSet::perform(Service& service, const Spawn& effect) {
    if (os_.processes.is_crowded()) {
        waiting_births_.push_back({service.id, effect});
    } else {
        begin_after_script(service, effect);
    }
}

/// As runsv has it: control/u comes before each start of ./run.
void ServiceSet::begin_after_script(Service& service, const Spawn& effect) {
    const auto then = [this, id = service.id, effect](ScriptOutcome /*whatever it says*/) {
        if (Service* its = still_to_be_begun(id, effect)) {
            begin(*its, effect);
        }
    };
    const bool waits =
        effect.role == Role::Run && os_.scripts != nullptr && os_.scripts->run(service, 'u', then);
    if (!waits) {
        begin(service, effect);
    }
}

/// What was to be started and shall stop by now is not started to be stopped.
/// @returns null where there is nothing (any more) to be begun
Service* ServiceSet::still_to_be_begun(ServiceId id, const Spawn& effect) {
    Service* service = get(id);
    const bool is_start = effect.role == Role::Setup || effect.role == Role::Run;
    if (service != nullptr && is_start && must_stop(service->snapshot)) {
        post(id, SpawnFailed{effect.generation, os_.clock.now()});
        return nullptr;
    }
    return service;
}

/// In the order in which they were asked for.
void ServiceSet::births_may_go_on() {
    while (!waiting_births_.empty() && !os_.processes.is_crowded()) {
        const auto [id, effect] = waiting_births_.front();
        waiting_births_.pop_front();
        if (Service* service = still_to_be_begun(id, effect)) {
            begin_after_script(*service, effect);
        }
    }
}

void ServiceSet::begin(Service& service, const Spawn& effect) {
    const bool is_run = effect.role == Role::Run;
    Changed forgotten;
    if (service.exec_fault() != nullptr && (is_run || effect.role == Role::Setup)) {
        service.history->exec_fault.reset();
        forgotten.fault = true;
    }
    if (is_run) {
        service.stop_signal_replaced = false;
    }
    forgotten.words = is_run && std::exchange(service.words, nullptr) != nullptr;
    auto what = prepare(service, effect);
    if (!what) {
        return spawn_failed(service, effect.generation, what.error());
    }
    if (is_run || forgotten.fault) {
        os_.state.save(service, forgotten);
    }
    what->pid_word =
        os_.state.expect({service.id, effect.generation},
                         is_run ? state_table::Role::Run : state_table::Role::Auxiliary);
    const auto pid = os_.processes.spawn({service.id, effect.generation}, *what);
    if (!pid) {
        return spawn_failed(service, effect.generation, pid.error());
    }
    post(service.id, Spawned{effect.generation, *pid});
}

Result<SpawnPlan, ExecFault> ServiceSet::prepare(Service& service, const Spawn& effect) {
    const auto streams =
        os_.outputs.streams_of(output_request(service.id, service.name, service.definition));
    if (!streams) {
        return descriptor_fault(streams.error());
    }
    SpawnPlan what = plan(service, effect.role, *streams);
    const CgroupEntry cgroup =
        os_.cgroups.enter(service.id, service.name, service.definition.cgroup());
    what.cgroup = cgroup.directory;
    if (effect.role == Role::Run) {
        // Those of former runs are not counted to this one.
        service.oom_kills = cgroup.is_new ? 0 : os_.cgroups.oom_kills(service.id);
    }
    if (effect.role == Role::Run) {
        TRY(const Channel channel,
            os_.readiness.open({service.id, effect.generation}, service.name, service.definition));
        add_channel(what, channel);
        if (os_.sockets != nullptr) {
            TRY(const PassedSockets passed,
                os_.sockets->open(service.id, service.name, service.definition));
            add_sockets(what, passed);
        }
    }
    return what;
}

SpawnPlan ServiceSet::plan(const Service& service, Role role, Streams streams) const {
    const Definition& definition = service.definition;
    const Programs& programs = definition.programs();
    switch (role) {
        case Role::Setup:
            return plan_setup(definition, streams);
        case Role::Run:
            return plan_run(definition, streams);
        case Role::Stop:
            return plan_steering(definition, programs.stop, service.snapshot.pid, streams);
        case Role::Reload:
            return plan_steering(definition, programs.reload, service.snapshot.pid, streams);
        case Role::Failure:
            return plan_program(definition, programs.on_failure, streams);
        case Role::Finish:
            break;
    }
    return plan_finish(definition,
                       {service.name, service.snapshot.last_exit, service.process_group}, streams);
}

void ServiceSet::spawn_failed(Service& service, std::uint32_t generation, ExecFault fault) {
    const Snapshot& s = service.snapshot;
    const bool is_auxiliary = s.has_auxiliary && s.auxiliary_generation == generation;
    if (is_auxiliary && s.auxiliary != Role::Setup) {
        os_.journal.warning(service.name + ": " + std::string(to_string(s.auxiliary)) +
                            " not run: " + text_of(fault));
    } else if (is_auxiliary || (s.has_run && s.generation == generation)) {
        service.make_history().exec_fault = std::move(fault);
        os_.state.save(service, {.fault = true});
    }
    post(service.id, SpawnFailed{generation, os_.clock.now()});
}

void ServiceSet::perform(Service& service, const Kill& effect) {
    if (!ask_script(service, effect)) {
        send(service, effect);
    }
}

/// A script of control/ that succeeds takes the place of the signal. When the run is to end for
/// good, control/d (or x, where it leaves) follows.
bool ServiceSet::ask_script(const Service& service, const Kill& effect) {
    const Snapshot& s = service.snapshot;
    const char letter = control_letter(effect.signal);
    const bool is_its_own = effect.generation == s.generation && effect.target == Target::Process;
    const bool follows_the_end = effect.signal == SIGCONT && s.state == ServiceState::Stopping;
    if (os_.scripts == nullptr || letter == 0 || !is_its_own || follows_the_end) {
        return false;
    }
    const auto then = [this, id = service.id, effect](ScriptOutcome outcome) {
        Service* its = get(id);
        const bool is_same_run = its != nullptr && its->snapshot.generation == effect.generation;
        if (is_same_run && outcome == ScriptOutcome::Succeeded) {
            its->stop_signal_replaced = effect.signal == its->definition.policy.stop_signal;
            tell_observers(*its);
        } else if (is_same_run) {
            send(*its, effect);
        }
    };
    const bool has_one = os_.scripts->run(service, letter, then);
    if (effect.signal == service.definition.policy.stop_signal && s.wanted != Wanted::Up) {
        os_.scripts->run(service, s.retired ? 'x' : 'd', [](ScriptOutcome) {});
    }
    return has_one;
}

void ServiceSet::send(Service& service, const Kill& effect) {
    if (effect.signal == SIGKILL && effect.target == Target::Group) {
        os_.journal.warning(service.name + ": does not end, pid " + std::to_string(effect.pid) +
                            " and its process group are killed");
    }
    const auto sent =
        os_.processes.kill({service.id, effect.generation}, effect.signal, effect.target);
    if (!sent && sent.error().code != ESRCH) {
        os_.journal.error(service.name + ": signal " + std::string(signal_name(effect.signal)) +
                          " to pid " + std::to_string(effect.pid) + ": " +
                          errno_text(sent.error().code));
    }
}

void ServiceSet::perform(Service& service, const CloseInput& /*effect*/) {
    os_.outputs.close_input(service.id);
}

// --- timers -------------------------------------------------------------------------------------

void ServiceSet::perform(Service& service, const Arm& effect) {
    if (effect.kind == TimerKind::Auxiliary) {
        call_when_auxiliary_due(service, effect.after, effect.timer);
    } else {
        call_when_due(service, effect.after, effect.timer);
    }
}

// What the callbacks hold fits into a std::function without memory of its own.

void ServiceSet::call_when_due(Service& service, Duration after, std::uint32_t number) {
    os_.clock.cancel(service.timer);
    service.timer = os_.clock.call_after(after, [this, id = service.id, number] {
        if (const Service* due = find(id)) {
            post(id, TimedOut{timer_of(due->snapshot.state), number});
        }
    });
}

void ServiceSet::call_when_auxiliary_due(Service& service, Duration after, std::uint32_t number) {
    os_.clock.cancel(service.auxiliary_timer);
    service.auxiliary_timer = os_.clock.call_after(after, [this, id = service.id, number] {
        post(id, TimedOut{TimerKind::Auxiliary, number});
    });
}

void ServiceSet::perform(Service& service, const Disarm& effect) {
    const bool is_auxiliary = effect.kind == TimerKind::Auxiliary;
    TimerId& timer = is_auxiliary ? service.auxiliary_timer : service.timer;
    os_.clock.cancel(std::exchange(timer, kNoTimer));
}

}  // namespace mainstay::supervisor
