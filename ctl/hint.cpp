#include "ctl/hint.h"

#include <algorithm>
#include <array>

#include "ctl/describe.h"

namespace mainstay::ctl {
namespace {

using std::chrono::milliseconds;

/// A run that ends sooner than this did not do much.
constexpr milliseconds kShortRun{1000};

/// What a shell exits with for a command that it cannot execute, or does not find.
constexpr int kNotExecutable = 126;
constexpr int kNotFound = 127;

std::string for_exec_failure(const ServiceView& view) {
    if (!view.exec_failure || view.exec_failure->stage != "exec") {
        return {};
    }
    const std::string& path = view.exec_failure->path;
    const std::string& error = view.exec_failure->error;
    if (error == "Permission denied") {
        return "chmod +x " + path + " makes it executable";
    }
    if (error == "No such file or directory") {
        return "write " + path + ", or say with exec in its service.conf what to run";
    }
    if (error == "Exec format error") {
        return "its first line must name what executes it, such as #!/bin/sh";
    }
    return {};
}

std::string for_blockers(const ServiceView& view) {
    for (const BlockerView& blocker : view.blockers) {
        if (!blocker.state) {
            return "svctl enable " + blocker.name + " makes " + blocker.name + " known";
        }
        if (*blocker.state == ServiceState::Failed || *blocker.state == ServiceState::Backoff) {
            return "it starts when " + blocker.name + " does: see svctl status " + blocker.name;
        }
    }
    return {};
}

/// Of one that was not even tried: what it needs has failed, or is not there.
std::string for_unmet_need(const ServiceView& view, const RelatedView& need) {
    if (!need.state) {
        return "svctl enable " + need.name + " makes " + need.name + " known; or take it out of " +
               view.name + "'s needs";
    }
    // In a circle each needs one that failed.
    const auto& dependents = view.details().needed_by;
    const bool is_mutual = std::any_of(dependents.begin(), dependents.end(),
                                       [&](const auto& other) { return other.name == need.name; });
    return is_mutual
               ? std::string()
               : view.name + " starts when " + need.name + " does: see svctl status " + need.name;
}

/// A need that is not there while the service is in trouble is more than a coincidence.
std::string for_needs(const ServiceView& view) {
    const bool was_tried = view.last_death || view.exec_failure;
    for (const RelatedView& need : view.details().needs) {
        const bool is_there =
            need.state && (*need.state == ServiceState::Ready || *need.state == ServiceState::Done);
        if (!is_there && !was_tried) {
            return for_unmet_need(view, need);
        }
        if (!is_there) {
            return need.name + " is not ready; " + view.name + " may end because of that";
        }
    }
    return {};
}

std::string for_death(const ServiceView& view) {
    if (!view.last_death) {
        return {};
    }
    const Death& death = *view.last_death;
    const bool exited = death.status.kind == ExitStatus::Kind::Exited;
    if (death.out_of_memory) {
        return "the kernel took it for want of memory: give it more (memory-max), or let it use "
               "less";
    }
    if (exited && death.status.value == kNotFound) {
        return "127 mostly means that a program was not found: look at its log and its PATH";
    }
    if (exited && death.status.value == kNotExecutable) {
        return "126 mostly means that a program is not executable: look at its log";
    }
    if (exited && death.status.value == 0 && death.lived < kShortRun && view.type.empty()) {
        return "it ends at once with success: if it goes to the background, keep it in front; if "
               "that is all it does, type = oneshot";
    }
    return {};
}

std::string for_trouble(const ServiceView& view) {
    for (const std::string& hint : {for_exec_failure(view), for_needs(view), for_death(view)}) {
        if (!hint.empty()) {
            return hint;
        }
    }
    return view.state == ServiceState::Failed
               ? "svctl up " + view.name + " tries it again, when its cause is mended"
               : std::string();
}

std::string for_running(const ServiceView& view) {
    if (view.is_paused) {
        return "svctl cont " + view.name + " lets it go on";
    }
    const std::string& readiness = view.details().readiness;
    if (view.state == ServiceState::Up && !readiness.empty()) {
        return "it has not said yet that it is ready (" + readiness +
               "); what needs it waits for that";
    }
    if (view.has_changed) {
        return "its definition has changed: svctl restart " + view.name + " uses it";
    }
    if (view.details().leftovers.count > 0) {
        return "leftovers = kill in its service.conf ends what it leaves behind";
    }
    return {};
}

}  // namespace

std::string hint_for(const ServiceView& view) {
    const bool has_bad_logger = view.logger && (view.logger->state == ServiceState::Backoff ||
                                                view.logger->state == ServiceState::Failed);
    if (view.state == ServiceState::Backoff || view.state == ServiceState::Failed) {
        return for_trouble(view);
    }
    if (view.is_listening) {
        return "it starts when somebody comes; svctl up " + view.name + " starts it now";
    }
    if (view.state == ServiceState::Waiting) {
        return for_blockers(view);
    }
    if (has_bad_logger) {
        return "its output is not read: see svctl status " + view.name + "/log";
    }
    return for_running(view);
}

}  // namespace mainstay::ctl
