/// PURE. When a container whose PID 1 is `init … -- COMMAND` ends, in which order, and with which
/// code. A snapshot and an event give the next snapshot and the effects to perform.
///
/// The command's end ends the container with its code; the supervisor's own end with the
/// supervisor's, which is that of the service that asked for it. On the way the command stops
/// first, then the services it may need, then whoever is left, if there is a grace time for them.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "common/clock.h"
#include "common/fixed.h"

namespace mainstay::init {

enum class ContainerPhase : std::uint8_t {
    Running,
    StopCommand,   ///< it was asked to stop
    StopServices,  ///< the supervisor was
    Terminate,     ///< whoever is left got TERM
    Kill,          ///< whoever was left then got KILL
    Ended,
};

/// What is as it is from the beginning.
struct ContainerPolicy {
    /// For the command once it was asked to stop, and then for all others. Without it the command
    /// may take for ever, and others are not waited for.
    std::optional<Duration> grace;
};

/// The grace of a command that must go because its services have gone, where none is given.
inline constexpr Duration kServicesGoneGrace = std::chrono::seconds(10);
/// How long who got KILL is waited for: a process in a dead disk's hands never ends.
inline constexpr Duration kKilledGrace = std::chrono::seconds(2);

struct ContainerState {
    ContainerPhase phase = ContainerPhase::Running;
    bool command_lives = false;
    bool supervisor_lives = false;
    std::optional<std::uint8_t> code;  ///< what init will end with, once that is known

    friend bool operator==(const ContainerState&, const ContainerState&) noexcept = default;
};

/// TERM came, or what stands for it; the command has been sent its signal already.
struct StopAsked {};
struct CommandEnded {
    std::uint8_t code;
};
struct ServicesEnded {
    std::uint8_t code;
    bool crashed;  ///< by a signal: its services live on
};
struct EveryoneEnded {};
struct GraceEnded {};
using ContainerEvent =
    std::variant<StopAsked, CommandEnded, ServicesEnded, EveryoneEnded, GraceEnded>;

enum class ContainerDo : std::uint8_t {
    TerminateCommand,
    KillCommand,
    StopSupervisor,
    RestartSupervisor,
    TerminateRest,  ///< EveryoneEnded follows, at once or later
    KillRest,
    Disarm,
};
/// Post GraceEnded after so long. Replaces the one before.
struct ContainerArm {
    Duration after;
    friend bool operator==(const ContainerArm&, const ContainerArm&) noexcept = default;
};
using ContainerEffect = std::variant<ContainerDo, ContainerArm>;

struct ContainerStep {
    ContainerState next;
    FixedVector<ContainerEffect, 4> effects;
};

[[nodiscard]] ContainerStep step(const ContainerState& state, const ContainerEvent& event,
                                 const ContainerPolicy& policy) noexcept;

}  // namespace mainstay::init
