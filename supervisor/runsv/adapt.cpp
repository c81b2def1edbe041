#include "supervisor/runsv/adapt.h"

#include <memory>
#include <utility>

namespace mainstay::supervisor::runsv {
namespace {

constexpr Duration kPause = std::chrono::seconds(1);
constexpr PacingPolicy kPacing{kPause, kPause, kLongEnoughForAnImmediateStart};

/// What is as it is where nobody has said anything becomes what it is here.
template <typename Value>
void replace_usual(Value& value, const Value& usual, const Value& here) {
    if (value == usual) {
        value = here;
    }
}

}  // namespace

void adapt(Definition& definition, std::uint32_t umask) {
    const Policy usual;
    Policy& policy = definition.policy;
    replace_usual(policy.stop_timeout, usual.stop_timeout, kForever);
    replace_usual(policy.finish_timeout, usual.finish_timeout, kForever);
    replace_usual(policy.pacing, usual.pacing, kPacing);

    const StreamTarget inherited{StreamTarget::Kind::Inherited, {}};
    const ProcessSettings defaults;
    ProcessSettings process = definition.process();
    replace_usual(process.umask, defaults.umask, umask);
    replace_usual(process.input, defaults.input, inherited);
    replace_usual(process.error, defaults.error, inherited);
    if (!definition.has_log) {
        replace_usual(process.output, defaults.output, inherited);
    }
    definition.own_process = std::make_shared<const ProcessSettings>(std::move(process));
}

}  // namespace mainstay::supervisor::runsv
