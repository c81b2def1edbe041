#include "unit/supervisor/simulation.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <memory>

using namespace std::chrono_literals;
using namespace mainstay::supervisor;
using namespace mainstay::fakes;

namespace mainstay::simulation {
namespace {

void add_once(Names& list, const std::string& name) {
    if (std::find(list.begin(), list.end(), name) == list.end()) {
        list.push_back(name);
    }
}

}  // namespace

Simulation::Simulation(std::uint32_t seed, int count) : random_(seed) {
    for (int i = 0; i < count; ++i) {
        names_.push_back("s" + std::to_string(i));
    }
    for (int i = 0; i < count; ++i) {
        define(i);
    }
}

void Simulation::begin() {
    const ServiceSet::Batch batch(system.services);
    for (const std::string& name : names_) {
        system.services.add(name, "/sv/" + name);
    }
}

// --- what there is ------------------------------------------------------------------------------

void Simulation::define(int number) {
    const std::string& name = names_[static_cast<std::size_t>(number)];
    Sample sample = make_sample(number);
    sample.starts_by_itself = pick(10) != 0;
    make_directory(name, sample);
    samples[name] = std::move(sample);
}

Sample Simulation::make_sample(int number) {
    Sample sample;
    const std::uint32_t kind = pick(20);
    sample.type = kind == 0   ? ServiceType::Group
                  : kind <= 3 ? ServiceType::Oneshot
                              : ServiceType::Longrun;
    sample.hangs = pick(60) == 0;
    sample.end = pick(25) == 0 ? static_cast<int>(pick(2)) : -1;
    if (sample.type == ServiceType::Oneshot && sample.end < 0) {
        sample.end = 0;
    }
    add_some(sample.relations.needs, number, 3, 50);
    add_some(sample.relations.wants, number, 6, 50);
    add_some(sample.relations.after, number, 4, 50);
    add_some(sample.relations.conflicts, number, 150, 50);
    const auto next = static_cast<std::size_t>(number) + 1;
    if (pick(20) == 0 && next < names_.size()) {
        sample.relations.before.push_back(names_[next]);
    }
    if (sample.type == ServiceType::Group) {
        add_some(sample.relations.members, number, 2, 20);
    }
    return sample;
}

/// Mostly those of lower numbers; now and then the wrong way around, which makes circles, or to
/// nowhere.
void Simulation::add_some(Names& list, int number, std::uint32_t one_in, std::uint32_t reach) {
    while (pick(one_in) == 0) {
        const auto distance = static_cast<int>(pick(reach)) + 1;
        const std::uint32_t way = pick(400);
        const int other = way == 0 ? number + distance : number - distance;
        if (way == 1) {
            add_once(list, "nowhere");
        } else if (other >= 0 && other < static_cast<int>(names_.size())) {
            add_once(list, names_[static_cast<std::size_t>(other)]);
        }
    }
}

void Simulation::make_directory(const std::string& name, const Sample& sample) {
    Definition& definition = system.directory("/sv/" + name);
    definition.own_relations = std::make_shared<Relations>(sample.relations);
    definition.has_down_file = !sample.starts_by_itself;
    Policy& policy = definition.policy;
    policy.type = sample.type;
    policy.has_finish = pick(10) == 0;
    policy.has_setup = pick(20) == 0;
    policy.has_stop_program = false;
    policy.readiness = pick(3) == 0 ? Readiness::Notify : Readiness::Exec;
    policy.restart = sample.type == ServiceType::Oneshot ? RestartPolicy::Never
                                                         : static_cast<RestartPolicy>(pick(3));
    // What dies again and again gives up, or nothing would ever come to rest.
    policy.restart_limit_count = 3;
    policy.restart_limit_interval = kForever;
}

// --- what happens -------------------------------------------------------------------------------

Verb Simulation::random_verb() {
    const Service& service =
        system.service(names_[pick(static_cast<std::uint32_t>(names_.size()))]);
    switch (pick(8)) {
        case 0:
        case 1:
            return {service, WantUp{}};
        case 2:
        case 3:
            return {service, WantDown{}};
        case 4:
            return {service, Restart{}};
        case 5:
            return {service, TryRestart{}};
        case 6:
            return {service, WantOnce{}};
        default:
            return {service, Reset{}};
    }
}

void Simulation::live(std::uint32_t one_in) {
    std::vector<std::int32_t> pids;
    for (const auto& [pid, process] : system.processes.alive) {
        if (pick(one_in) == 0) {
            pids.push_back(pid);
        }
    }
    for (const std::int32_t pid : pids) {
        if (system.processes.alive.count(pid) != 0) {
            live_on(pid);
        }
    }
}

bool Simulation::come_to_rest() {
    for (int round = 0; round < 4000; ++round) {
        const std::size_t sent = system.processes.sent.size();
        const auto born = system.processes.last_pid;
        idle_ = true;
        live(1);
        const bool is_quiet =
            idle_ && sent == system.processes.sent.size() && born == system.processes.last_pid;
        if (is_quiet && system.clock.armed() == 0) {
            return true;
        }
        if (is_quiet) {
            system.clock.advance(system.clock.until_next());
        }
    }
    return false;
}

void Simulation::live_on(std::int32_t pid) {
    const auto& process = system.processes.alive.at(pid);
    const Service& service = *system.services.find(process.key.service);
    const bool is_run =
        service.snapshot.has_run && service.snapshot.generation == process.key.generation;
    if (is_run) {
        idle_ = live_on_as_run(pid, service) == Happened::Nothing && idle_;
        return;
    }
    idle_ = false;
    system.processes.end(pid, exited(pick(30) == 0 ? 1 : 0), 10ms);
}

Simulation::Happened Simulation::live_on_as_run(std::int32_t pid, const Service& service) {
    const Snapshot& s = service.snapshot;
    const Sample& sample = samples.at(service.name);
    if (s.state == ServiceState::Starting) {
        pick(40) == 0 ? system.processes.fail_exec(pid, {"exec", "x", ENOENT, ""})
                      : system.processes.execute(pid);
        return Happened::Something;
    }
    const bool was_told = s.state == ServiceState::Stopping && s.sent_signal != 0;
    if (was_told && !(sample.hangs && s.sent_signal != SIGKILL)) {
        system.processes.end(pid, killed_by(s.sent_signal), 1s);
        return Happened::Something;
    }
    if (sample.hangs) {
        return Happened::Nothing;
    }
    if (sample.end >= 0 && is_running(s.state)) {
        system.processes.end(pid, exited(sample.end), 10ms);
        return Happened::Something;
    }
    if (s.state == ServiceState::Up) {
        system.services.service_is_ready(system.processes.alive.at(pid).key);
        return Happened::Something;
    }
    return Happened::Nothing;
}

}  // namespace mainstay::simulation
