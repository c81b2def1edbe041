#include "init/container_state.h"

namespace mainstay::init {
namespace {

class Stepper {
  public:
    Stepper(const ContainerState& state, const ContainerPolicy& policy) noexcept
        : policy_(policy), step_{state, {}} {}

    ContainerStep take(const ContainerEvent& event) noexcept {
        std::visit([this](const auto& what) { on(what); }, event);
        return step_;
    }

  private:
    ContainerState& next() noexcept { return step_.next; }
    void act(ContainerEffect effect) noexcept { (void)step_.effects.push_back(effect); }

    void on(StopAsked) noexcept {
        if (next().phase != ContainerPhase::Running) {
            return;
        }
        if (!next().command_lives) {
            stop_services();
            return;
        }
        next().phase = ContainerPhase::StopCommand;
        if (policy_.grace) {
            act(ContainerArm{*policy_.grace});
        }
    }

    void on(CommandEnded ended) noexcept {
        next().command_lives = false;
        settle(ended.code);
        act(ContainerDo::Disarm);
        stop_services();
    }

    void on(ServicesEnded ended) noexcept {
        next().supervisor_lives = false;
        if (next().phase == ContainerPhase::StopServices) {
            settle(ended.code);
            see_to_the_rest();
        } else if (ended.crashed) {
            next().supervisor_lives = true;
            act(ContainerDo::RestartSupervisor);
        } else {
            end_for_want_of_services(ended.code);
        }
    }

    void on(EveryoneEnded) noexcept {
        if (next().phase == ContainerPhase::Terminate || next().phase == ContainerPhase::Kill) {
            next().phase = ContainerPhase::Ended;
        }
    }

    void on(GraceEnded) noexcept {
        switch (next().phase) {
            case ContainerPhase::StopCommand:
                act(ContainerDo::KillCommand);
                break;
            case ContainerPhase::Terminate:
                next().phase = ContainerPhase::Kill;
                act(ContainerArm{kKilledGrace});
                act(ContainerDo::KillRest);
                break;
            case ContainerPhase::Kill:
                next().phase = ContainerPhase::Ended;
                break;
            case ContainerPhase::Running:
            case ContainerPhase::StopServices:
            case ContainerPhase::Ended:
                break;  // late: what it was for has happened
        }
    }

    /// The first to end says what the container ends with.
    void settle(std::uint8_t code) noexcept { next().code = next().code.value_or(code); }

    void end_for_want_of_services(std::uint8_t code) noexcept {
        settle(code);
        if (!next().command_lives) {
            see_to_the_rest();
            return;
        }
        if (next().phase == ContainerPhase::Running) {
            act(ContainerDo::TerminateCommand);
        }
        next().phase = ContainerPhase::StopCommand;
        act(ContainerArm{policy_.grace.value_or(kServicesGoneGrace)});
    }

    void stop_services() noexcept {
        if (!next().supervisor_lives) {
            see_to_the_rest();
            return;
        }
        next().phase = ContainerPhase::StopServices;
        act(ContainerDo::StopSupervisor);
    }

    void see_to_the_rest() noexcept {
        if (!policy_.grace) {
            next().phase = ContainerPhase::Ended;
            return;
        }
        next().phase = ContainerPhase::Terminate;
        act(ContainerArm{*policy_.grace});
        act(ContainerDo::TerminateRest);
    }

    const ContainerPolicy& policy_;
    ContainerStep step_;
};

}  // namespace

ContainerStep step(const ContainerState& state, const ContainerEvent& event,
                   const ContainerPolicy& policy) noexcept {
    return Stepper(state, policy).take(event);
}

}  // namespace mainstay::init
