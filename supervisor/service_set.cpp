#include "supervisor/service_set.h"

#include <cerrno>
#include <utility>

#include "common/signals.h"
#include "supervisor/descriptor_reserve.h"
#include "supervisor/words.h"

namespace mainstay::supervisor {
namespace {

bool is_start(const Event& event) noexcept {
    return std::holds_alternative<WantUp>(event) || std::holds_alternative<WantOnce>(event) ||
           std::holds_alternative<Restart>(event);
}

/// Of the last start: why it came to nothing, or how its run ended.
std::string how_it_ended(const Service& service) {
    if (service.exec_fault) {
        return text_of(*service.exec_fault);
    }
    return std::string(to_text(service.snapshot.last_exit).view()) + " after " +
           text_of(service.snapshot.last_lived);
}

}  // namespace

// --- which services there are ---------------------------------------------------------------

void ServiceSet::add(const std::string& name, const std::string& path) {
    if (stopping_) {
        return;
    }
    if (const auto known = by_name_.find(name); known != by_name_.end()) {
        if (get(known->second)->leaving) {
            to_be_added_[name] = path;
        }
        return;
    }
    Service& service = create(name, os_.definitions.load(path));
    if (service.definition.has_log) {
        add_logger(service);
    }
    const ServiceId id = service.id;
    if (service.logger) {
        start_unless_down(*get(*service.logger));
    }
    start_unless_down(*get(id));
}

void ServiceSet::add_logger(Service& service) {
    LoadedDefinition loaded = os_.definitions.load(service.definition.path + "/" + kLogDirectory);
    Service& logger = create(service.name + "/" + kLogDirectory, std::move(loaded));
    if (const auto connected = os_.outputs.connect(service.id, logger.id); !connected) {
        os_.journal.error(service.name + ": no pipe to its logger: " +
                          errno_text(connected.error().code) + "; its output stays in memory");
        forget(logger.id);
        return;
    }
    // As runsv has it: the finish program of a logger is not run.
    logger.definition.policy.has_finish = false;
    logger.definition.policy.drains_input = true;
    logger.feeder = service.id;
    service.logger = logger.id;
}

Service& ServiceSet::create(const std::string& name, LoadedDefinition loaded) {
    for (const std::string& problem : loaded.problems) {
        os_.journal.warning(std::string(name).append(": ").append(problem));
    }
    auto service = std::make_unique<Service>();
    service->id = ++last_id_;
    service->name = name;
    service->definition = std::move(loaded.definition);
    service->since = os_.clock.age_clock();
    Service& created = *service;
    by_name_[name] = created.id;
    services_[created.id] = std::move(service);
    ++unsettled_;
    return created;
}

void ServiceSet::start_unless_down(const Service& service) {
    if (service.definition.has_down_file) {
        post(service.id, WantDown{});
    } else {
        post(service.id, WantUp{});
    }
}

void ServiceSet::remove(const std::string& name) {
    to_be_added_.erase(name);
    const auto known = by_name_.find(name);
    if (known == by_name_.end()) {
        return;
    }
    get(known->second)->leaving = true;
    post(known->second, Retire{});
}

void ServiceSet::stop_all() {
    stopping_ = true;
    to_be_added_.clear();
    for (const ServiceId id : all()) {
        const Service* service = find(id);
        if (service != nullptr && !service->feeder) {
            post(id, Retire{});
        }
    }
}

/// What a stopped service that retires leaves to be done: its logger is next, then both go.
void ServiceSet::go_on_leaving(Service& service) {
    if (!service.snapshot.retired || !is_resting(service.snapshot.state)) {
        return;
    }
    Service* logger = service.logger ? get(*service.logger) : nullptr;
    if (logger != nullptr && !logger->snapshot.retired) {
        logger->leaving = service.leaving;
        post(logger->id, Retire{});
        return;
    }
    if (!service.leaving) {
        return;
    }
    if (service.feeder) {
        const ServiceId feeder = *service.feeder;
        forget(service.id);
        forget(feeder);
    } else if (logger == nullptr) {
        forget(service.id);
    }
}

void ServiceSet::forget(ServiceId id) {
    const auto found = services_.find(id);
    if (found == services_.end()) {
        return;
    }
    const std::string name = found->second->name;
    os_.clock.cancel(found->second->timer);
    os_.clock.cancel(found->second->auxiliary_timer);
    unsettled_ -= found->second->settled ? 0 : 1;
    by_name_.erase(name);
    services_.erase(found);
    os_.outputs.forget(id);
    for (ServiceObserver* observer : observers_) {
        observer->service_forgotten(id);
    }
    if (auto again = to_be_added_.extract(name)) {
        add(name, again.mapped());
    }
}

// --- the queue --------------------------------------------------------------------------------

void ServiceSet::post(ServiceId service, const Event& event) {
    queue_.push_back({service, event});
    if (!draining_) {
        drain();
    }
}

void ServiceSet::drain() {
    draining_ = true;
    while (!queue_.empty()) {
        const Pending pending = queue_.front();
        queue_.pop_front();
        Service* service = get(pending.service);
        if (service != nullptr && !is_refused(*service, pending.event)) {
            handle(*service, pending.event);
        }
    }
    draining_ = false;
}

bool ServiceSet::is_refused(const Service& service, const Event& event) const noexcept {
    return is_start(event) && (stopping_ || service.leaving);
}

void ServiceSet::handle(Service& service, const Event& event) {
    const Step made = step(service.snapshot, event, service.definition.policy);
    if (!made.ignored) {
        note(service, event);
    }
    const Snapshot before = std::exchange(service.snapshot, made.next);
    const bool has_new_state = before.state != service.snapshot.state;
    if (has_new_state) {
        service.since = os_.clock.age_clock();
        service.cause.clear();
    }
    for (const Effect& effect : made.effects) {
        std::visit([&](const auto& e) { perform(service, e); }, effect);
    }
    if (has_new_state) {
        state_changed(service);
    }
    settle(service);
    if (!(before == service.snapshot)) {
        for (ServiceObserver* observer : observers_) {
            observer->service_changed(service);
        }
    }
    go_on_leaving(service);
}

/// Keeps what an event tells beyond the snapshot; the snapshot is still the one before it.
void ServiceSet::note(Service& service, const Event& event) {
    const auto is_run = [&](const auto* of) {
        return of != nullptr && of->generation == service.snapshot.generation;
    };
    if (const auto* exited = std::get_if<Exited>(&event); is_run(exited)) {
        service.last_death = {exited->status, exited->lived, os_.clock.age_clock()};
    } else if (const auto* spawned = std::get_if<Spawned>(&event); is_run(spawned)) {
        service.process_group = spawned->pid;
    } else if (std::holds_alternative<Executed>(event)) {
        service.executed = os_.clock.now();
    }
}

void ServiceSet::state_changed(Service& service) {
    const ServiceState state = service.snapshot.state;
    if (state == ServiceState::Backoff) {
        report_backoff(service);
    } else if (state == ServiceState::Failed) {
        service.cause = service.snapshot.wanted == Wanted::Once
                            ? "was to run once, and is not started again"
                            : "its finish program says that it failed for good";
        os_.journal.error(service.name + ": failed: " + how_it_ended(service) + "; " +
                          service.cause);
    }
    Service* feeder = service.feeder ? get(*service.feeder) : nullptr;
    if (feeder != nullptr && feeder->snapshot.state == ServiceState::Waiting) {
        check_needs(*feeder);
    }
}

void ServiceSet::settle(Service& service) {
    const ServiceState state = service.snapshot.state;
    const bool has_outcome =
        state == ServiceState::Ready || state == ServiceState::Backoff || is_resting(state);
    if (has_outcome && !service.settled) {
        service.settled = true;
        --unsettled_;
    }
}

void ServiceSet::report_backoff(const Service& service) {
    os_.journal.warning(service.name + ": " + how_it_ended(service) + "; next start in " +
                        text_of(service.timer_due - os_.clock.now()));
}

/// May it start? A service waits until its logger's start has come to some outcome: a logger that
/// does not work must not keep its service down.
void ServiceSet::check_needs(Service& service) {
    const Service* logger = service.logger ? find(*service.logger) : nullptr;
    if (logger != nullptr && (logger->snapshot.state == ServiceState::Waiting ||
                              logger->snapshot.state == ServiceState::Starting)) {
        service.cause = "waits for " + logger->name + " to start";
        return;
    }
    post(service.id, NeedsMet{});
}

// --- effects ------------------------------------------------------------------------------------

void ServiceSet::perform(Service& service, const CheckNeeds& /*effect*/) {
    check_needs(service);
}

void ServiceSet::perform(Service& service, const StartNeeds& effect) {
    static_cast<void>(service);
    static_cast<void>(effect);
}

void ServiceSet::perform(Service& service, const CheckDependents& /*effect*/) {
    post(service.id, DependentsDown{});
}

void ServiceSet::perform(Service& service, const StartMembers& effect) {
    static_cast<void>(service);
    static_cast<void>(effect);
}

void ServiceSet::perform(Service& service, const StopMembers& effect) {
    static_cast<void>(service);
    static_cast<void>(effect);
}

void ServiceSet::perform(Service& service, const TakeDown& effect) {
    static_cast<void>(service);
    static_cast<void>(effect);
}

void ServiceSet::perform(Service& service, const Spawn& effect) {
    if (effect.role == Role::Run) {
        // What the directory says now counts from this start on.
        const bool is_logger = service.feeder.has_value();
        LoadedDefinition loaded = os_.definitions.load(service.definition.path);
        if (!loaded.usable) {
            for (const std::string& problem : loaded.problems) {
                os_.journal.error(std::string(service.name).append(": ").append(problem));
            }
            spawn_failed(service, effect.generation, {"read", service.definition.path, EINVAL});
            return;
        }
        service.definition = std::move(loaded.definition);
        service.definition.policy.drains_input = is_logger;
        service.definition.policy.has_finish = service.definition.policy.has_finish && !is_logger;
        service.exec_fault.reset();
        service.words.reset();
    }
    const auto streams = os_.outputs.streams_of(service.id);
    if (!streams) {
        spawn_failed(service, effect.generation, descriptor_fault(streams.error()));
        return;
    }
    const ProcessKey key{service.id, effect.generation};
    SpawnPlan what = plan(service, effect.role, *streams);
    if (effect.role == Role::Run) {
        if (const auto opened = open_channel(service, key, what); !opened) {
            spawn_failed(service, effect.generation, opened.error());
            return;
        }
    }
    const auto pid = os_.processes.spawn(key, what);
    if (!pid) {
        spawn_failed(service, effect.generation, pid.error());
        return;
    }
    os_.readiness.born(key, *pid);
    post(service.id, Spawned{effect.generation, *pid});
}

SpawnPlan ServiceSet::plan(Service& service, Role role, Streams streams) {
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
        service.exec_fault = std::move(fault);
    }
    os_.readiness.close({service.id, generation});
    post(service.id, SpawnFailed{generation, os_.clock.now()});
}

void ServiceSet::perform(Service& service, const Kill& effect) {
    if (effect.signal == SIGKILL && effect.target == Target::Group) {
        os_.journal.warning(service.name + ": does not end, pid " + std::to_string(effect.pid) +
                            " and its process group are killed");
    }
    const ProcessKey key{service.id, effect.generation};
    const auto sent = os_.processes.kill(key, effect.signal, effect.target);
    if (!sent && sent.error().code != ESRCH) {
        os_.journal.error(service.name + ": signal " + std::string(signal_name(effect.signal)) +
                          " to pid " + std::to_string(effect.pid) + ": " +
                          errno_text(sent.error().code));
    }
}

void ServiceSet::perform(Service& service, const CloseInput& /*effect*/) {
    os_.outputs.close_input(service.id);
}

void ServiceSet::perform(Service& service, const Arm& effect) {
    const bool is_auxiliary = effect.kind == TimerKind::Auxiliary;
    TimerId& timer = is_auxiliary ? service.auxiliary_timer : service.timer;
    os_.clock.cancel(timer);
    if (!is_auxiliary) {
        service.timer_due = os_.clock.now() + effect.after;
    }
    timer = os_.clock.call_after(
        effect.after, [this, id = service.id, kind = effect.kind, number = effect.timer] {
            post(id, TimedOut{kind, number});
        });
}

void ServiceSet::perform(Service& service, const Disarm& effect) {
    const bool is_auxiliary = effect.kind == TimerKind::Auxiliary;
    TimerId& timer = is_auxiliary ? service.auxiliary_timer : service.timer;
    os_.clock.cancel(std::exchange(timer, kNoTimer));
}

// --- what the world says ------------------------------------------------------------------------

void ServiceSet::process_executed(ProcessKey key) {
    post(key.service, Executed{key.generation});
    if (const Service* service = get(key.service)) {
        os_.readiness.executed(key, service->definition);
    }
}

void ServiceSet::process_not_executed(ProcessKey key, const ExecFault& fault) {
    if (Service* service = get(key.service)) {
        spawn_failed(*service, key.generation, fault);
    }
}

void ServiceSet::process_exited(ProcessKey key, ExitStatus status, Duration lived) {
    os_.readiness.close(key);
    post(key.service, Exited{key.generation, status, lived, os_.clock.now()});
}

// --- looking ------------------------------------------------------------------------------------

Service* ServiceSet::get(ServiceId id) noexcept {
    const auto found = services_.find(id);
    return found == services_.end() ? nullptr : found->second.get();
}

const Service* ServiceSet::find(ServiceId id) const noexcept {
    const auto found = services_.find(id);
    return found == services_.end() ? nullptr : found->second.get();
}

const Service* ServiceSet::find(std::string_view name) const noexcept {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : find(found->second);
}

std::vector<ServiceId> ServiceSet::all() const {
    std::vector<ServiceId> ids;
    ids.reserve(by_name_.size());
    for (const auto& [name, id] : by_name_) {
        ids.push_back(id);
    }
    return ids;
}

std::size_t ServiceSet::count_not_resting() const noexcept {
    std::size_t count = 0;
    for (const auto& [id, service] : services_) {
        count += is_resting(service->snapshot.state) ? 0 : 1;
    }
    return count;
}

}  // namespace mainstay::supervisor
