/// The services that the tests of every formatter show: those of the pictures in the design.
#pragma once

#include <csignal>
#include <memory>
#include <utility>
#include <vector>

#include "common/service_view.h"
#include "ctl/style.h"

namespace mainstay::ctl::test {

using namespace std::chrono_literals;

inline constexpr Style kPlain{kDefaultWidth, Colours::Off, Charset::Ascii};
inline constexpr Style kUtf8{kDefaultWidth, Colours::Off, Charset::Utf8};
inline constexpr Style kColoured{kDefaultWidth, Colours::On, Charset::Utf8};
inline constexpr Style kNarrow{40, Colours::Off, Charset::Ascii};
inline constexpr Style kPiped{kNoWidthLimit, Colours::Off, Charset::Ascii};

inline ServiceView make_view(const char* name, ServiceState state, Wanted wanted,
                             std::chrono::milliseconds since) {
    ServiceView view;
    view.name = name;
    view.state = state;
    view.wanted = wanted;
    view.since = since;
    view.directory = std::string("/etc/sv/") + name;
    return view;
}

/// Gives @p view details of its own.
inline ServiceView with(ServiceView view, ServiceDetails details) {
    view.own_details = std::make_shared<const ServiceDetails>(std::move(details));
    return view;
}

inline ServiceDetails needing(std::vector<RelatedView> needs) {
    ServiceDetails details;
    details.needs = std::move(needs);
    return details;
}

inline ServiceView web() {
    ServiceView view = make_view("web", ServiceState::Backoff, Wanted::Up, 12s);
    view.description = "Shop front";
    view.restarts = 7;
    view.next_start = 8s;
    view.last_death = {{ExitStatus::Kind::Exited, 1, false}, 310ms, 12s};
    view.log_lines = {
        "Traceback (most recent call last):", "  File \"shop.py\", line 7",
        "ConnectionRefusedError: [Errno 111] cannot reach db at 10.0.0.7:5432, giving "
        "up after 3 attempts"};
    return view;
}

inline ServiceView api() {
    ServiceView view = make_view("api", ServiceState::Waiting, Wanted::Up, 3min);
    view.blockers = {{"db", "needs", ServiceState::Starting, 41s}};
    return view;
}

inline ServiceView db() {
    ServiceView view = make_view("db", ServiceState::Up, Wanted::Up, 19s);
    view.pid = 4802;
    return view;
}

inline ServiceView sshd() {
    ServiceView view = make_view("sshd", ServiceState::Ready, Wanted::Up, 51h);
    view.pid = 312;
    return view;
}

inline ServiceView cron() {
    ServiceView view = make_view("cron", ServiceState::Down, Wanted::Down, 51h);
    view.has_down_file = true;
    return view;
}

inline std::vector<ServiceView> all_five() {
    return {sshd(), cron(), db(), web(), api()};
}

}  // namespace mainstay::ctl::test
