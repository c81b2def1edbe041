#include "ctl/socket_watch.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

namespace mainstay::ctl {
namespace {

/// A supervisor that ended between greeting us and the next one leaves no trace in the directory.
constexpr Duration kLongest = std::chrono::seconds(1);
constexpr Duration kWithoutEvents = std::chrono::milliseconds(100);

}  // namespace

SocketWatch::SocketWatch(std::string path) : directory_(std::move(path)) {
    const std::size_t slash = directory_.rfind('/');
    directory_ =
        slash == std::string::npos ? "." : directory_.substr(0, std::max(slash, std::size_t{1}));
    inotify_ = UniqueFd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    watch_directory();
}

void SocketWatch::watch_directory() noexcept {
    is_watching_ =
        inotify_.valid() && ::inotify_add_watch(inotify_.get(), directory_.c_str(),
                                                IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF |
                                                    IN_MOVE_SELF | IN_ATTRIB | IN_ONLYDIR) >= 0;
}

void SocketWatch::wait(Duration longest) {
    const Duration time = std::min(longest, is_watching_ ? kLongest : kWithoutEvents);
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(time).count();
    pollfd events{is_watching_ ? inotify_.get() : -1, POLLIN, 0};
    ::poll(&events, 1, static_cast<int>(std::max<decltype(milliseconds)>(milliseconds, 0)));
    std::array<char, 4096> told;
    while (is_watching_ && ::read(inotify_.get(), told.data(), told.size()) > 0) {
    }
    watch_directory();  // the directory may be another one now
}

}  // namespace mainstay::ctl
