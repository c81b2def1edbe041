/// What the tests of PID 1's state machine share: its usual surroundings, and one led by hand.
#pragma once

#include <algorithm>
#include <chrono>

#include "init/pid1_state.h"

namespace mainstay::init {

inline constexpr Facts kPlain{.in_container = false,
                              .supervisor_runs = true,
                              .waits_for_process = false,
                              .has_ctrl_alt_del_entry = false,
                              .has_power_fail_entry = false,
                              .has_restart_entry = false,
                              .has_power_low_entry = false,
                              .supervisor_leaves = false,
                              .first_level = '\0',
                              .default_level = '\0',
                              .has_halt_level = false,
                              .has_reboot_level = false,
                              .halts = false};

/// Of an inittab of sysvinit's style, with entries for every level.
inline Facts with_levels() {
    Facts facts = kPlain;
    facts.first_level = facts.default_level = '3';
    facts.has_halt_level = facts.has_reboot_level = true;
    return facts;
}

inline constexpr MonotonicTime kStart{std::chrono::hours(1)};

inline Facts with(bool Facts::*fact) {
    Facts facts = kPlain;
    facts.*fact = true;
    return facts;
}

template <typename... Each>
Effects effects_of(Each... each) {
    Effects effects;
    (static_cast<void>(effects.push_back(Effect{each})), ...);
    return effects;
}

inline bool has(const Effects& effects, const Effect& wanted) {
    return std::find(effects.begin(), effects.end(), wanted) != effects.end();
}

inline constexpr std::uint32_t kGeneration = 7;
inline Phase phase_of(std::size_t i) {
    return static_cast<Phase>(i);
}

/// The snapshot that stands for a phase in the table: a reboot was asked for where one must have
/// been, and the first round of unmounting is under way.
inline Pid1State typical(Phase phase, std::size_t presses) {
    Pid1State state;
    state.phase = phase;
    state.request = is_going_down(phase) ? Request::Reboot : Request::None;
    state.round = phase == Phase::Unmount ? 1 : 0;
    state.generation = kGeneration;
    if (phase == Phase::ChangeLevel) {
        state.level = {'4', '3', true, false, Request::None, kLevelPatience};
    }
    for (std::size_t i = 0; i < presses; ++i) {
        (void)state.presses.push_back(kStart - std::chrono::seconds(1));
    }
    return state;
}

/// A machine that is led by hand.
class Machine {
  public:
    Machine() = default;
    explicit Machine(const Facts& facts) : facts_(facts) {}

    const Effects& operator()(const Event& event) {
        const Step after = step(state_, event, facts_);
        state_ = after.next;
        effects_ = after.effects;
        return effects_;
    }

    /// The armed deadline passes.
    const Effects& deadline() { return (*this)(DeadlinePassed{state_.generation}); }

    Phase phase() const { return state_.phase; }
    Request request() const { return state_.request; }
    const Pid1State& state() const { return state_; }
    Facts& facts() { return facts_; }

    /// Boots until everything runs.
    Machine& boot() {
        (*this)(Begin{});
        (*this)(NoneLeft{});
        (*this)(NoneLeft{});
        return *this;
    }

    /// Goes down until TERM is sent.
    Machine& go_down(Request wanted) {
        (*this)(Requested{wanted});
        (*this)(SupervisorEnded{});
        (*this)(NoneLeft{});
        return *this;
    }

  private:
    Pid1State state_;
    Facts facts_ = kPlain;
    Effects effects_;
};

inline Machine booted(const Facts& facts = kPlain) {
    return Machine(facts).boot();
}

}  // namespace mainstay::init
