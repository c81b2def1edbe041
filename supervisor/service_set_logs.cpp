/// Who writes whose output away: loggers of a service's own, and those that several share.
#include <utility>

#include "supervisor/service_set.h"

namespace mainstay::supervisor {

void ServiceSet::add_logger(Service& service) {
    LoadedDefinition loaded = os_.definitions.load(service.definition.path + "/" + kLogDirectory);
    make_logger_of(loaded.definition);
    Service& logger = create(service.name + "/" + kLogDirectory, std::move(loaded));
    if (!connect_logger(service, logger)) {
        forget(logger.id);
        return;
    }
    logger.feeder = service.id;
}

/// One for which there was no pipe when its service was added, or whose directory came later.
void ServiceSet::add_missing_logger(Service& service) {
    const Definition& definition = service.definition;
    const bool is_missing = definition.has_log && definition.log_target.empty() &&
                            service.logger == 0 && service.feeder == 0 && !service.leaving;
    const bool may_come = !stopping_ && find(service.name + "/" + kLogDirectory) == nullptr;
    if (is_missing && may_come) {
        const Batch batch(*this);
        add_logger(service);
    }
}

/// One that left with its service (`sv exit`) comes back with it.
void ServiceSet::wake_logger(Service& service) {
    Service* logger = own_logger_of(service);
    if (logger != nullptr && logger->snapshot.retired && !logger->leaving && !stopping_ &&
        connect_logger(service, *logger)) {
        post(logger->id, WantUp{});
    }
}

/// @returns false where there is no pipe, which is told
bool ServiceSet::connect_logger(Service& service, Service& logger) {
    if (const auto connected = os_.outputs.connect(service.id, logger.id); !connected) {
        os_.journal.error(service.name + ": no pipe to its logger: " +
                          errno_text(connected.error().code) + "; its output stays in memory");
        return false;
    }
    service.logger = logger.id;
    graph_.log_to(service.node, logger.node);
    graph_changed_ = true;
    return true;
}

// --- loggers that are services themselves -------------------------------------------------------

/// The service whose directory a link `log` leads to; null: there is none, or it has no link.
Service* ServiceSet::shared_logger_of(const Service& service) noexcept {
    const std::string& target = service.definition.log_target.text();
    if (target.empty()) {
        return nullptr;
    }
    for (const auto& other : services_) {
        const bool is_it = other && other.get() != &service && !other->leaving &&
                           other->feeder != service.id &&
                           other->definition.policy.type != ServiceType::Group &&
                           other->definition.resolved == target;
        if (is_it) {
            return other.get();
        }
    }
    return nullptr;
}

Service* ServiceSet::own_logger_of(const Service& service) noexcept {
    Service* logger = get(service.logger);
    return logger != nullptr && logger->feeder == service.id ? logger : nullptr;
}

/// After services were added: each writer finds its logger, whichever of them came first. One that
/// runs with a logger of its own keeps it until its next start.
void ServiceSet::connect_shared_loggers() {
    if (new_.empty() || stopping_) {
        return;
    }
    for (NodeId node = 0; node < services_.size(); ++node) {
        Service* service = at(node);
        if (service == nullptr || service->definition.log_target.empty() || service->leaving) {
            continue;
        }
        const Service* own = own_logger_of(*service);
        if (own == nullptr || !has_process(service->snapshot)) {
            connect_shared_logger(*service);
        }
    }
    for (const ServiceId id : std::vector<ServiceId>(new_)) {
        Service* service = get(id);
        const bool has_none = service != nullptr && service->logger == 0 && service->feeder == 0 &&
                              service->definition.has_log &&
                              !service->definition.log_target.empty();
        if (has_none && service->definition.log_target == service->definition.resolved) {
            os_.journal.warning(service->name + ": its log leads to its own directory; " +
                                "its output stays in memory");
        } else if (has_none && shared_logger_of(*service) == nullptr) {
            add_logger(*service);
        }
    }
}

void ServiceSet::connect_shared_logger(Service& service) {
    Service* logger = shared_logger_of(service);
    if (logger != nullptr && logger->id != service.logger) {
        share_logger(service, *logger);
    }
}

void ServiceSet::share_logger(Service& service, Service& logger) {
    Service* own = own_logger_of(service);
    if (!connect_logger(service, logger)) {
        return;
    }
    if (own != nullptr) {
        own->leaving = true;
        post(own->id, Retire{});
    }
    const bool had_a_pipe = std::exchange(logger.is_shared, true) || logger.feeder != 0;
    os_.state.save(logger, {});
    if (!had_a_pipe && has_process(logger.snapshot)) {
        os_.journal.info(logger.name + ": is restarted to read what " + service.name + " writes");
    }
    if (!had_a_pipe) {
        // It runs, or tries to, without the pipe. Ignored where it is at rest.
        post(logger.id, TryRestart{});
    }
}

/// Whether somebody still holds the pipe, so that its end would never be read.
bool ServiceSet::has_live_writer(const Service& logger) const noexcept {
    for (const Edge& edge : graph_.edges(logger.node)) {
        const Service* writer = edge.is(Relation::Log, Side::Said) ? at(edge.node) : nullptr;
        if (writer != nullptr && has_process(writer->snapshot)) {
            return true;
        }
    }
    return false;
}

/// The logger is about to be forgotten.
void ServiceSet::let_writers_go(const Service& logger) {
    std::vector<Service*> writers;
    for (const Edge& edge : graph_.edges(logger.node)) {
        Service* writer = edge.is(Relation::Log, Side::Said) ? at(edge.node) : nullptr;
        if (writer != nullptr && writer->logger == logger.id) {
            writers.push_back(writer);
        }
    }
    for (Service* writer : writers) {
        writer->logger = 0;
        graph_.log_to(writer->node, kNoNode);
        if (!writer->leaving) {
            os_.journal.warning(writer->name + ": its logger " + logger.name +
                                " is gone; svlog keeps its output now");
        }
    }
}

}  // namespace mainstay::supervisor
