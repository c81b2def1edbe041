#include <map>
#include <utility>

#include "supervisor/jobs.h"
#include "supervisor/name_pattern.h"
#include "supervisor/service_selection.h"
#include "supervisor/status_view.h"

namespace mainstay::supervisor {
namespace {

using protocol::EventKind;
using protocol::EventReply;
using protocol::Request;

/// What a client may be behind: beyond that it is told how much it missed. A thousand services
/// that stop at once are about half of it.
constexpr std::size_t kMostQueued = std::size_t{512} * 1024;

/// Of a service, what an event is told of when it changes.
struct Seen {
    ServiceState state = ServiceState::Down;
    bool is_paused = false;
    std::string name;
};

EventReply event_of(EventKind kind) {
    EventReply event;
    event.kind = kind;
    return event;
}

class EventsJob final : public ControlJob, public JobListener {
  public:
    EventsJob(ControlHandler& handler, Request request, ControlHandler::Wake wake)
        : handler_(handler),
          request_(std::move(request)),
          wake_(std::move(wake)),
          seat_(handler.board(), *this) {
        const ServiceSet& services = handler_.os().services;
        for (const ServiceId id : services.all()) {
            remember(*services.find(id));
        }
        for (const std::string& name : request_.services) {
            if (!is_pattern(name) && services.find(name) == nullptr) {
                queue_ += unknown_service(services, request_.id, name);
                is_refused_ = true;
            }
        }
        tell(event_of(EventKind::Watching));
    }

    Progress advance(std::string& out) override {
        out += std::exchange(queue_, {});
        if (is_refused_) {
            out += encode(protocol::Done{request_.id, protocol::ExitCode::NoSuchService});
            return Progress::Done;
        }
        if (lost_ > 0) {
            EventReply lost = event_of(EventKind::Lost);
            lost.lost = std::exchange(lost_, 0);
            tell(std::move(lost));
            out += std::exchange(queue_, {});
        }
        return Progress::Waiting;
    }

    void service_changed(const Service& service) override {
        const auto known = seen_.find(service.id);
        if (known == seen_.end()) {
            remember(service);
            tell_of(service, event_of(EventKind::Added));
            return;
        }
        const Seen before = known->second;
        remember(service);
        if (before.state != service.snapshot.state) {
            EventReply event = event_of(EventKind::State);
            event.was = before.state;
            tell_of(service, std::move(event));
        } else if (before.is_paused != service.snapshot.paused) {
            tell_of(service, event_of(EventKind::Changed));
        }
    }

    void service_forgotten(ServiceId service) override {
        if (auto gone = seen_.extract(service); !gone.empty() && is_meant(gone.mapped().name)) {
            EventReply event = event_of(EventKind::Removed);
            event.service = gone.mapped().name;
            tell(std::move(event));
        }
    }

    void boot_completed() override { tell(event_of(EventKind::Boot)); }

  private:
    void remember(const Service& service) {
        seen_[service.id] = {service.snapshot.state, service.snapshot.paused, service.name};
    }

    bool is_meant(std::string_view name) const {
        for (const std::string& pattern : request_.services) {
            if (pattern == name || matches_pattern(pattern, name)) {
                return true;
            }
        }
        return request_.services.empty();
    }

    void tell_of(const Service& service, EventReply event) {
        if (is_meant(service.name)) {
            event.view = view_of(service, handler_.os().services, handler_.os().clock);
            tell(std::move(event));
        }
    }

    void tell(EventReply event) {
        if (queue_.size() > kMostQueued) {
            ++lost_;
            return;
        }
        event.id = request_.id;
        event.at =
            std::chrono::duration_cast<std::chrono::milliseconds>(handler_.os().clock.age_clock());
        queue_ += encode(event);
        wake_();
    }

    ControlHandler& handler_;
    Request request_;
    ControlHandler::Wake wake_;
    JobBoard::Seat seat_;
    std::map<ServiceId, Seen> seen_;
    std::string queue_;
    std::uint32_t lost_ = 0;
    bool is_refused_ = false;
};

}  // namespace

std::unique_ptr<ControlJob> make_events_job(ControlHandler& handler, const Request& request,
                                            ControlHandler::Wake wake) {
    return std::make_unique<EventsJob>(handler, request, std::move(wake));
}

}  // namespace mainstay::supervisor
