/// How snapshots, events and effects of PID 1's state machine read in a failed test and in
/// docs/pid1-states.md.
#pragma once

#include <catch2/catch.hpp>
#include <string>

#include "init/pid1_state.h"

namespace mainstay::init {

std::string text_of(EntryClass entry_class);
std::string text_of(Do effect);
std::string text_of(const Effect& effect);
std::string text_of(const Effects& effects);
std::string text_of(const Event& event);
std::string text_of(const Pid1State& state);

}  // namespace mainstay::init

namespace Catch {

template <>
struct StringMaker<mainstay::init::EntryClass> {
    static std::string convert(mainstay::init::EntryClass entry_class) {
        return mainstay::init::text_of(entry_class);
    }
};

template <>
struct StringMaker<mainstay::init::Phase> {
    static std::string convert(mainstay::init::Phase phase) {
        return std::string(mainstay::init::to_string(phase));
    }
};

template <>
struct StringMaker<mainstay::init::Request> {
    static std::string convert(mainstay::init::Request request) {
        return std::string(mainstay::init::to_string(request));
    }
};

template <>
struct StringMaker<mainstay::init::Effects> {
    static std::string convert(const mainstay::init::Effects& effects) {
        return "{" + mainstay::init::text_of(effects) + "}";
    }
};

template <>
struct StringMaker<mainstay::init::Pid1State> {
    static std::string convert(const mainstay::init::Pid1State& state) {
        return "{" + mainstay::init::text_of(state) + "}";
    }
};

}  // namespace Catch
