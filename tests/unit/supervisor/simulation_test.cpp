/// Ten thousand services with random relations in a world of fakes: random ends, hangs, failures
/// and verbs. When nothing moves any more, an oracle that knows nothing of the planner judges every
/// service by what service.conf(5) says of its relations.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "unit/supervisor/fixture.h"
#include "unit/supervisor/state_text.h"

using namespace std::chrono_literals;
using namespace mainstay;
using namespace mainstay::supervisor;
using namespace mainstay::fakes;

namespace {

using Names = std::vector<std::string>;

/// What a service of the simulation is like.
struct Sample {
    Relations relations;
    ServiceType type = ServiceType::Longrun;
    bool hangs = false;  ///< never says that it is ready, never ends by itself
    int end = -1;        ///< exits with this soon after its start; -1: lives
};

class Simulation {
  public:
    Simulation(std::uint32_t seed, int count) : random_(seed) {
        for (int i = 0; i < count; ++i) {
            names_.push_back("s" + std::to_string(i));
        }
        for (int i = 0; i < count; ++i) {
            define(i, count);
        }
        const ServiceSet::Batch batch(system.services);
        for (const std::string& name : names_) {
            system.services.add(name, "/sv/" + name);
        }
    }

    std::uint32_t pick(std::uint32_t below) {
        return static_cast<std::uint32_t>(random_()) % below;
    }
    const Service& random_service() {
        return system.service(names_[pick(static_cast<std::uint32_t>(names_.size()))]);
    }

    void random_verb() {
        const ServiceId id = random_service().id;
        switch (pick(8)) {
            case 0:
            case 1:
                return system.services.post(id, WantUp{});
            case 2:
            case 3:
                return system.services.post(id, WantDown{});
            case 4:
                return system.services.post(id, Restart{});
            case 5:
                return system.services.post(id, TryRestart{});
            case 6:
                return system.services.post(id, WantOnce{});
            default:
                return system.services.post(id, Reset{});
        }
    }

    /// Whatever may happen to processes happens to some of them.
    void live(std::uint32_t one_in) {
        Names due;
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

    /// Until nothing happens by itself any more.
    bool come_to_rest() {
        for (int round = 0; round < 4000; ++round) {
            const std::size_t sent = system.processes.sent.size();
            const auto born = system.processes.last_pid;
            live(1);
            const bool is_quiet =
                sent == system.processes.sent.size() && born == system.processes.last_pid && idle_;
            if (is_quiet && system.clock.armed() == 0) {
                return true;
            }
            idle_ = true;
            if (is_quiet) {
                system.clock.advance(system.clock.until_next());
            }
        }
        return false;
    }

    FakeSystem system;
    std::map<std::string, Sample> samples;

  private:
    void define(int number, int count) {
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
        const auto some = [&](Names& list, std::uint32_t one_in, std::uint32_t reach) {
            while (pick(one_in) == 0) {
                const auto back = static_cast<int>(pick(reach)) + 1;
                // Now and then the wrong way around, which makes circles, or to nowhere.
                const std::uint32_t way = pick(400);
                const int other = way == 0 ? number + back : number - back;
                if (way == 1) {
                    add_once(list, "nowhere");
                } else if (other >= 0 && other < count) {
                    add_once(list, names_[static_cast<std::size_t>(other)]);
                }
            }
        };
        some(sample.relations.needs, 3, 50);
        some(sample.relations.wants, 6, 50);
        some(sample.relations.after, 4, 50);
        some(sample.relations.conflicts, 150, 50);
        if (pick(20) == 0 && number + 1 < count) {
            sample.relations.before.push_back(names_[static_cast<std::size_t>(number) + 1]);
        }
        if (sample.type == ServiceType::Group) {
            some(sample.relations.members, 2, 20);
        }
        enter(number, sample);
    }

    static void add_once(Names& list, const std::string& name) {
        if (std::find(list.begin(), list.end(), name) == list.end()) {
            list.push_back(name);
        }
    }

    void enter(int number, const Sample& sample) {
        const std::string& name = names_[static_cast<std::size_t>(number)];
        Definition& definition = system.directory("/sv/" + name);
        definition.own_relations = std::make_shared<Relations>(sample.relations);
        definition.has_down_file = pick(10) == 0;
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
        samples[name] = sample;
    }

    void live_on(std::int32_t pid) {
        const auto& process = system.processes.alive.at(pid);
        const Service& service = *system.services.find(process.key.service);
        const Snapshot& s = service.snapshot;
        const Sample& sample = samples.at(service.name);
        const bool is_run = s.has_run && s.generation == process.key.generation;
        if (!is_run) {
            idle_ = false;
            return system.processes.end(pid, exited(pick(30) == 0 ? 1 : 0), 10ms);
        }
        if (s.state == ServiceState::Starting) {
            idle_ = false;
            return pick(40) == 0 ? system.processes.fail_exec(pid, {"exec", "x", ENOENT, ""})
                                 : system.processes.execute(pid);
        }
        const bool was_told = s.state == ServiceState::Stopping && s.sent_signal != 0;
        if (was_told && !(sample.hangs && s.sent_signal != SIGKILL)) {
            idle_ = false;
            return system.processes.end(pid, killed_by(s.sent_signal), 1s);
        }
        if (sample.hangs) {
            return;
        }
        if (sample.end >= 0 && is_running(s.state)) {
            idle_ = false;
            return system.processes.end(pid, exited(sample.end), 10ms);
        }
        if (s.state == ServiceState::Up) {
            idle_ = false;
            system.services.service_is_ready(process.key);
        }
    }

    std::mt19937 random_;
    Names names_;
    bool idle_ = false;
};

/// Judges a system at rest. Everything here is written from the sentences of service.conf(5).
class Oracle {
  public:
    explicit Oracle(const Simulation& simulation) : world_(simulation) {
        for (const auto& [name, sample] : world_.samples) {
            for (const std::string& member : sample.relations.after) {
                order_[name].insert(member);
            }
            for (const std::string& later : sample.relations.before) {
                order_[later].insert(name);
            }
        }
        drop_pure_order_cycles();
    }

    std::string judge(const std::string& name) const {
        const Snapshot& s = of(name);
        switch (s.state) {
            case ServiceState::Ready:
                return judge_ready(name);
            case ServiceState::Down:
                return s.wanted == Wanted::Down ? "" : "down, though it is wanted";
            case ServiceState::Done:
                return sample(name).type == ServiceType::Group ? "a group is done" : "";
            case ServiceState::Failed:
                return judge_failed(name);
            case ServiceState::Waiting:
                return judge_waiting(name);
            case ServiceState::Starting:
            case ServiceState::Up:
            case ServiceState::Stopping:
            case ServiceState::Finishing:
            case ServiceState::Backoff:
                break;
        }
        return "not at rest";
    }

  private:
    using Graph = std::map<std::string, std::set<std::string>>;

    bool exists(const std::string& name) const { return world_.samples.count(name) != 0; }
    const Sample& sample(const std::string& name) const { return world_.samples.at(name); }
    const Snapshot& of(const std::string& name) const {
        return world_.system.service(name).snapshot;
    }
    ServiceState state(const std::string& name) const { return of(name).state; }

    bool satisfies(const std::string& name) const {
        return exists(name) &&
               (state(name) == ServiceState::Ready ||
                (state(name) == ServiceState::Done && sample(name).type == ServiceType::Oneshot));
    }

    static std::set<std::string> reachable(const Graph& graph, const std::string& from) {
        std::set<std::string> seen;
        Names to_do = {from};
        while (!to_do.empty()) {
            const std::string at = to_do.back();
            to_do.pop_back();
            const auto next = graph.find(at);
            if (next == graph.end()) {
                continue;
            }
            for (const std::string& each : next->second) {
                if (seen.insert(each).second) {
                    to_do.push_back(each);
                }
            }
        }
        return seen;
    }

    /// Two in one circle of after and before alone: that order does not count.
    void drop_pure_order_cycles() {
        std::map<std::string, std::set<std::string>> reach;
        Names circular;
        for (const auto& [name, others] : order_) {
            auto reached = reachable_within(order_, name);
            if (reached.count(name) != 0) {
                circular.push_back(name);
                reach[name] = std::move(reached);
            }
        }
        for (const std::string& name : circular) {
            std::erase_if(order_[name], [&](const std::string& other) {
                return reach[name].count(other) != 0 && reach.count(other) != 0 &&
                       reach[other].count(name) != 0;
            });
        }
        waits_ = order_;
        for (const auto& [name, sample] : world_.samples) {
            waits_[name].insert(sample.relations.needs.begin(), sample.relations.needs.end());
            waits_[name].insert(sample.relations.members.begin(), sample.relations.members.end());
        }
    }
    static std::set<std::string> reachable_within(const Graph& graph, const std::string& from) {
        return reachable(graph, from);
    }

    bool is_in_cycle(const std::string& name) const {
        return reachable(waits_, name).count(name) != 0;
    }

    bool conflict(const std::string& a, const std::string& b) const {
        const auto lists = [](const Sample& sample, const std::string& other) {
            const Names& list = sample.relations.conflicts;
            return std::find(list.begin(), list.end(), other) != list.end();
        };
        return a != b && (lists(sample(a), b) || (exists(b) && lists(sample(b), a)));
    }

    std::string judge_ready(const std::string& name) const {
        if (of(name).wanted == Wanted::Down) {
            return "ready, though not wanted";
        }
        for (const std::string& need : sample(name).relations.needs) {
            if (!exists(need)) {
                return "ready without " + need;
            }
            // A crash leaves dependents alone, and one that ended well too; a stop does not.
            if (of(need).wanted == Wanted::Down || state(need) == ServiceState::Failed) {
                return "ready, while its need " + need + " is " +
                       std::string(to_string(state(need)));
            }
        }
        for (const std::string& other : sample(name).relations.conflicts) {
            if (exists(other) && other != name && of(other).wanted != Wanted::Down) {
                return "ready, while " + other + " is wanted, with which it conflicts";
            }
        }
        for (const std::string& member : sample(name).relations.members) {
            if (!exists(member) ||
                (state(member) != ServiceState::Ready && state(member) != ServiceState::Done &&
                 state(member) != ServiceState::Waiting)) {
                return "a ready group whose member " + member + " is not up";
            }
        }
        return is_in_cycle(name) ? "ready in a circle" : "";
    }

    std::string judge_failed(const std::string& name) const {
        const Snapshot& s = of(name);
        const Relations& relations = sample(name).relations;
        switch (s.obstacle) {
            case Obstacle::None:
                return s.failure == Failure::None ? "failed for no reason" : "";
            case Obstacle::Cycle:
                return is_in_cycle(name) ? "" : "failed for a circle that it is not in";
            case Obstacle::NeedMissing:
                return lacks(relations) ? "" : "failed for a need that is there";
            case Obstacle::NeedFailed:
                return any_failed_or_unwanted(relations.needs) ? ""
                                                               : "failed for a need that did not";
            case Obstacle::MemberFailed:
                return any_failed_or_unwanted(relations.members)
                           ? ""
                           : "failed for a member that did not";
            case Obstacle::Definition:
                break;
        }
        return "failed for its definition";
    }

    bool lacks(const Relations& relations) const {
        const auto missing = [&](const std::string& other) { return !exists(other); };
        return std::any_of(relations.needs.begin(), relations.needs.end(), missing) ||
               std::any_of(relations.members.begin(), relations.members.end(), missing);
    }
    /// What failed and was then told to be down was not started again.
    bool any_failed_or_unwanted(const Names& names) const {
        return std::any_of(names.begin(), names.end(), [&](const std::string& other) {
            return exists(other) &&
                   (state(other) == ServiceState::Failed || of(other).wanted == Wanted::Down);
        });
    }

    std::string judge_waiting(const std::string& name) const {
        if (of(name).wanted == Wanted::Down) {
            return "waits, though not wanted";
        }
        const Relations& relations = sample(name).relations;
        if (is_in_cycle(name) || lacks(relations)) {
            return "waits for what can never be";
        }
        for (const std::string& need : relations.needs) {
            if (state(need) == ServiceState::Failed) {
                return "waits for " + need + ", which failed";
            }
            if (!satisfies(need)) {
                return "";
            }
        }
        if (const auto order = order_.find(name); order != order_.end()) {
            for (const std::string& other : order->second) {
                if (exists(other) && state(other) == ServiceState::Waiting) {
                    return "";
                }
            }
        }
        for (const std::string& member : relations.members) {
            if (state(member) != ServiceState::Ready && state(member) != ServiceState::Done) {
                return state(member) == ServiceState::Failed ? "waits for a member that failed"
                                                             : "";
            }
        }
        return "waits for nothing";
    }

    const Simulation& world_;
    Graph order_;
    Graph waits_;
};

std::uint32_t first_seed() {
    const char* given = std::getenv("MAINSTAY_SEED");
    return given != nullptr ? static_cast<std::uint32_t>(std::strtoul(given, nullptr, 10)) : 1;
}

void judge_all(const Simulation& simulation) {
    const Oracle oracle(simulation);
    for (const auto& [name, sample] : simulation.samples) {
        const std::string verdict = oracle.judge(name);
        if (!verdict.empty()) {
            INFO(name << ": " << verdict << "; " << words(simulation.system.service(name).snapshot)
                      << "; "
                      << simulation.system.services.cause_of(simulation.system.service(name)));
            CHECK(verdict == "");
            return;
        }
    }
}

}  // namespace

TEST_CASE("a world of services comes to rest where its relations say", "[simulation]") {
    for (std::uint32_t seed = first_seed(); seed < first_seed() + 40; ++seed) {
        Simulation simulation(seed, 100);
        INFO("MAINSTAY_SEED=" << seed);
        for (int round = 0; round < 6; ++round) {
            for (int i = 0; i < 30; ++i) {
                simulation.live(3);
                simulation.random_verb();
                simulation.system.clock.advance(std::chrono::milliseconds(simulation.pick(9000)));
            }
            REQUIRE(simulation.come_to_rest());
            CHECK(simulation.system.services.all_settled());
            judge_all(simulation);
        }
    }
}

TEST_CASE("ten thousand services come to rest where their relations say", "[simulation]") {
    const std::uint32_t seed = first_seed();
    INFO("MAINSTAY_SEED=" << seed);
    Simulation simulation(seed, 10000);
    for (int i = 0; i < 30; ++i) {
        simulation.live(3);
        simulation.random_verb();
        simulation.system.clock.advance(500ms);
    }
    REQUIRE(simulation.come_to_rest());
    CHECK(simulation.system.services.all_settled());
    judge_all(simulation);
}

TEST_CASE("a stop of all ends with all down, dependents first", "[simulation]") {
    struct Watch final : ServiceObserver {
        explicit Watch(Simulation& s) : simulation(s) {}
        void service_changed(const Service& service) override {
            const bool is_told = service.snapshot.state == ServiceState::Stopping &&
                                 service.snapshot.stop_stage == StopStage::Terminate &&
                                 service.snapshot.resume == ServiceState::Ready &&
                                 service.snapshot.failure == Failure::None;
            if (!is_told || !seen.insert(service.name).second) {
                return;
            }
            for (const auto& [name, sample] : simulation.samples) {
                const auto& needs = sample.relations.needs;
                const bool needs_it =
                    std::find(needs.begin(), needs.end(), service.name) != needs.end();
                if (needs_it && simulation.system.service(name).snapshot.has_run) {
                    early.push_back(service.name + " before " + name);
                }
            }
        }
        void service_forgotten(ServiceId /*service*/) override {}
        Simulation& simulation;
        std::set<std::string> seen;
        Names early;
    };
    for (std::uint32_t seed = first_seed(); seed < first_seed() + 20; ++seed) {
        Simulation simulation(seed, 100);
        INFO("MAINSTAY_SEED=" << seed);
        for (int i = 0; i < 20; ++i) {
            simulation.live(2);
            simulation.system.clock.advance(1s);
        }
        Watch watch(simulation);
        simulation.system.services.observe(watch);
        simulation.system.services.stop_all();
        REQUIRE(simulation.come_to_rest());
        CHECK(simulation.system.services.count_not_resting() == 0);
        CHECK(simulation.system.processes.alive.empty());
        CHECK(simulation.system.clock.armed() == 0);
        for (const auto& [name, sample] : simulation.samples) {
            CHECK(simulation.system.state(name) == ServiceState::Down);
        }
        CHECK(watch.early == Names{});
    }
}
