/// PURE. The handler of groups: services without a process, which are what their members are.
/// waiting (for needs, then for its members), ready, stopping (dependents, then members), and the
/// resting states.
#include "supervisor/service_transition.h"

namespace mainstay::supervisor {
namespace {

struct OnGroup : Handler {
    void operator()(const WantUp&) noexcept { up(); }
    void operator()(const WantOnce&) noexcept { up(); }
    void operator()(const Restart&) noexcept {
        if (is_resting(t.s.state) || t.s.state == ServiceState::Waiting) {
            return up();
        }
        t.want_after_the_end(Wanted::Up);
        if (t.s.state == ServiceState::Ready) {
            t.stop();
        }
    }
    void operator()(const TryRestart&) noexcept {
        is_resting(t.s.state) ? t.ignore() : (*this)(Restart{});
    }
    void operator()(const StartAlong&) noexcept {
        if (is(ServiceState::Waiting) || is(ServiceState::Ready)) {
            t.want_along();
        } else if (is(ServiceState::Stopping)) {
            t.want_after_the_end(Wanted::Up);
        } else {
            t.begin_by_hand(Wanted::Up);
        }
    }
    void operator()(const WantDown&) noexcept { down(); }
    void operator()(const GiveWay&) noexcept { down(); }
    void operator()(const Retire&) noexcept {
        t.s.retired = true;
        if (is_active()) {
            t.want(Wanted::Down);
            return is(ServiceState::Ready) ? t.stop() : void();
        }
        t.go_down();
    }
    void operator()(const Reset&) noexcept {
        if (t.s.state != ServiceState::Failed) {
            return t.ignore();
        }
        t.want(Wanted::Down);
        t.rest(ServiceState::Down);
    }
    void operator()(const HoldBack&) noexcept {
        if (is(ServiceState::Waiting) && t.s.members_started) {
            return t.begin();
        }
        if (!is_active()) {
            return t.ignore();
        }
        t.s.held = true;
        if (t.s.state == ServiceState::Ready) {
            t.stop();
        }
    }
    void operator()(const Block& event) noexcept {
        if (is(ServiceState::Waiting)) {
            return t.fail_for(event.obstacle);
        }
        const bool counts = is(ServiceState::Stopping) ? t.s.wanted != Wanted::Down
                                                       : t.s.obstacle != Obstacle::None;
        if (is(ServiceState::Ready)) {
            t.s.obstacle = event.obstacle;
            t.stop();
        } else if (counts) {
            t.s.obstacle = event.obstacle;
        } else {
            t.ignore();
        }
    }
    void operator()(const Unblock&) noexcept {
        if (t.s.obstacle == Obstacle::None) {
            return t.ignore();
        }
        if (t.s.state == ServiceState::Failed) {
            return t.begin();
        }
        t.s.obstacle = Obstacle::None;
        t.s.held = true;
    }
    void operator()(const NeedsMet&) noexcept {
        if (t.s.state != ServiceState::Waiting || t.s.members_started) {
            return t.ignore();
        }
        t.s.members_started = true;
        t.emit(StartMembers{});
    }
    void operator()(const MembersReady&) noexcept {
        const bool counts = t.s.state == ServiceState::Waiting && t.s.members_started;
        counts ? t.enter(ServiceState::Ready) : t.ignore();
    }
    void operator()(const MemberLeft&) noexcept {
        if (t.s.state != ServiceState::Ready) {
            return t.ignore();
        }
        t.enter(ServiceState::Waiting);
        t.s.members_started = true;
    }
    void operator()(const DependentsDown&) noexcept {
        if (t.s.state != ServiceState::Stopping || t.s.stop_stage != StopStage::Dependents) {
            return t.ignore();
        }
        const bool is_for_members = !t.s.retired && !t.s.held && t.s.obstacle == Obstacle::None;
        if (!is_for_members) {
            return end();
        }
        t.s.stop_stage = StopStage::Members;
        t.emit(StopMembers{});
    }
    void operator()(const MembersDown&) noexcept {
        const bool counts =
            t.s.state == ServiceState::Stopping && t.s.stop_stage == StopStage::Members;
        counts ? end() : t.ignore();
    }
    void operator()(const auto&) noexcept { t.ignore(); }

  private:
    bool is(ServiceState state) const noexcept { return t.s.state == state; }
    bool is_active() const noexcept {
        return is(ServiceState::Ready) || is(ServiceState::Stopping);
    }

    void up() noexcept {
        if (is(ServiceState::Ready)) {
            t.want(Wanted::Up);
            return t.emit(StartMembers{});
        }
        t.emit(StartNeeds{});
        if (is(ServiceState::Stopping)) {
            return take_back();
        }
        if (!is(ServiceState::Waiting)) {
            return t.begin_by_hand(Wanted::Up);
        }
        t.want(Wanted::Up);
        if (t.s.members_started) {
            t.emit(StartMembers{});
        }
    }

    void take_back() noexcept {
        const bool only_down = t.s.wanted == Wanted::Down && !t.s.held;
        t.want_after_the_end(Wanted::Up);
        if (t.s.stop_stage == StopStage::Members) {
            t.begin_by_hand(Wanted::Up);
        } else if (only_down) {
            t.s.by_hand = false;
            t.enter(ServiceState::Ready);
        }
    }

    /// Members go down whatever the group itself is at.
    void down() noexcept {
        if (is(ServiceState::Stopping)) {
            t.want_after_the_end(Wanted::Down);
        } else if (is(ServiceState::Ready) || is(ServiceState::Waiting)) {
            t.want(Wanted::Down);
            t.stop();
        } else {
            t.go_down();
            t.emit(StopMembers{});
        }
    }

    void end() noexcept { t.decide(Transition::Executed::No, Transition::Finish::Agrees); }
};

}  // namespace

void on_group(Transition& t, const Event& event) noexcept {
    visit_event(OnGroup{t}, event);
}

}  // namespace mainstay::supervisor
