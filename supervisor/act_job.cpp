#include "supervisor/act_job.h"

#include <algorithm>
#include <set>

#include "common/signals.h"
#include "supervisor/name_pattern.h"
#include "supervisor/status_view.h"
#include "supervisor/verb_outcome.h"
#include "supervisor/words.h"

namespace mainstay::supervisor {
namespace {

using protocol::ErrorCode;
using protocol::Verb;

constexpr std::size_t kLogLinesOfATrouble = 10;

Event event_of(const protocol::Request& request) noexcept {
    switch (request.verb) {
        case Verb::Up:
            return WantUp{};
        case Verb::Down:
            return WantDown{};
        case Verb::Restart:
            return Restart{};
        case Verb::Once:
            return WantOnce{};
        case Verb::Signal:
        case Verb::Status:
        case Verb::List:
        case Verb::Version:
            break;
    }
    return SendSignal{request.signal};
}

bool is_start(Verb verb) noexcept {
    return verb == Verb::Up || verb == Verb::Restart || verb == Verb::Once;
}

std::string number_or_name(int signal) {
    const std::string_view name = signal_name(signal);
    return name.empty() ? std::to_string(signal) : std::string(name);
}

}  // namespace

std::vector<Selected> select_services(const ServiceSet& services,
                                      const std::vector<std::string>& names) {
    std::vector<Selected> selected;
    std::set<ServiceId> seen;
    const auto take = [&](const Service& service) {
        if (seen.insert(service.id).second) {
            selected.push_back({service.name, service.id});
        }
    };
    const auto take_matching = [&](std::string_view pattern) {
        bool any = false;
        for (const ServiceId id : services.all()) {
            const Service* service = services.find(id);
            if (!service->feeder && matches_pattern(pattern, service->name)) {
                take(*service);
                any = true;
            }
        }
        return any;
    };
    if (names.empty()) {
        take_matching("*");
    }
    for (const std::string& name : names) {
        if (const Service* service = services.find(name)) {
            take(*service);
        } else if (!is_pattern(name) || !take_matching(name)) {
            selected.push_back({name, 0});
        }
    }
    return selected;
}

std::string unknown_service(protocol::RequestId request, const std::string& name) {
    const bool pattern = is_pattern(name);
    return encode(protocol::ServiceError{
        request, name, ErrorCode::UnknownService,
        pattern ? "no service matches " + name : "no service " + name, std::nullopt});
}

ActJob::ActJob(ControlHandler& handler, protocol::Request request, std::function<void()> wake)
    : handler_(handler), request_(std::move(request)), wake_(std::move(wake)) {
    const auto selected = select_services(handler_.os_.services, request_.services);
    handler_.waiting_.push_back(this);
    // Pending before the first order: what one order sets off may concern the next.
    for (const Selected& each : selected) {
        if (each.id != 0) {
            pending_.push_back({each.name, each.id});
        }
    }
    for (const Selected& each : selected) {
        order(each);
    }
    if (request_.timeout && !pending_.empty()) {
        timeout_ = handler_.os_.clock.call_after(*request_.timeout, [this] { time_out(); });
    }
}

ActJob::~ActJob() {
    handler_.os_.clock.cancel(timeout_);
    for (const Target& target : pending_) {
        handler_.os_.clock.cancel(target.timer);
    }
    auto& waiting = handler_.waiting_;
    waiting.erase(std::remove(waiting.begin(), waiting.end(), this), waiting.end());
}

void ActJob::order(const Selected& selected) {
    ServiceSet& services = handler_.os_.services;
    const Service* service = selected.id != 0 ? services.find(selected.id) : nullptr;
    if (service == nullptr) {
        say(unknown_service(request_.id, selected.name));
        count(ErrorCode::UnknownService);
        drop(selected.id);
        return;
    }
    if (is_start(request_.verb) && (services.is_stopping() || service->leaving)) {
        went_wrong(*service, ErrorCode::ShuttingDown,
                   services.is_stopping() ? "the system stops, nothing is started any more"
                                          : "it was removed and is stopping");
        return;
    }
    if (request_.verb == Verb::Signal) {
        send_signal(*service);
        return;
    }
    find(selected.id)->ordered = true;
    services.post(selected.id, event_of(request_));
    service = services.find(selected.id);
    if (service == nullptr || find(selected.id) == nullptr) {
        return;
    }
    request_.wait ? consider(*service) : arrived(*service);
}

void ActJob::send_signal(const Service& service) {
    const bool has_main =
        service.snapshot.pid != 0 && service.snapshot.state != ServiceState::Finishing;
    if (!has_main) {
        went_wrong(
            service, ErrorCode::NotUp,
            "not running, so there is nobody to send " + number_or_name(request_.signal) + " to");
        return;
    }
    const ServiceId id = service.id;
    handler_.os_.services.post(id, event_of(request_));
    const Service* after = handler_.os_.services.find(id);
    if (after != nullptr && find(id) != nullptr) {
        arrived(*after);
    }
}

void ActJob::consider(const Service& service) {
    Target* target = find(service.id);
    if (target == nullptr || !target->ordered || !request_.wait) {
        return;
    }
    Clock& clock = handler_.os_.clock;
    const VerbOutcome outcome = judge(request_.verb, service.snapshot, service.definition.policy,
                                      clock.now() - service.executed);
    switch (outcome.kind) {
        case VerbOutcome::Kind::Pending:
            return;
        case VerbOutcome::Kind::NeedsTime:
            clock.cancel(target->timer);
            target->timer = clock.call_after(outcome.remaining, [this, id = service.id] {
                if (const Service* later = handler_.os_.services.find(id)) {
                    consider(*later);
                }
            });
            return;
        case VerbOutcome::Kind::Arrived:
            return arrived(service);
        case VerbOutcome::Kind::Failed:
            return went_wrong(service, ErrorCode::ServiceFailed,
                              trouble_of(service, handler_.os_.services));
        case VerbOutcome::Kind::Superseded:
            return went_wrong(service, ErrorCode::ServiceFailed,
                              "somebody else wanted it " +
                                  std::string(to_string(service.snapshot.wanted)) + " meanwhile");
    }
}

void ActJob::arrived(const Service& service) {
    say(encode(protocol::ServiceReply{
        request_.id, view_of(service, handler_.os_.services, handler_.os_.clock)}));
    drop(service.id);
}

void ActJob::went_wrong(const Service& service, ErrorCode code, std::string message) {
    ServiceView view = view_of(service, handler_.os_.services, handler_.os_.clock);
    view.log_lines = handler_.os_.outputs.last_lines(service.id, kLogLinesOfATrouble);
    say(encode(protocol::ServiceError{request_.id, service.name, code, std::move(message),
                                      std::move(view)}));
    count(code);
    drop(service.id);
}

void ActJob::say(const std::string& line) {
    output_ += line;
    wake_();
}

void ActJob::count(ErrorCode code) {
    exit_ = worse_of(exit_, exit_code(code));
}

ActJob::Target* ActJob::find(ServiceId service) noexcept {
    const auto found = std::find_if(pending_.begin(), pending_.end(),
                                    [&](const Target& target) { return target.id == service; });
    return found == pending_.end() ? nullptr : &*found;
}

void ActJob::drop(ServiceId service) {
    if (Target* target = find(service)) {
        handler_.os_.clock.cancel(target->timer);
        pending_.erase(pending_.begin() + (target - pending_.data()));
    }
    if (pending_.empty()) {
        handler_.os_.clock.cancel(std::exchange(timeout_, kNoTimer));
    }
}

void ActJob::service_changed(const Service& service) {
    consider(service);
}

void ActJob::service_forgotten(ServiceId service) {
    if (const Target* target = find(service)) {
        say(encode(protocol::ServiceError{request_.id, target->name, ErrorCode::UnknownService,
                                          "it was removed meanwhile", std::nullopt}));
        count(ErrorCode::UnknownService);
        drop(service);
    }
}

void ActJob::time_out() {
    timeout_ = kNoTimer;
    while (!pending_.empty()) {
        const Service* service = handler_.os_.services.find(pending_.front().id);
        if (service == nullptr) {
            drop(pending_.front().id);
            continue;
        }
        went_wrong(*service, ErrorCode::TimedOut,
                   "still " + std::string(to_string(service->snapshot.state)) + " after " +
                       text_of(*request_.timeout) + "; it goes on");
    }
}

ControlJob::Progress ActJob::advance(std::string& out) {
    out += std::exchange(output_, {});
    if (!pending_.empty()) {
        return Progress::Waiting;
    }
    out += encode(protocol::Done{request_.id, exit_});
    return Progress::Done;
}

}  // namespace mainstay::supervisor
