#include "init/device_search.h"

#include <poll.h>

#include <algorithm>

namespace mainstay::init {
namespace {

constexpr Duration kFirstWord = std::chrono::seconds(2);
constexpr Duration kNextWord = std::chrono::seconds(6);

}  // namespace

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
    const MonotonicTime start = monotonic_now();
    const MonotonicTime deadline =
        cmdline_.wait_for_root ? MonotonicTime::max() : start + cmdline_.root_timeout;
    Duration next_word = kFirstWord;
    while (!look_for(spec, found)) {
        const MonotonicTime now = monotonic_now();
        if (now >= deadline) {
            Cause cause;
            cause.append_format("The %s device %s did not appear within %.0f s.", role,
                                to_text(spec).c_str(), in_seconds(cmdline_.root_timeout));
            return cause;
        }
        if (now >= start + next_word) {
            say_what_is_missing(spec, role, next_word);
            next_word += kNextWord;
        }
        follow_uevents_until(std::min(deadline, start + next_word), Until::FirstEvent);
    }
    return {};
}

/// Whoever looks at the console shall know what a boot waits for, and for how long.
void DeviceSearch::say_what_is_missing(const RootSpec& spec, const char* role,
                                       Duration waited) noexcept {
    if (cmdline_.wait_for_root) {
        log_.notice("waiting for the %s device %s since %.0f s, without a limit (rootwait)", role,
                    to_text(spec).c_str(), in_seconds(waited));
    } else {
        log_.notice("waiting for the %s device %s since %.0f s, of %.0f s (rd.timeout=)", role,
                    to_text(spec).c_str(), in_seconds(waited), in_seconds(cmdline_.root_timeout));
    }
}

bool DeviceSearch::look_for(const RootSpec& spec, FoundDevice& found) noexcept {
    if (makes_nodes_) {
        (void)make_device_nodes(NodesOf::BlockDevices)
            .has_value();  // what is not made is not found
    }
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

/// Loads the modules of devices that appear. A device's node is in devtmpfs before its event comes,
/// and in /sys.
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
