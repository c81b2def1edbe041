#include "supervisor/restart_policy.h"

#include <csignal>

namespace mainstay::supervisor {
namespace {

using Kind = RestartDecision::Kind;

RestartDecision fail(Failure why, const RestartMemory& memory) noexcept {
    return {Kind::Failed, why, {}, memory};
}

/// @returns false where one more restart is one too many
bool count_towards_limit(RestartMemory& memory, MonotonicTime at, const Policy& policy) noexcept {
    if (policy.restart_limit_count == 0) {
        return true;
    }
    const bool is_open =
        memory.limit_count > 0 && at - memory.limit_since < policy.restart_limit_interval;
    if (!is_open) {
        memory.limit_since = at;
        memory.limit_count = 0;
    }
    return ++memory.limit_count <= policy.restart_limit_count;
}

RestartDecision restart(const RunEnd& end, const Policy& policy, RestartMemory memory) noexcept {
    if (!count_towards_limit(memory, end.at, policy)) {
        return fail(Failure::RestartLimit, memory);
    }
    const Pacing pacing = pace_restart(memory.short_runs, end.lived, policy.pacing);
    memory.restarts = pacing.short_runs == 0 ? 1 : memory.restarts + 1;
    memory.short_runs = pacing.short_runs;
    return {Kind::Restart, Failure::None, pacing.wait, memory};
}

}  // namespace

bool is_success(const RunEnd& end, const Policy& policy) noexcept {
    if (!end.was_executed || end.cut_short != Failure::None) {
        return false;
    }
    // Who needs KILL was not willing to end: that is no success, whoever sent it.
    const bool is_our_signal = end.sent_signal != 0 && end.sent_signal != SIGKILL &&
                               end.status.kind == ExitStatus::Kind::Signaled &&
                               end.status.value == end.sent_signal;
    return is_our_signal || policy.success_status.contains(end.status);
}

RestartDecision decide_restart(const RunEnd& end, const Policy& policy, Wanted wanted,
                               const RestartMemory& memory) noexcept {
    if (end.finish_gave_up) {
        return fail(Failure::SaidByFinish, memory);
    }
    if (end.was_executed && policy.permanent_failure_status.contains(end.status)) {
        return fail(Failure::PermanentStatus, memory);
    }
    const bool succeeded = is_success(end, policy);
    const bool is_oneshot = policy.type == ServiceType::Oneshot;
    if (succeeded && policy.on_demand && wanted != Wanted::Once) {
        return {Kind::Restart, Failure::None, {}, {}};  // it waits for whoever comes next
    }
    const bool stays = wanted == Wanted::Once || policy.restart == RestartPolicy::Never;
    const bool ends_well = stays || is_oneshot || policy.restart == RestartPolicy::OnFailure;
    if (succeeded && ends_well) {
        return {Kind::Done, Failure::None, {}, memory};
    }
    if (stays) {
        return fail(end.cut_short != Failure::None ? end.cut_short
                    : wanted == Wanted::Once       ? Failure::RanOnce
                                                   : Failure::NotRestarted,
                    memory);
    }
    return restart(end, policy, memory);
}

}  // namespace mainstay::supervisor
