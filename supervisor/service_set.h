/// All services and the loop that drives their snapshots: event -> step -> effects -> events. Owns
/// the services, their graph and the planner; knows the world only by the os_* seams. One thread;
/// not reentrant by design: whatever happens while events are drained (an observer's verb, an
/// effect's outcome, an order of the planner) joins the one queue and is handled in order.
///
/// Not here: which directories there are (scan), who may ask for what (control_handler), what a
/// state change means (service_state), what services have to do with each other (planner).
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/journal.h"
#include "supervisor/os_cgroups.h"
#include "supervisor/os_clock.h"
#include "supervisor/os_definitions.h"
#include "supervisor/os_outputs.h"
#include "supervisor/os_processes.h"
#include "supervisor/os_readiness.h"
#include "supervisor/os_scripts.h"
#include "supervisor/os_sessions.h"
#include "supervisor/os_sockets.h"
#include "supervisor/os_state.h"
#include "supervisor/os_system.h"
#include "supervisor/planner.h"
#include "supervisor/service.h"

namespace mainstay::supervisor {

/// Told after each step that changed a service, from within the drain. May post, look and remember;
/// must not keep references.
class ServiceObserver {
  public:
    ServiceObserver() = default;
    ServiceObserver(const ServiceObserver&) = delete;
    ServiceObserver& operator=(const ServiceObserver&) = delete;
    virtual ~ServiceObserver() = default;

    virtual void service_changed(const Service& service) = 0;
    virtual void service_forgotten(ServiceId service) = 0;
};

/// What a rescan found about one service.
struct DefinitionChange {
    std::string service;
    std::vector<std::string> changes;  ///< "stop-timeout 10 s -> 30 s"; of an unusable one: why
    enum class When : std::uint8_t {
        Now,        ///< nothing of it ran
        NextStart,  ///< it runs as it was
        Refused,    ///< the directory cannot be used as it is
    };
    When when = When::Now;
};

class ServiceSet final : public ProcessListener, public ReadinessListener, public SocketListener {
  public:
    struct Ports {
        Clock& clock;
        Processes& processes;
        Outputs& outputs;
        Definitions& definitions;
        Journal& journal;
        Cgroups& cgroups;
        ReadinessPorts& readiness;
        Sessions& sessions;
        System& system;
        StateKeeping& state;
        Scripts* scripts = nullptr;  ///< null: no service has any
        Sockets* sockets = nullptr;  ///< null: nothing is opened for any
    };

    explicit ServiceSet(const Ports& ports) : os_(ports), planner_(graph_) {}

    /// While one lives, what is added is not started and what is posted is not handled: all is
    /// judged together at its end. May be nested.
    class Batch {
      public:
        explicit Batch(ServiceSet& services) noexcept : services_(services) {
            ++services_.batches_;
        }
        ~Batch() { services_.end_batch(); }
        Batch(const Batch&) = delete;
        Batch& operator=(const Batch&) = delete;

      private:
        ServiceSet& services_;
    };

    /// Takes a service directory in, with its logger if it has one, and starts it unless it has a
    /// down file. A name that is still leaving is taken in again once it has left.
    void add(const std::string& name, const std::string& path);

    /// What a supervisor before this one left. To be called before anything is added; each of them
    /// goes on where it was when it is added, and processes are only watched, not touched.
    void inherit(KnownState known);

    /// All directories were added: what is left of inherit() has none any more, and is stopped. In
    /// the batch in which they were added.
    void end_inheritance();

    /// Stops the service, then its logger, then forgets both. An unknown name is ignored.
    void remove(const std::string& name);

    /// Stops every service, those that need others first and loggers last; nothing starts any more.
    void stop_all();
    bool is_stopping() const noexcept { return stopping_; }

    /// Reads all definitions again and takes what they say of each other; restarts nothing. The
    /// rest counts at once where nothing runs, and from the next start on elsewhere.
    std::vector<DefinitionChange> rescan();

    /// Hands an event to a service and drains the queue (or, within a drain or a batch, joins it).
    void post(ServiceId service, const Event& event);

    const Service* find(ServiceId service) const noexcept;
    const Service* find(std::string_view name) const noexcept;

    /// In order of name; a logger follows its service.
    std::vector<ServiceId> all() const;

    /// Whether more is to be started than is started at a time.
    bool are_starts_waiting() const noexcept { return !waiting_births_.empty(); }

    /// Services and loggers that are not down, failed or done.
    std::size_t count_not_resting() const noexcept;

    /// Whether the first start of every service has come to an outcome: ready, done, failed, in
    /// backoff, not wanted, or waiting for one that has such an outcome. True where there is none.
    bool all_settled() const noexcept { return planner_.count_unsettled() == 0; }
    bool is_settled(const Service& service) const noexcept {
        return planner_.is_settled(service.node);
    }

    /// Why it is in this state, where its exit status alone does not say it. Made when asked for.
    std::string cause_of(const Service& service) const;

    /// How its setup program ended, where the last start came to nothing because of that.
    static std::optional<ExitStatus> failed_setup(const Service& service);

    /// Whether it will be taken in (again) when the one of its name has left.
    bool comes_back(const std::string& name) const { return to_be_added_.count(name) != 0; }

    /// What a service in waiting waits for, all of it.
    struct Blocker {
        const std::string& name;           ///< the graph's
        const Service* service = nullptr;  ///< null: there is none of that name
        Relation relation = Relation::Needs;
    };
    std::vector<Blocker> blockers_of(const Service& service) const;

    const DependencyGraph& graph() const noexcept { return graph_; }

    void observe(ServiceObserver& observer) { observers_.push_back(&observer); }

    void process_executed(ProcessKey key) override;
    void process_not_executed(ProcessKey key, const ExecFault& fault) override;
    void process_exited(ProcessKey key, ExitStatus status, Duration lived) override;
    void births_may_go_on() override;
    void service_is_ready(ProcessKey key) override;
    void service_said(ProcessKey key, const NotifyMessage& message) override;
    void service_is_demanded(ServiceId service) override;

  private:
    struct Pending {
        ServiceId service;
        Event event;
    };

    /// A process that shall be made when there is room.
    struct WaitingBirth {
        ServiceId service;
        Spawn effect;
    };

    Service& create(const std::string& name, LoadedDefinition loaded);
    ServiceId id_for(NodeId node, const KnownService* known);
    KnownService* find_known(std::string_view name) noexcept;
    bool add_what_changed_its_kind(const std::string& name, const std::string& path,
                                   const LoadedDefinition& loaded);
    void add_to_be_stopped(KnownService& known);
    void restore(Service& service, KnownService& known);
    void resume_inherited();
    void resume(Service& service, const KnownService& known);
    void finish_leftovers(const Service& service);
    void resume_timers(Service& service);
    void resume_run(Service& service, const KnownService& known);
    void resume_auxiliary(Service& service, const KnownService& known);
    void resume_ended(Service& service, std::uint32_t generation, const Fate& fate);
    void call_when_due(Service& service, Duration after, std::uint32_t number);
    void call_when_auxiliary_due(Service& service, Duration after, std::uint32_t number);
    void add_logger(Service& service);
    void add_missing_logger(Service& service);
    void wake_logger(Service& service);
    bool connect_logger(Service& service, Service& logger);
    void connect_shared_loggers();
    void connect_shared_logger(Service& service);
    void share_logger(Service& service, Service& logger);
    Service* shared_logger_of(const Service& service) noexcept;
    Service* own_logger_of(const Service& service) noexcept;
    bool has_live_writer(const Service& logger) const noexcept;
    void let_writers_go(const Service& logger);
    void end_batch();
    void start_what_is_new();
    void update_graph();
    void go_on_leaving(Service& service);
    void forget(ServiceId service);

    void read_again(Service& service);
    void read_again_after(Duration pause, ServiceId id);
    void try_to_read(ServiceId id, Duration pause);
    void take(Service& service, Definition definition);
    static void make_logger_of(Definition& definition) noexcept;
    void say_problems(const Service& service, const std::vector<std::string>& problems);
    DefinitionChange compare(Service& service, LoadedDefinition loaded);

    bool is_refused(const Service& service, const Event& event) const noexcept;
    Event complete(const Service& service, const Event& event) const noexcept;
    void handle(Service& service, const Event& event);
    void drain();
    void queue_orders();
    void save(Service& service, Changed changed, const Effects& effects);
    Changed note(Service& service, const Event& event);
    void note_death(Service& service, const Exited& exit);
    void note_timers(Service& service, const Effects& effects) noexcept;
    void note_restart(Service& service, const Snapshot& before);
    void tell_observers(const Service& service);
    void state_changed(Service& service, const Snapshot& before);
    void follow_with_sockets(const Service& service, const Snapshot& before);
    void report_backoff(Service& service);
    void report_failure(const Service& service);
    void kill_leftovers(Service& service);
    bool note_words(Service& service, const NotifyMessage& message);
    std::string how_it_ended(const Service& service) const;
    std::string cause_of_waiting(const Service& service) const;
    std::string cause_of_failure(const Service& service) const;
    std::string cause_of_obstacle(const Service& service) const;

    void perform(Service& service, const CheckNeeds& effect);
    void perform(Service& service, const Listen& effect);
    void perform(Service& service, const StartNeeds& effect);
    void perform(Service& service, const CheckDependents& effect);
    void perform(Service& service, const StartMembers& effect);
    void perform(Service& service, const StopMembers& effect);
    void perform(Service& service, const TakeDown& effect);
    void perform(Service& service, const Spawn& effect);
    void perform(Service& service, const Kill& effect);
    void perform(Service& service, const CloseInput& effect);
    void perform(Service& service, const Arm& effect);
    void perform(Service& service, const Disarm& effect);
    void begin(Service& service, const Spawn& effect);
    void begin_after_script(Service& service, const Spawn& effect);
    Service* still_to_be_begun(ServiceId id, const Spawn& effect);
    void send(Service& service, const Kill& effect);
    bool ask_script(const Service& service, const Kill& effect);
    SpawnPlan plan(const Service& service, Role role, Streams streams) const;
    bool read_for_start(Service& service);
    Result<SpawnPlan, ExecFault> prepare(Service& service, const Spawn& effect);
    void spawn_failed(Service& service, std::uint32_t generation, ExecFault fault);

    Service* get(ServiceId service) noexcept;
    Service* at(NodeId node) noexcept;
    const Service* at(NodeId node) const noexcept;

    Ports os_;
    DependencyGraph graph_;
    Planner planner_;
    Planner::Orders orders_;                          ///< of the planner, not queued yet
    std::vector<std::unique_ptr<Service>> services_;  ///< by node
    std::vector<std::uint16_t> incarnations_;         ///< by node, see ServiceId in service_set.cpp
    std::map<std::string, std::string> to_be_added_;  ///< names that are still leaving, paths
    std::vector<ServiceId> new_;                      ///< added in this batch
    std::deque<Pending> queue_;
    std::deque<WaitingBirth> waiting_births_;
    std::vector<ServiceObserver*> observers_;
    std::vector<std::string> order_cycles_;                   ///< that were warned of
    std::map<std::string, KnownService, std::less<>> known_;  ///< inherited, not added yet
    std::vector<KnownService> resumed_;                       ///< added in this batch, by id
    std::uint16_t first_incarnation_ = 0;
    int batches_ = 0;
    bool graph_changed_ = false;
    bool draining_ = false;
    bool stopping_ = false;
};

}  // namespace mainstay::supervisor
