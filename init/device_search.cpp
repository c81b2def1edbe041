#include "init/device_search.h"

#include <poll.h>

#include <algorithm>

namespace mainstay::init {

void DeviceSearch::listen() noexcept {
    if (const auto opened = uevents_.open(); !opened) {
        log_.warning("uevents: %s; looking once only", errno_text(opened.error().code));
    }
}

void DeviceSearch::begin() noexcept {
    listen();
    has_modules_ = modules_.open().has_value();
    if (has_modules_) {
        load_named_modules();
        modules_.load_for_all_devices();
    }
    if (cmdline_.root_delay > Duration::zero()) {
        follow_uevents_until(monotonic_now() + cmdline_.root_delay, Until::Deadline);
    }
}

void DeviceSearch::load_named_modules() noexcept {
    for (const auto& name : cmdline_.modules) {
        if (modules_.load(name) == ModuleLoader::Outcome::Unknown) {
            log_.warning("modules=: there is no module '%s'", name.c_str());
        }
    }
}

Cause DeviceSearch::wait_for(const RootSpec& spec, const char* role, FoundDevice& found) noexcept {
    const MonotonicTime deadline =
        cmdline_.wait_for_root ? MonotonicTime::max() : monotonic_now() + cmdline_.root_timeout;
    while (!look_for(spec, found)) {
        if (monotonic_now() >= deadline) {
            Cause cause;
            cause.append_format("The %s device %s did not appear within %.0f s.", role,
                                to_text(spec).c_str(), in_seconds(cmdline_.root_timeout));
            return cause;
        }
        follow_uevents_until(deadline, Until::FirstEvent);
    }
    return {};
}

bool DeviceSearch::look_for(const RootSpec& spec, FoundDevice& found) noexcept {
    const auto seen = find_root_device(spec);
    if (!seen) {
        return false;
    }
    found = *seen;
    if (!found.other.empty()) {
        log_.warning("%s and %s both answer to %s; taking %s", found.path.c_str(),
                     found.other.c_str(), to_text(spec).c_str(), found.path.c_str());
    }
    return true;
}

/// Loads the modules of devices that appear. A device's node is in devtmpfs before its event comes.
void DeviceSearch::follow_uevents_until(MonotonicTime deadline, Until until) noexcept {
    while (monotonic_now() < deadline) {
        const auto left = std::min<Duration>(deadline - monotonic_now(), std::chrono::hours(1));
        const auto timeout = std::chrono::ceil<std::chrono::milliseconds>(left).count();
        pollfd watched{uevents_.fd(), POLLIN, 0};
        if (::poll(&watched, 1, static_cast<int>(timeout)) <= 0) {
            return;
        }
        Uevent event;
        while (uevents_.next(event)) {
            if (has_modules_ && event.action == "add" && !event.alias.empty()) {
                (void)modules_.load_alias(event.alias);
            }
        }
        if (until == Until::FirstEvent) {
            return;
        }
    }
}

void DeviceSearch::load_file_system(std::string_view type) noexcept {
    FixedString<80> alias("fs-");
    alias.append(type);
    // What is missing shows in the mount.
    if (has_modules_ && modules_.load_alias(alias) == 0) {
        (void)modules_.load(type);
    }
}

void DeviceSearch::load_module(std::string_view name) noexcept {
    if (has_modules_) {
        (void)modules_.load(name);
    }
}

}  // namespace mainstay::init
