/// All services and the loop that drives their snapshots: event -> step -> effects -> events. Owns
/// the services; knows the world only by the os_* seams. One thread; not reentrant by design:
/// whatever happens while events are drained (an observer's verb, an effect's outcome) joins the
/// one queue and is handled in order.
///
/// Not here: which directories there are (scan), who may ask for what (control_handler), what a
/// state change means (service_state).
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "supervisor/journal.h"
#include "supervisor/os_clock.h"
#include "supervisor/os_definitions.h"
#include "supervisor/os_outputs.h"
#include "supervisor/os_processes.h"
#include "supervisor/os_readiness.h"
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

class ServiceSet final : public ProcessListener, public ReadinessListener {
  public:
    struct Ports {
        Clock& clock;
        Processes& processes;
        Outputs& outputs;
        Definitions& definitions;
        Journal& journal;
        ReadinessPorts& readiness;
    };

    explicit ServiceSet(const Ports& ports) : os_(ports) {}

    /// Takes a service directory in, with its logger if it has one, and starts it unless it has a
    /// down file. A name that is still leaving is taken in again once it has left.
    void add(const std::string& name, const std::string& path);

    /// Stops the service, then its logger, then forgets both. An unknown name is ignored.
    void remove(const std::string& name);

    /// Stops every service in parallel, each logger after its service; nothing starts any more.
    void stop_all();
    bool is_stopping() const noexcept { return stopping_; }

    /// Hands an event to a service and drains the queue (or, within a drain, joins it).
    void post(ServiceId service, const Event& event);

    const Service* find(ServiceId service) const noexcept;
    const Service* find(std::string_view name) const noexcept;

    /// In order of name; a logger follows its service.
    std::vector<ServiceId> all() const;

    /// Services and loggers that are not down, failed or done.
    std::size_t count_not_resting() const noexcept;

    /// Whether the first start of every service has come to an outcome: ready, done, failed, in
    /// backoff, or not wanted. True where there is no service.
    bool all_settled() const noexcept { return unsettled_ == 0; }

    void observe(ServiceObserver& observer) { observers_.push_back(&observer); }

    void process_executed(ProcessKey key) override;
    void process_not_executed(ProcessKey key, const ExecFault& fault) override;
    void process_exited(ProcessKey key, ExitStatus status, Duration lived) override;

    void service_is_ready(ProcessKey key) override;
    void service_said(ProcessKey key, const NotifyMessage& message) override;

  private:
    struct Pending {
        ServiceId service;
        Event event;
    };

    Service& create(const std::string& name, LoadedDefinition loaded);
    void start_unless_down(const Service& service);
    void add_logger(Service& service);
    bool is_refused(const Service& service, const Event& event) const noexcept;
    void handle(Service& service, const Event& event);
    void drain();
    void note(Service& service, const Event& event);
    void state_changed(Service& service);
    void settle(Service& service);
    void report_backoff(const Service& service);
    void go_on_leaving(Service& service);
    void forget(ServiceId service);
    void check_needs(Service& service);

    void perform(Service& service, const CheckNeeds& effect);
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
    SpawnPlan plan(Service& service, Role role, Streams streams);
    Result<void, ExecFault> open_channel(const Service& service, ProcessKey key, SpawnPlan& plan);
    bool note_words(Service& service, const NotifyMessage& message);
    void spawn_failed(Service& service, std::uint32_t generation, ExecFault fault);

    Service* get(ServiceId service) noexcept;

    Ports os_;
    std::unordered_map<ServiceId, std::unique_ptr<Service>> services_;
    std::map<std::string, ServiceId, std::less<>> by_name_;
    std::map<std::string, std::string> to_be_added_;  ///< names that are still leaving, paths
    std::deque<Pending> queue_;
    std::vector<ServiceObserver*> observers_;
    ServiceId last_id_ = 0;
    std::size_t unsettled_ = 0;
    bool draining_ = false;
    bool stopping_ = false;
};

}  // namespace mainstay::supervisor
