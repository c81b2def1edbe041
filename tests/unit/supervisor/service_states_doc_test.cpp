/// Prints the whole table state × event and compares it with docs/service-states.md, so that the
/// page is what the program does. `MAINSTAY_UPDATE_DOCS=1 supervisor_tests` writes the page.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "supervisor/service_state.h"
#include "unit/supervisor/state_text.h"

using namespace std::chrono_literals;
using namespace mainstay;
using namespace mainstay::supervisor;

namespace {

constexpr char kPage[] = MAINSTAY_SOURCE_DIR "/docs/service-states.md";

constexpr char kIntroduction[] =
    "# The states of a service\n"
    "\n"
    "What `step()` (supervisor/service_state.h) does with each event in each state. This page is\n"
    "written by a test, `MAINSTAY_UPDATE_DOCS=1 build/dev/bin/supervisor_tests`, and the same "
    "test\n"
    "fails where the page differs from the program.\n"
    "\n"
    "Unless the event says otherwise the service is wanted up (in stopping: down, and told to "
    "end),\n"
    "its process has a pid, it has a run program and no other, and events are of the current "
    "process\n"
    "and timer; those of a former one are ignored everywhere. \"-\" is: no effect.\n";

struct Sample {
    std::string name;
    Event event;
    Policy policy;
    Wanted wanted = Wanted::Up;
    bool has_pid = true;
};

ExitStatus code(int value) {
    return {ExitStatus::Kind::Exited, static_cast<std::uint8_t>(value), false};
}

std::vector<Sample> samples(TimerKind timer) {
    Policy plain;
    Policy finish;
    finish.has_finish = true;
    Policy setup;
    setup.has_setup = true;
    Policy messages;
    messages.readiness = Readiness::Notify;
    Policy oneshot;
    oneshot.type = ServiceType::Oneshot;
    oneshot.restart = RestartPolicy::Never;
    Policy on_failure;
    on_failure.restart = RestartPolicy::OnFailure;
    Policy never;
    never.restart = RestartPolicy::Never;
    Policy reboots = never;
    reboots.on_failure = FailureAction::Reboot;
    Policy on_demand;
    on_demand.on_demand = true;
    Policy logger;
    logger.drains_input = true;
    return {
        {"up", WantUp{}, plain},
        {"down", WantDown{}, plain},
        {"down, process not born yet", WantDown{}, plain, Wanted::Up, false},
        {"once", WantOnce{}, plain},
        {"restart", Restart{}, plain},
        {"try-restart", TryRestart{}, plain},
        {"retire", Retire{}, plain},
        {"retire, a logger", Retire{}, logger},
        {"reset", Reset{}, plain},
        {"reload by signal", Reload{SIGHUP}, plain},
        {"reload by program", Reload{0}, plain},
        {"signal HUP", SendSignal{SIGHUP}, plain},
        {"start along", StartAlong{}, plain},
        {"give way", GiveWay{}, plain},
        {"needs met", NeedsMet{}, plain},
        {"start along, on demand", StartAlong{}, on_demand},
        {"demanded", Demanded{}, on_demand},
        {"exited 0, on demand", Exited{1, code(0), 10ms}, on_demand},
        {"needs met, has setup", NeedsMet{}, setup},
        {"dependents down", DependentsDown{}, plain},
        {"hold back", HoldBack{}, plain},
        {"block", Block{}, plain},
        {"unblock", Unblock{}, plain},
        {"spawned", Spawned{1, 100}, plain, Wanted::Up, false},
        {"spawned, not wanted any more", Spawned{1, 100}, plain, Wanted::Down, false},
        {"spawn failed", SpawnFailed{1}, plain},
        {"executed", Executed{1}, plain},
        {"executed, says when it is ready", Executed{1}, messages},
        {"executed, a oneshot", Executed{1}, oneshot},
        {"ready", BecameReady{1}, messages},
        {"reload began", ReloadBegan{1}, plain},
        {"stop announced", AnnouncedStop{1}, plain},
        {"main pid", MainPid{1, 200}, plain},
        {"watchdog set", WatchdogSet{1, 20s}, plain},
        {"watchdog triggered", WatchdogTriggered{1}, plain},
        {"more time", ExtendTimeout{1, 90s}, plain},
        {"exited, lived 10 ms", Exited{1, code(1), 10ms}, plain},
        {"exited, lived 60 s", Exited{1, code(1), 60s}, plain},
        {"exited, has finish", Exited{1, code(1), 10ms}, finish},
        {"exited 0, a oneshot", Exited{1, code(0), 10ms}, oneshot},
        {"exited 1, a oneshot", Exited{1, code(1), 10ms}, oneshot},
        {"exited 0, restart on failure", Exited{1, code(0), 10ms}, on_failure},
        {"exited 1, restart on failure", Exited{1, code(1), 10ms}, on_failure},
        {"exited 1, restart never", Exited{1, code(1), 10ms}, never},
        {"exited 1, reboots then", Exited{1, code(1), 10ms}, reboots},
        {"exited 0, wanted once", Exited{1, code(0), 10ms}, plain, Wanted::Once},
        {"exited 1, wanted once", Exited{1, code(1), 10ms}, plain, Wanted::Once},
        {"exited 125", Exited{1, code(125), 10ms}, plain},
        {"timed out", TimedOut{timer, 1}, plain},
    };
}

Snapshot in_the_middle_of(ServiceState state, const Sample& sample) {
    Snapshot s;
    s.state = state;
    const bool wants_down = state == ServiceState::Down || state == ServiceState::Stopping;
    s.wanted = wants_down ? Wanted::Down : sample.wanted;
    s.generation = 1;
    s.timer = 1;
    s.timer_armed = state == ServiceState::Starting || state == ServiceState::Up ||
                    state == ServiceState::Stopping || state == ServiceState::Finishing ||
                    state == ServiceState::Backoff;
    const bool has_process = state == ServiceState::Starting || state == ServiceState::Up ||
                             state == ServiceState::Ready || state == ServiceState::Stopping ||
                             state == ServiceState::Finishing;
    const std::int32_t pid = has_process && sample.has_pid ? 100 : 0;
    if (state == ServiceState::Finishing) {
        s.generation = 0;
        s.auxiliary_generation = 1;
        s.has_auxiliary = true;
        s.auxiliary = Role::Finish;
        s.auxiliary_pid = pid;
    } else {
        s.has_run = has_process;
        s.pid = pid;
    }
    return s;
}

TimerKind timer_of(ServiceState state) {
    return state == ServiceState::Stopping    ? TimerKind::Stop
           : state == ServiceState::Finishing ? TimerKind::Finish
           : state == ServiceState::Backoff   ? TimerKind::Backoff
                                              : TimerKind::Start;
}

std::string section(ServiceState state) {
    std::ostringstream out;
    out << "\n## " << to_string(state) << "\n\n| event | next | effects |\n|---|---|---|\n";
    std::string ignored;
    for (const Sample& sample : samples(timer_of(state))) {
        if (!sample.has_pid && state != ServiceState::Starting) {
            continue;
        }
        const Snapshot before = in_the_middle_of(state, sample);
        const Step made = step(before, sample.event, sample.policy);
        if (made.ignored) {
            const std::string event = sample.name.substr(0, sample.name.find(','));
            if (ignored.find(event) == std::string::npos) {
                ignored += (ignored.empty() ? "" : ", ") + event;
            }
            continue;
        }
        out << "| " << sample.name << " | " << to_string(made.next.state);
        if (made.next.wanted != before.wanted) {
            out << ", wanted " << to_string(made.next.wanted);
        }
        const std::string effects = words(made.effects);
        out << " | " << (effects.empty() ? "-" : effects) << " |\n";
    }
    if (!ignored.empty()) {
        out << "\nIgnored: " << ignored << ".\n";
    }
    return out.str();
}

std::string page() {
    std::string text = kIntroduction;
    for (const ServiceState state :
         {ServiceState::Down, ServiceState::Waiting, ServiceState::Starting, ServiceState::Up,
          ServiceState::Ready, ServiceState::Stopping, ServiceState::Finishing,
          ServiceState::Backoff, ServiceState::Failed, ServiceState::Done}) {
        text += section(state);
    }
    return text;
}

}  // namespace

TEST_CASE("docs/service-states.md says what step() does", "[service_state][docs]") {
    if (std::getenv("MAINSTAY_UPDATE_DOCS") != nullptr) {
        std::ofstream(kPage) << page();
    }
    std::ifstream file(kPage);
    std::ostringstream text;
    text << file.rdbuf();
    CHECK(text.str() == page());
}
