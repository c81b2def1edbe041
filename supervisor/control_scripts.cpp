#include "supervisor/control_scripts.h"

#include <sys/stat.h>

#include <utility>

#include "supervisor/words.h"

namespace mainstay::supervisor {
namespace {

/// As runsv asks: whether its owner may execute it.
bool is_there(const Service& service, char letter) {
    struct stat info {};
    const std::string path = service.definition.path + "/" + kControlDirectory + "/" + letter;
    return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
           (info.st_mode & S_IXUSR) != 0;
}

}  // namespace

bool ControlScripts::run(const Service& service, char letter, Done done) {
    // As runsv has it, a logger has none.
    if (!service.definition.has_control || service.feeder != 0 || !is_there(service, letter)) {
        return false;
    }
    Line& line = lines_[service.id];
    if (line.scripts.size() >= kMostWaitingScripts) {
        return false;
    }
    const auto streams =
        os_.outputs.streams_of(output_request(service.id, service.name, service.definition));
    line.name = service.name;
    line.scripts.push_back(
        {plan_control(service.definition, letter, {-1, streams ? streams->output : -1}),
         std::move(done), letter});
    if (line.scripts.size() == 1) {
        begin(service.id);
    }
    return true;
}

void ControlScripts::begin(ServiceId service) {
    Line& line = lines_[service];
    const auto helper = os_.helpers.start(
        line.scripts.front().plan, [this, service](const HelperEnd& end) { ended(service, end); });
    if (!helper) {
        os_.clock.call_after(Duration::zero(), [this, service, fault = helper.error()] {
            ended(service, {fault, {}});
        });
        return;
    }
    line.timeout = os_.clock.call_after(kScriptTimeout, [this, service, number = *helper] {
        const Line& late = lines_[service];
        os_.journal.warning(late.name + ": control/" + late.scripts.front().letter +
                            " does not end; killed after 10 s");
        os_.helpers.kill_helper(number);
    });
}

void ControlScripts::ended(ServiceId service, const HelperEnd& end) {
    const auto found = lines_.find(service);
    if (found == lines_.end()) {
        return;
    }
    os_.clock.cancel(std::exchange(found->second.timeout, kNoTimer));
    const Waiting finished = std::move(found->second.scripts.front());
    found->second.scripts.pop_front();
    if (end.fault) {
        os_.journal.warning(found->second.name + ": control/" + finished.letter +
                            " cannot be run: " + text_of(*end.fault));
    }
    const bool is_last = found->second.scripts.empty();
    if (is_last) {
        lines_.erase(found);
    } else {
        begin(service);
    }
    const bool has_succeeded = !end.fault && end.status.is_success();
    finished.done(has_succeeded ? ScriptOutcome::Succeeded : ScriptOutcome::Failed);
    if (is_last && idle_ && !is_busy(service)) {
        idle_(service);
    }
}

}  // namespace mainstay::supervisor
