/// The native early steps, each in a file of its own. What is not there is skipped without a word;
/// what fails is logged with its place. Steps may block: all but host name and loopback run in a
/// forked child.
#pragma once

#include <cstdint>

#include "init/child.h"
#include "init/log.h"

namespace mainstay::init {

struct StepContext {
    Log& log;
    const BirthLimits& limits;
    bool in_container;  ///< the kernel's command line and consoles are its host's
};

enum class StepResult : std::uint8_t { Done, Failed };

StepResult step_clock(const StepContext& context) noexcept;
StepResult step_devices(const StepContext& context) noexcept;
StepResult step_fstab(const StepContext& context) noexcept;
StepResult step_hostname(const StepContext& context) noexcept;
StepResult step_keymap(const StepContext& context) noexcept;
StepResult step_loopback(const StepContext& context) noexcept;
StepResult step_machine_id(const StepContext& context) noexcept;
StepResult step_modules(const StepContext& context) noexcept;
StepResult step_random_seed(const StepContext& context) noexcept;
StepResult step_swap(const StepContext& context) noexcept;
StepResult step_sysctl(const StepContext& context) noexcept;
StepResult step_tmpfiles(const StepContext& context) noexcept;

}  // namespace mainstay::init
