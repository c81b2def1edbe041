/// Early steps that need no program: `::native:STEP` in inittab. Without any such line the host
/// name and the loopback interface are set up; `::native:none` does nothing.
#pragma once

#include <optional>
#include <string_view>

#include "init/steps.h"

namespace mainstay::init {

/// Does the step called @p name, or all of them; what is not there is skipped without a word, what
/// fails is logged. An unknown name is logged with the nearest known one.
/// @returns false where it failed
bool run_native_step(std::string_view name, const StepContext& context) noexcept;

/// Whether it is to be done in a child.
bool native_step_may_block(std::string_view name) noexcept;

/// What runs when the file has no native line.
void run_default_native_steps(const StepContext& context) noexcept;

/// "/dev/watchdog,30" of a step "watchdog=/dev/watchdog,30", which is the machine's to do; nothing
/// for any other.
std::optional<std::string_view> watchdog_step(std::string_view name) noexcept;

/// Whether @p name is a step, for the lint.
bool is_native_step(std::string_view name) noexcept;

}  // namespace mainstay::init
