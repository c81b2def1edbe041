#include "supervisor/service_state.h"

#include <cstddef>
#include <utility>

#include "supervisor/service_transition.h"

namespace mainstay::supervisor {
namespace {

/// Events every state answers with "ignored" unless its handler has its own overload.
struct Handler {
    Transition& t;

    bool is_current(std::uint32_t generation) const noexcept {
        return generation == t.s.generation;
    }
};

/// down, failed, done: nothing runs.
struct OnResting : Handler {
    void operator()(const WantUp&) noexcept { t.begin_by_hand(Wanted::Up); }
    void operator()(const Restart&) noexcept { t.begin_by_hand(Wanted::Up); }
    void operator()(const WantOnce&) noexcept { t.begin_by_hand(Wanted::Once); }
    void operator()(const WantDown&) noexcept { go_down(); }
    void operator()(const Retire&) noexcept {
        t.s.retired = true;
        go_down();
    }
    void operator()(const auto&) noexcept { t.ignore(); }

    void go_down() noexcept {
        t.want(Wanted::Down);
        t.rest(ServiceState::Down);
    }
};

struct OnWaiting : Handler {
    void operator()(const WantUp&) noexcept { t.want(Wanted::Up); }
    void operator()(const Restart&) noexcept { t.want(Wanted::Up); }
    void operator()(const WantOnce&) noexcept { t.want(Wanted::Once); }
    void operator()(const WantDown&) noexcept { OnResting{t}.go_down(); }
    void operator()(const Retire& event) noexcept { OnResting{t}(event); }
    void operator()(const NeedsMet&) noexcept { t.spawn(Role::Run, ServiceState::Starting); }
    void operator()(const auto&) noexcept { t.ignore(); }
};

/// From the request for a process until its program is executed. While pid is 0 the request is
/// under way and cannot be taken back: a stop waits for its outcome.
struct OnStarting : Handler {
    void operator()(const WantUp&) noexcept { t.want(Wanted::Up); }
    void operator()(const WantOnce&) noexcept { t.want(Wanted::Once); }
    void operator()(const Restart&) noexcept {
        t.want(Wanted::Up);
        if (t.s.pid != 0) {
            t.s.by_hand = true;
            t.stop();
        }
    }
    void operator()(const WantDown&) noexcept {
        t.want(Wanted::Down);
        if (t.s.pid != 0) {
            t.stop();
        }
    }
    void operator()(const Retire&) noexcept {
        t.s.retired = true;
        (*this)(WantDown{});
    }
    void operator()(const SendSignal& event) noexcept { t.send_signal(event.number); }
    void operator()(const Spawned& event) noexcept {
        if (!is_current(event.generation)) {
            return t.ignore();
        }
        t.s.pid = event.pid;
        if (t.s.wanted == Wanted::Down) {
            t.stop();
        }
    }
    void operator()(const SpawnFailed& event) noexcept {
        is_current(event.generation) ? t.run_never_began() : t.ignore();
    }
    void operator()(const Executed& event) noexcept {
        if (!is_current(event.generation)) {
            return t.ignore();
        }
        t.s.state = t.policy.readiness == Readiness::Exec ? ServiceState::Ready : ServiceState::Up;
    }
    void operator()(const BecameReady& event) noexcept {
        // Possible where the message overtakes the report of the exec.
        is_current(event.generation) ? void(t.s.state = ServiceState::Ready) : t.ignore();
    }
    void operator()(const Exited& event) noexcept {
        is_current(event.generation) ? t.run_ended(event) : t.ignore();
    }
    void operator()(const auto&) noexcept { t.ignore(); }
};

/// up and ready: the program runs.
struct OnRunning : Handler {
    void operator()(const WantUp&) noexcept { t.want(Wanted::Up); }
    void operator()(const WantOnce&) noexcept { t.want(Wanted::Once); }
    void operator()(const Restart&) noexcept {
        t.want_after_the_end(Wanted::Up);
        t.stop();
    }
    void operator()(const WantDown&) noexcept {
        t.want(Wanted::Down);
        t.stop();
    }
    void operator()(const Retire&) noexcept {
        t.s.retired = true;
        (*this)(WantDown{});
    }
    void operator()(const SendSignal& event) noexcept { t.send_signal(event.number); }
    void operator()(const BecameReady& event) noexcept {
        if (!is_current(event.generation) || t.s.state == ServiceState::Ready) {
            return t.ignore();
        }
        t.s.state = ServiceState::Ready;
    }
    void operator()(const Exited& event) noexcept {
        is_current(event.generation) ? t.run_ended(event) : t.ignore();
    }
    void operator()(const auto&) noexcept { t.ignore(); }
};

struct OnStopping : Handler {
    void operator()(const WantUp&) noexcept { t.want_after_the_end(Wanted::Up); }
    void operator()(const WantOnce&) noexcept { t.want_after_the_end(Wanted::Once); }
    void operator()(const Restart&) noexcept { t.want_after_the_end(Wanted::Up); }
    void operator()(const WantDown&) noexcept { t.want_after_the_end(Wanted::Down); }
    void operator()(const Retire&) noexcept {
        t.want_after_the_end(Wanted::Down);
        const bool closes_now = !t.s.retired && t.policy.drains_input;
        t.s.retired = true;
        if (closes_now) {
            t.emit(CloseInput{});
        }
    }
    void operator()(const SendSignal& event) noexcept { t.send_signal(event.number); }
    void operator()(const SpawnFailed& event) noexcept {
        is_current(event.generation) ? t.run_never_began() : t.ignore();
    }
    void operator()(const Exited& event) noexcept {
        is_current(event.generation) ? t.run_ended(event) : t.ignore();
    }
    void operator()(const TimedOut& event) noexcept {
        if (event.timer != t.s.timer || !t.s.timer_armed) {
            return t.ignore();
        }
        switch (t.s.stop_stage) {
            case StopStage::Drain:
                return t.terminate();
            case StopStage::Terminate:
            case StopStage::Kill:
                t.s.stop_stage = StopStage::Kill;
                t.s.paused = false;
                return t.kill_group_and_wait(TimerKind::Stop, t.policy.stop_timeout);
        }
    }
    void operator()(const auto&) noexcept { t.ignore(); }
};

struct OnFinishing : Handler {
    void operator()(const WantUp&) noexcept { t.want_after_the_end(Wanted::Up); }
    void operator()(const WantOnce&) noexcept { t.want_after_the_end(Wanted::Once); }
    void operator()(const Restart&) noexcept { t.want_after_the_end(Wanted::Up); }
    void operator()(const WantDown&) noexcept { t.want_after_the_end(Wanted::Down); }
    void operator()(const Retire&) noexcept {
        t.want_after_the_end(Wanted::Down);
        t.s.retired = true;
    }
    void operator()(const Spawned& event) noexcept {
        is_current(event.generation) ? void(t.s.pid = event.pid) : t.ignore();
    }
    void operator()(const SpawnFailed& event) noexcept {
        is_current(event.generation) ? t.finish_ended(false) : t.ignore();
    }
    void operator()(const Exited& event) noexcept {
        if (!is_current(event.generation)) {
            return t.ignore();
        }
        const ExitStatus& status = event.status;
        t.finish_ended(status.kind == ExitStatus::Kind::Exited &&
                       status.value == kFinishFailedForGood);
    }
    void operator()(const TimedOut& event) noexcept {
        if (event.timer != t.s.timer || !t.s.timer_armed) {
            return t.ignore();
        }
        t.kill_group_and_wait(TimerKind::Finish, t.policy.finish_timeout);
    }
    void operator()(const auto&) noexcept { t.ignore(); }
};

struct OnBackoff : Handler {
    void operator()(const WantUp&) noexcept { start_now(Wanted::Up); }
    void operator()(const Restart&) noexcept { start_now(Wanted::Up); }
    void operator()(const WantOnce&) noexcept { start_now(Wanted::Once); }
    void operator()(const WantDown&) noexcept {
        t.disarm(TimerKind::Backoff);
        OnResting{t}.go_down();
    }
    void operator()(const Retire&) noexcept {
        t.s.retired = true;
        (*this)(WantDown{});
    }
    void operator()(const TimedOut& event) noexcept {
        if (event.timer != t.s.timer || !t.s.timer_armed) {
            return t.ignore();
        }
        t.s.timer_armed = false;
        t.begin();
    }
    void operator()(const auto&) noexcept { t.ignore(); }

    void start_now(Wanted wanted) noexcept {
        t.disarm(TimerKind::Backoff);
        t.begin_by_hand(wanted);
    }
};

/// std::visit for a variant that is never without a value: as all its types are trivial to copy,
/// there is nothing that could throw.
template <typename Handler>
void visit_event(Handler handler, const Event& event) noexcept {
    [&]<std::size_t... Index>(std::index_sequence<Index...>) {
        ((event.index() == Index ? handler(*std::get_if<Index>(&event)) : void()), ...);
    }
    (std::make_index_sequence<std::variant_size_v<Event>>());
}

void dispatch(Transition& t, const Event& event) noexcept {
    switch (t.s.state) {
        case ServiceState::Down:
        case ServiceState::Failed:
        case ServiceState::Done:
            return visit_event(OnResting{t}, event);
        case ServiceState::Waiting:
            return visit_event(OnWaiting{t}, event);
        case ServiceState::Starting:
            return visit_event(OnStarting{t}, event);
        case ServiceState::Up:
        case ServiceState::Ready:
            return visit_event(OnRunning{t}, event);
        case ServiceState::Stopping:
            return visit_event(OnStopping{t}, event);
        case ServiceState::Finishing:
            return visit_event(OnFinishing{t}, event);
        case ServiceState::Backoff:
            return visit_event(OnBackoff{t}, event);
    }
}

}  // namespace

Step step(const Snapshot& snapshot, const Event& event, const Policy& policy) noexcept {
    Transition transition{snapshot, policy};
    dispatch(transition, event);
    return {transition.s, transition.effects, transition.ignored};
}

bool is_resting(ServiceState state) noexcept {
    return state == ServiceState::Down || state == ServiceState::Failed ||
           state == ServiceState::Done;
}

bool is_running(ServiceState state) noexcept {
    return state == ServiceState::Up || state == ServiceState::Ready;
}

std::string_view to_string(ServiceType type) noexcept {
    switch (type) {
        case ServiceType::Longrun:
            return "longrun";
        case ServiceType::Oneshot:
            return "oneshot";
        case ServiceType::Group:
            return "group";
    }
    return "";
}

std::string_view to_string(RestartPolicy policy) noexcept {
    switch (policy) {
        case RestartPolicy::Always:
            return "always";
        case RestartPolicy::OnFailure:
            return "on-failure";
        case RestartPolicy::Never:
            return "never";
    }
    return "";
}

std::string_view to_string(FailureAction action) noexcept {
    switch (action) {
        case FailureAction::None:
            return "none";
        case FailureAction::Reboot:
            return "reboot";
        case FailureAction::Poweroff:
            return "poweroff";
        case FailureAction::Exit:
            return "exit";
        case FailureAction::Exec:
            return "exec";
    }
    return "";
}

std::string_view to_string(Readiness readiness) noexcept {
    switch (readiness) {
        case Readiness::Exec:
            return "exec";
        case Readiness::Descriptor:
            return "fd";
        case Readiness::Notify:
            return "notify";
        case Readiness::Check:
            return "check";
    }
    return "";
}

std::string_view to_string(Role role) noexcept {
    switch (role) {
        case Role::Run:
            return "run";
        case Role::Finish:
            return "finish";
    }
    return "";
}

std::string_view to_string(TimerKind kind) noexcept {
    switch (kind) {
        case TimerKind::Stop:
            return "stop";
        case TimerKind::Finish:
            return "finish";
        case TimerKind::Backoff:
            return "backoff";
    }
    return "";
}

std::string_view to_string(StopStage stage) noexcept {
    switch (stage) {
        case StopStage::Drain:
            return "drain";
        case StopStage::Terminate:
            return "terminate";
        case StopStage::Kill:
            return "kill";
    }
    return "";
}

}  // namespace mainstay::supervisor
