/// Which services there are: what is added, removed, and found.
#include "supervisor/service_set.h"

#include <algorithm>
#include <utility>

#include "supervisor/service_id.h"
#include "supervisor/state_record.h"

namespace mainstay::supervisor {
namespace {

constexpr Duration kFirstRereadPause = std::chrono::seconds(1);

}  // namespace

void ServiceSet::add(const std::string& name, const std::string& path) {
    if (stopping_) {
        return;
    }
    if (const Service* known = find(name)) {
        if (known->leaving) {
            to_be_added_[name] = path;
        }
        return;
    }
    const Batch batch(*this);
    LoadedDefinition loaded = os_.definitions.load(path);
    if (add_what_changed_its_kind(name, path, loaded)) {
        return;
    }
    Service& service = create(name, std::move(loaded));
    if (service.leaving) {
        to_be_added_[name] = path;
    }
    // Where `log` leads elsewhere, that may be a service that comes with the same batch.
    if (service.definition.has_log && service.definition.log_target.empty()) {
        add_logger(service);
    }
}

Service& ServiceSet::create(const std::string& name, LoadedDefinition loaded) {
    const NodeId node = graph_.intern(name);
    KnownService* known = find_known(name);
    const ServiceId id = id_for(node, known);
    auto made = std::make_unique<Service>(id, node, graph_.name(node));
    Service& service = *made;
    say_problems(service, loaded.problems);
    service.usable = loaded.usable;
    if (!loaded.usable) {
        service.make_history().problems = std::move(loaded.problems);
        if (loaded.try_again) {
            read_again_after(kFirstRereadPause, id);
        }
    }
    service.definition = std::move(loaded.definition);
    service.definition_hash = hash_of(service.definition);
    service.since = os_.clock.age_clock();
    service.fresh = true;
    const bool is_new = known == nullptr || !known->begun;
    if (known != nullptr) {
        restore(service, *known);
    }
    os_.state.enter(service);
    graph_.define(node, service.definition.relations());
    graph_changed_ = true;
    if (services_.size() < graph_.size()) {
        services_.resize(graph_.size());
    }
    services_[node] = std::move(made);
    planner_.enter(node, service.snapshot, service.definition.policy, orders_);
    if (is_new) {
        new_.push_back(service.id);
    }
    return service;
}

/// Of those that a supervisor before this one knew, none is given to another service.
ServiceId ServiceSet::id_for(NodeId node, const KnownService* known) {
    incarnations_.resize(std::max(incarnations_.size(), graph_.size()), first_incarnation_);
    std::uint16_t& incarnation = incarnations_[node];
    if (known != nullptr) {
        incarnation = static_cast<std::uint16_t>(incarnation_of(known->id));
        return known->id;
    }
    incarnation = static_cast<std::uint16_t>(incarnation % kIncarnations + 1);
    return make_service_id(incarnation, node);
}

void ServiceSet::end_batch() {
    if (batches_ > 1) {
        --batches_;
        return;
    }
    connect_shared_loggers();  // may add services, which belong to this batch
    update_graph();
    resume_inherited();
    --batches_;
    start_what_is_new();
    queue_orders();
    if (!draining_) {
        drain();
    }
}

/// All at once, so that whoever comes first by name in the directory is no better off.
void ServiceSet::start_what_is_new() {
    std::vector<NodeId> to_be_started;
    const std::vector<ServiceId> added = std::exchange(new_, {});
    for (const ServiceId id : added) {
        const Service* service = find(id);
        if (service == nullptr || stopping_) {
            continue;
        }
        if (service->definition.has_down_file) {
            // Comes to its outcome. Not a down: that would stop the members of a group as well.
            queue_.push_back({id, Reset{}});
        } else {
            to_be_started.push_back(service->node);
        }
    }
    planner_.start_all(std::move(to_be_started), orders_);
    for (const ServiceId id : added) {
        // It lost a conflict: no event will come of that.
        if (const Service* service = find(id); service != nullptr && is_settled(*service)) {
            os_.state.save(*service, {});
        }
    }
}

/// After changes of what services say of each other.
void ServiceSet::update_graph() {
    if (!std::exchange(graph_changed_, false)) {
        return;
    }
    graph_.find_cycles();
    planner_.graph_changed(orders_);
    std::vector<std::string> cycles = graph_.order_cycles();
    if (cycles != order_cycles_) {
        for (const std::string& cycle : cycles) {
            os_.journal.warning("after and before go in a circle: " + cycle +
                                "; their order is ignored");
        }
        order_cycles_ = std::move(cycles);
    }
}

void ServiceSet::remove(const std::string& name) {
    to_be_added_.erase(name);
    if (Service* known = at(graph_.find(name))) {
        known->leaving = true;
        post(known->id, Retire{});
    }
}

void ServiceSet::stop_all() {
    const Batch batch(*this);
    stopping_ = true;
    to_be_added_.clear();
    for (const ServiceId id : all()) {
        post(id, Retire{});
    }
}

/// What a stopped service that retires leaves to be done: its logger is next, then both go.
void ServiceSet::go_on_leaving(Service& service) {
    const bool has_left = service.snapshot.retired && is_resting(service.snapshot.state) &&
                          !has_process(service.snapshot);
    if (!has_left) {
        return;
    }
    Service* logger = own_logger_of(service);
    if (logger != nullptr && !logger->snapshot.retired) {
        logger->leaving = service.leaving;
        post(logger->id, Retire{});
        return;
    }
    if (!service.leaving) {
        return;
    }
    if (logger != nullptr && !std::exchange(logger->leaving, true)) {
        return go_on_leaving(*logger);  // it had left with its service already (`sv exit`)
    }
    if (Service* feeder = get(service.feeder)) {
        const bool goes_too = feeder->logger == service.id;
        forget(service.id);
        if (goes_too) {
            forget(feeder->id);
        }
    } else if (logger == nullptr) {
        forget(service.id);
    }
}

void ServiceSet::forget(ServiceId id) {
    Service* service = get(id);
    if (service == nullptr) {
        return;
    }
    const Batch batch(*this);
    const std::string name = service->name;
    const NodeId node = service->node;
    os_.clock.cancel(service->timer);
    os_.clock.cancel(service->auxiliary_timer);
    let_writers_go(*service);
    planner_.leave(node, orders_);
    services_[node].reset();
    graph_.undefine(node);
    graph_changed_ = true;
    os_.outputs.forget(id);
    os_.cgroups.forget(id);
    os_.state.forget(id);
    for (ServiceObserver* observer : observers_) {
        observer->service_forgotten(id);
    }
    if (auto again = to_be_added_.extract(name)) {
        add(name, again.mapped());
    }
}

// --- looking ------------------------------------------------------------------------------------

Service* ServiceSet::at(NodeId node) noexcept {
    return node < services_.size() ? services_[node].get() : nullptr;
}

const Service* ServiceSet::at(NodeId node) const noexcept {
    return node < services_.size() ? services_[node].get() : nullptr;
}

Service* ServiceSet::get(ServiceId id) noexcept {
    Service* service = at(node_of(id));
    return service != nullptr && service->id == id ? service : nullptr;
}

const Service* ServiceSet::find(ServiceId id) const noexcept {
    const Service* service = at(node_of(id));
    return service != nullptr && service->id == id ? service : nullptr;
}

const Service* ServiceSet::find(std::string_view name) const noexcept {
    return at(graph_.find(name));
}

std::vector<ServiceId> ServiceSet::all() const {
    std::vector<ServiceId> ids;
    for (const NodeId node : graph_.in_order_of_name()) {
        if (const Service* service = at(node)) {
            ids.push_back(service->id);
        }
    }
    return ids;
}

std::size_t ServiceSet::count_not_resting() const noexcept {
    std::size_t count = 0;
    for (const auto& service : services_) {
        const bool rests =
            !service || (is_resting(service->snapshot.state) && !has_process(service->snapshot));
        count += rests ? 0 : 1;
    }
    return count;
}

}  // namespace mainstay::supervisor
