#include "supervisor/check_runner.h"

#include <utility>

#include "supervisor/words.h"

namespace mainstay::supervisor {
namespace {

/// As the service's own program, but for its standard output: a check that says "PONG" every second
/// says it to nobody, while what it says of an error is worth a line in the log.
SpawnPlan plan_of(const Definition& definition, Streams streams) {
    SpawnPlan plan = plan_check(definition, {-1, streams.output});
    auto settings = std::make_shared<ProcessSettings>(definition.process());
    if (settings->error.kind == StreamTarget::Kind::Output) {
        settings->error = settings->output;
    }
    settings->output = {StreamTarget::Kind::Null, {}};
    settings->input = {StreamTarget::Kind::Null, {}};
    settings->terminal.clear();
    plan.settings = std::move(settings);
    return plan;
}

CheckOutcome outcome_of(const HelperEnd& end) noexcept {
    if (end.fault) {
        return CheckOutcome::Impossible;
    }
    return end.status.is_success() ? CheckOutcome::Passed : CheckOutcome::Failed;
}

}  // namespace

void CheckRunner::check(ServiceId service, const std::string& name, const Definition& definition,
                        Done done) {
    if (running_.contains(service) || begin(service, name, definition)) {
        running_[service].waiting.push_back(std::move(done));
        return;
    }
    os_.clock.call_after(Duration::zero(),
                         [done = std::move(done)] { done(CheckOutcome::Impossible); });
}

bool CheckRunner::begin(ServiceId service, const std::string& name, const Definition& definition) {
    const auto streams = os_.outputs.streams_of(output_request(service, name, definition));
    const SpawnPlan plan = plan_of(definition, streams ? *streams : Streams());
    const auto helper =
        os_.helpers.start(plan, [this, service](const HelperEnd& end) { ended(service, end); });
    if (!helper) {
        complain(name, helper.error());
        return false;
    }
    Running& running = running_[service];
    running.name = name;
    running.helper = *helper;
    running.timeout = os_.clock.call_after(kCheckTimeout, [this, service, number = *helper] {
        os_.journal.warning(running_[service].name + ": its check does not end; killed after 10 s");
        os_.helpers.kill_helper(number);
    });
    return true;
}

void CheckRunner::ended(ServiceId service, const HelperEnd& end) {
    auto finished = running_.extract(service);
    if (finished.empty()) {
        return;
    }
    const Running& running = finished.mapped();
    os_.clock.cancel(running.timeout);
    if (end.fault) {
        complain(running.name, *end.fault);
    }
    const CheckOutcome outcome = outcome_of(end);
    if (running.is_own && repeated_.contains(service)) {
        if (outcome == CheckOutcome::Passed) {
            const auto passed = repeated_.extract(service);
            passed.mapped().passed();
        } else {
            repeat_later(service);
        }
    }
    for (const Done& done : running.waiting) {
        done(outcome);
    }
}

void CheckRunner::check_until_passed(ServiceId service, const std::string& name,
                                     const Definition& definition, std::function<void()> passed) {
    stop(service);
    repeated_[service] = {name, definition, std::move(passed), kNoTimer};
    repeat(service);
}

void CheckRunner::repeat(ServiceId service) {
    const auto found = repeated_.find(service);
    if (found == repeated_.end()) {
        return;
    }
    found->second.next = kNoTimer;
    // One that runs now was begun for somebody else, perhaps before the service was: not joined.
    const bool has_begun =
        !running_.contains(service) && begin(service, found->second.name, found->second.definition);
    if (has_begun) {
        running_[service].is_own = true;
    } else {
        repeat_later(service);
    }
}

void CheckRunner::repeat_later(ServiceId service) {
    Repeated& repeated = repeated_[service];
    repeated.next = os_.clock.call_after(repeated.definition.readiness.check_interval,
                                         [this, service] { repeat(service); });
}

void CheckRunner::stop(ServiceId service) {
    if (const auto ending = repeated_.extract(service); !ending.empty()) {
        os_.clock.cancel(ending.mapped().next);
    }
    const auto running = running_.find(service);
    if (running == running_.end() || !std::exchange(running->second.is_own, false)) {
        return;
    }
    if (running->second.waiting.empty()) {
        os_.helpers.kill_helper(running->second.helper);
    }
}

void CheckRunner::complain(const std::string& name, const ExecFault& fault) {
    os_.journal.warning(name + ": its check cannot be run: " + text_of(fault));
}

}  // namespace mainstay::supervisor
