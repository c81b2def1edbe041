#include "init/native_steps.h"

#include <array>

#include "common/fixed.h"
#include "common/nearest.h"
#include "init/steps.h"
#include "init/watchdog_plan.h"

namespace mainstay::init {
namespace {

using Run = StepResult (*)(const StepContext&) noexcept;

struct NativeStep {
    std::string_view name;
    Run run;
};

/// In the order of "all": drivers before devices, disks before what is read from them.
constexpr std::array kSteps{
    NativeStep{"hostname", step_hostname},
    NativeStep{"loopback", step_loopback},
    NativeStep{"clock", step_clock},
    NativeStep{"devices", step_devices},
    NativeStep{"fstab", step_fstab},
    NativeStep{"modules", step_modules},
    NativeStep{"swap", step_swap},
    NativeStep{"sysctl", step_sysctl},
    NativeStep{"random-seed", step_random_seed},
    NativeStep{"machine-id", step_machine_id},
    NativeStep{"tmpfiles", step_tmpfiles},
    NativeStep{"keymap", step_keymap},
};

constexpr std::array<std::string_view, 15> kStepNames{
    "hostname", "loopback", "clock",  "devices",     "fstab",
    "modules",  "swap",     "sysctl", "random-seed", "machine-id",
    "tmpfiles", "keymap",   "all",    "none",        "watchdog=DEVICE,SECONDS"};
static_assert(kStepNames.size() == kSteps.size() + 3, "all, none and watchdog= are no functions");

}  // namespace

std::optional<std::string_view> watchdog_step(std::string_view name) noexcept {
    constexpr std::string_view kWatchdog = "watchdog=";
    if (name.substr(0, kWatchdog.size()) != kWatchdog) {
        return std::nullopt;
    }
    return name.substr(kWatchdog.size());
}

bool is_native_step(std::string_view name) noexcept {
    if (const auto setting = watchdog_step(name)) {
        return parse_watchdog(*setting).has_value();
    }
    for (const std::string_view known : kStepNames) {
        if (known == name) {
            return true;
        }
    }
    return false;
}

bool native_step_may_block(std::string_view name) noexcept {
    return is_native_step(name) && name != "hostname" && name != "loopback" && name != "none";
}

bool run_native_step(std::string_view name, const StepContext& context) noexcept {
    bool known = name == "none" || name == "all";
    bool done = true;
    for (const NativeStep& step : kSteps) {
        if (step.name == name || name == "all") {
            known = true;
            done = step.run(context) == StepResult::Done && done;
        }
    }
    if (!known) {
        const std::string_view nearest = nearest_word(name, kStepNames);
        context.log.warning("native: no step is called '%.*s'%s%.*s%s", printable_length(name),
                            name.data(), nearest.empty() ? "" : ", did you mean '",
                            printable_length(nearest), nearest.data(), nearest.empty() ? "" : "'?");
    }
    return done;
}

void run_default_native_steps(const StepContext& context) noexcept {
    (void)step_hostname(context);
    (void)step_loopback(context);
}

}  // namespace mainstay::init
