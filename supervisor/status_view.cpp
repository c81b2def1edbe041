#include "supervisor/status_view.h"

#include "supervisor/words.h"

namespace mainstay::supervisor {
namespace {

std::chrono::milliseconds in_ms(Duration duration) noexcept {
    return std::chrono::duration_cast<std::chrono::milliseconds>(duration);
}

std::chrono::milliseconds time_left(const Service& service, const Clock& clock) noexcept {
    const Duration left = service.timer_due - clock.now();
    return in_ms(left < Duration::zero() ? Duration::zero() : left);
}

void add_deadline(ServiceView& view, const Service& service, const Clock& clock) {
    if (!service.snapshot.timer_armed) {
        return;
    }
    if (view.state == ServiceState::Backoff) {
        view.next_start = time_left(service, clock);
    } else if (view.state == ServiceState::Stopping || view.state == ServiceState::Finishing) {
        view.deadline = time_left(service, clock);
    }
}

ExecFailure failure_of(const ExecFault& fault) {
    return {fault.stage, fault.path, reason_of(fault)};
}

}  // namespace

ServiceView view_of(const Service& service, const ServiceSet& services, const Clock& clock) {
    const Snapshot& snapshot = service.snapshot;
    ServiceView view;
    view.name = service.name;
    view.directory = service.definition.resolved;
    view.state = snapshot.state;
    view.wanted = snapshot.wanted;
    view.is_paused = snapshot.paused;
    view.has_down_file = service.definition.has_down_file;
    view.pid = snapshot.has_run ? snapshot.pid : snapshot.auxiliary_pid;
    view.restarts = snapshot.restarts;
    view.since = in_ms(clock.age_clock() - service.since);
    view.cause = service.cause;
    add_deadline(view, service, clock);
    if (service.last_death) {
        view.last_death = {service.last_death->status, in_ms(service.last_death->lived),
                           in_ms(clock.age_clock() - service.last_death->at)};
    }
    if (service.exec_fault) {
        view.exec_failure = failure_of(*service.exec_fault);
    }
    if (const Service* logger = service.logger ? services.find(*service.logger) : nullptr) {
        view.logger = {logger->snapshot.state, logger->snapshot.pid};
    }
    return view;
}

std::string trouble_of(const Service& service) {
    if (service.exec_fault) {
        return text_of(*service.exec_fault);
    }
    std::string text;
    if (service.last_death) {
        text = std::string(to_text(service.last_death->status).view()) + " after " +
               text_of(service.last_death->lived);
    }
    if (!service.cause.empty()) {
        text += (text.empty() ? "" : "; ") + service.cause;
    }
    return text;
}

}  // namespace mainstay::supervisor
