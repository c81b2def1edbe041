/// Snapshots, events and effects in words: for failures of tests, and for docs/service-states.md.
#pragma once

#include <catch2/catch.hpp>
#include <string>

#include "common/signals.h"
#include "supervisor/service_state.h"

namespace mainstay::supervisor {

inline std::string words(const Effect& effect) {
    struct {
        std::string operator()(const CheckNeeds& /*unused*/) const { return "check needs"; }
        std::string operator()(const Spawn& e) const {
            return "spawn " + std::string(to_string(e.role));
        }
        std::string operator()(const Kill& e) const {
            return "send " + std::string(signal_name(e.signal)) +
                   (e.target == Target::Group ? " to the group" : "");
        }
        std::string operator()(const CloseInput& /*unused*/) const { return "close its input"; }
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
    std::string text =
        std::string(to_string(s.state)) + " wanted " + std::string(to_string(s.wanted)) + " pid " +
        std::to_string(s.pid) + " generation " + std::to_string(s.generation) + " timer " +
        std::to_string(s.timer) + (s.timer_armed ? " armed" : "") + (s.paused ? " paused" : "") +
        (s.by_hand ? " by hand" : "") + (s.retired ? " retired" : "");
    if (s.state == ServiceState::Stopping) {
        text += " " + std::string(to_string(s.stop_stage));
    }
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
