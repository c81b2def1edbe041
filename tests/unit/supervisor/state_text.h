/// Snapshots, events and effects in words: for failures of tests, and for docs/service-states.md.
#pragma once

#include <catch2/catch.hpp>
#include <string>

#include "common/signals.h"
#include "supervisor/service_state.h"

namespace mainstay::supervisor {

inline std::string_view to_string(TimerKind kind) noexcept {
    switch (kind) {
        case TimerKind::Start:
            return "start";
        case TimerKind::Watchdog:
            return "watchdog";
        case TimerKind::Stop:
            return "stop";
        case TimerKind::Finish:
            return "finish";
        case TimerKind::Backoff:
            return "backoff";
        case TimerKind::Auxiliary:
            return "auxiliary";
    }
    return "";
}

inline std::string_view to_string(StopStage stage) noexcept {
    switch (stage) {
        case StopStage::Dependents:
            return "dependents";
        case StopStage::Members:
            return "members";
        case StopStage::Drain:
            return "drain";
        case StopStage::Program:
            return "program";
        case StopStage::Terminate:
            return "terminate";
        case StopStage::Kill:
            return "kill";
    }
    return "";
}

inline std::string_view to_string(Obstacle obstacle) noexcept {
    switch (obstacle) {
        case Obstacle::None:
            return "none";
        case Obstacle::NeedFailed:
            return "need failed";
        case Obstacle::NeedMissing:
            return "need missing";
        case Obstacle::Cycle:
            return "cycle";
        case Obstacle::MemberFailed:
            return "member failed";
        case Obstacle::Definition:
            return "definition";
    }
    return "";
}

inline std::string_view to_string(Failure failure) noexcept {
    switch (failure) {
        case Failure::None:
            return "none";
        case Failure::NotReady:
            return "not ready";
        case Failure::Watchdog:
            return "watchdog";
        case Failure::SaidByFinish:
            return "said by finish";
        case Failure::PermanentStatus:
            return "permanent status";
        case Failure::RestartLimit:
            return "restart limit";
        case Failure::NotRestarted:
            return "not restarted";
        case Failure::RanOnce:
            return "ran once";
    }
    return "";
}

inline std::string words(const Effect& effect) {
    struct {
        std::string operator()(const CheckNeeds& /*unused*/) const { return "check needs"; }
        std::string operator()(const StartNeeds& /*unused*/) const { return "start its needs"; }
        std::string operator()(const CheckDependents& /*unused*/) const {
            return "check dependents";
        }
        std::string operator()(const StartMembers& /*unused*/) const { return "start members"; }
        std::string operator()(const StopMembers& /*unused*/) const { return "stop members"; }
        std::string operator()(const TakeDown& e) const { return std::string(to_string(e.action)); }
        std::string operator()(const Spawn& e) const {
            return "spawn " + std::string(to_string(e.role));
        }
        std::string operator()(const Kill& e) const {
            return "send " + std::string(signal_name(e.signal)) +
                   (e.target == Target::Group ? " to the group" : "");
        }
        std::string operator()(const CloseInput& /*unused*/) const { return "close its input"; }
        std::string operator()(const Listen& /*unused*/) const { return "listen"; }
        std::string operator()(const Arm& e) const {
            return "arm the " + std::string(to_string(e.kind)) + " timer";
        }
        std::string operator()(const Disarm& e) const {
            return "disarm the " + std::string(to_string(e.kind)) + " timer";
        }
    } const in_words;
    return std::visit(in_words, effect);
}

inline std::string words(const Effects& effects) {
    std::string text;
    for (const Effect& effect : effects) {
        text += (text.empty() ? "" : ", ") + words(effect);
    }
    return text;
}

inline std::string words(const Snapshot& s) {
    std::string text(to_string(s.state));
    const auto add = [&](bool is_so, const std::string& word) { text += is_so ? " " + word : ""; };
    add(true, "wanted " + std::string(to_string(s.wanted)));
    add(s.has_run, "run " + std::to_string(s.generation) + " pid " + std::to_string(s.pid));
    add(s.has_auxiliary, std::string(to_string(s.auxiliary)) + " " +
                             std::to_string(s.auxiliary_generation) + " pid " +
                             std::to_string(s.auxiliary_pid));
    add(true, "timer " + std::to_string(s.timer) + (s.timer_armed ? " armed" : ""));
    add(s.paused, "paused");
    add(s.by_hand, "by hand");
    add(s.held, "held");
    add(s.retired, "retired");
    add(s.reloading, "reloading");
    add(s.members_started, "members started");
    add(s.listening, "listening");
    add(s.obstacle != Obstacle::None, "obstacle " + std::string(to_string(s.obstacle)));
    add(s.failure != Failure::None, "failure " + std::string(to_string(s.failure)));
    add(s.state == ServiceState::Stopping, std::string(to_string(s.stop_stage)));
    return text;
}

}  // namespace mainstay::supervisor

template <>
struct Catch::StringMaker<mainstay::supervisor::Snapshot> {
    static std::string convert(const mainstay::supervisor::Snapshot& snapshot) {
        return mainstay::supervisor::words(snapshot);
    }
};

template <>
struct Catch::StringMaker<mainstay::ServiceState> {
    static std::string convert(mainstay::ServiceState state) {
        return std::string(to_string(state));
    }
};
