#include "supervisor/act_job.h"

#include <algorithm>
#include <utility>

#include "common/signals.h"
#include "supervisor/status_view.h"
#include "supervisor/verb_outcome.h"
#include "supervisor/words.h"

namespace mainstay::supervisor {
namespace {

using protocol::ErrorCode;
using protocol::Request;
using protocol::Verb;

constexpr std::size_t kLogLinesOfATrouble = 10;

bool is_start(Verb verb) noexcept {
    return verb == Verb::Up || verb == Verb::Restart || verb == Verb::TryRestart ||
           verb == Verb::Once;
}

bool starts_or_stops(Verb verb) noexcept {
    return is_start(verb) || verb == Verb::Down;
}

/// The event of a verb that starts or stops.
Event event_of(Verb verb) noexcept {
    if (verb == Verb::Down) {
        return WantDown{};
    }
    if (verb == Verb::Once) {
        return WantOnce{};
    }
    if (verb == Verb::TryRestart) {
        return TryRestart{};
    }
    return verb == Verb::Up ? Event(WantUp{}) : Event(Restart{});
}

/// The event of a verb that is done when it is told.
Event event_at_once(const Request& request, const Service& service) noexcept {
    if (request.verb == Verb::Reset) {
        return Reset{};
    }
    if (request.verb == Verb::Reload) {
        // How is for the service's definition to say: by a program, or by a signal.
        const bool has_program = !service.definition.programs().reload.empty();
        return Reload{has_program ? 0 : service.definition.reload_signal};
    }
    return SendSignal{request.signal};
}

bool has_main_process(const Service& service) noexcept {
    return service.snapshot.pid != 0 && service.snapshot.state != ServiceState::Finishing;
}

std::string number_or_name(int signal) {
    const std::string_view name = signal_name(signal);
    return name.empty() ? std::to_string(signal) : std::string(name);
}

std::string nobody_to_tell(const Request& request) {
    if (request.verb == Verb::Reload) {
        return "not running, so there is nobody to read its configuration again";
    }
    return "not running, so there is nobody to send " + number_or_name(request.signal) + " to";
}

}  // namespace

ActJob::ActJob(ControlHandler& handler, Request request, ControlHandler::Wake wake)
    : handler_(handler),
      request_(std::move(request)),
      wake_(std::move(wake)),
      seat_(handler.board(), *this) {
    const auto selected = select_services(handler_.os().services, request_.services);
    // Pending before the first order: what one order sets off may concern the next.
    for (const Selected& each : selected) {
        if (each.id != 0) {
            pending_.push_back({each.name, each.id});
        }
    }
    {
        // Judged together: what one of them waits for may be another one.
        const ServiceSet::Batch together(handler_.os().services);
        for (const Selected& each : selected) {
            order(each);
        }
    }
    for (const Selected& each : selected) {
        answer_order(each.id);
    }
    if (request_.timeout && !pending_.empty()) {
        timeout_ = handler_.os().clock.call_after(*request_.timeout, [this] { time_out(); });
    }
}

ActJob::~ActJob() {
    handler_.os().clock.cancel(timeout_);
    for (const Target& target : pending_) {
        handler_.os().clock.cancel(target.timer);
    }
}

const Service* ActJob::service_of(ServiceId id) const noexcept {
    return handler_.os().services.find(id);
}

ServiceView ActJob::view(const Service& service) const {
    return view_of(service, handler_.os().services, handler_.os().clock);
}

void ActJob::order(const Selected& selected) {
    const Service* service = selected.id != 0 ? service_of(selected.id) : nullptr;
    if (service == nullptr) {
        say(unknown_service(handler_.os().services, request_.id, selected.name));
        count(ErrorCode::UnknownService);
        drop(selected.id);
        return;
    }
    if (is_refused(*service)) {
        return;
    }
    if (starts_or_stops(request_.verb)) {
        order_start_or_stop(*service);
    } else {
        order_at_once(*service);
    }
}

bool ActJob::is_refused(const Service& service) {
    const bool is_stopping = handler_.os().services.is_stopping();
    if (!is_start(request_.verb) || (!is_stopping && !service.leaving)) {
        return false;
    }
    went_wrong(service, ErrorCode::ShuttingDown,
               is_stopping ? "the system stops, nothing is started any more"
                           : "it was removed and is stopping");
    return true;
}

void ActJob::order_start_or_stop(const Service& service) {
    if (request_.verb == Verb::TryRestart && is_resting(service.snapshot.state)) {
        arrived(service);
        return;
    }
    find(service.id)->ordered = true;
    handler_.os().services.post(service.id, event_of(request_.verb));
}

/// What has become of an order already.
void ActJob::answer_order(ServiceId id) {
    const Service* service = service_of(id);
    const Target* target = find(id);
    if (service == nullptr || target == nullptr || !target->ordered) {
        return;
    }
    const bool is_awaited = request_.wait && starts_or_stops(request_.verb);
    is_awaited ? consider(*service) : arrived(*service);
}

void ActJob::order_at_once(const Service& service) {
    if (request_.verb != Verb::Reset && !has_main_process(service)) {
        went_wrong(service, ErrorCode::NotUp, nobody_to_tell(request_));
        return;
    }
    find(service.id)->ordered = true;
    handler_.os().services.post(service.id, event_at_once(request_, service));
}

void ActJob::consider(const Service& service) {
    Target* target = find(service.id);
    if (target == nullptr || !target->ordered || !request_.wait) {
        return;
    }
    Clock& clock = handler_.os().clock;
    const VerbOutcome outcome = judge(request_.verb, service.snapshot, service.definition.policy,
                                      clock.now() - service.executed);
    switch (outcome.kind) {
        case VerbOutcome::Kind::Pending:
            if (service.snapshot.state == ServiceState::Waiting) {
                const std::string why = hopeless_need(service, handler_.os().services);
                if (!why.empty()) {
                    went_wrong(service, ErrorCode::ServiceFailed, why);
                }
            }
            return;
        case VerbOutcome::Kind::NeedsTime:
            clock.cancel(target->timer);
            target->timer = clock.call_after(outcome.remaining, [this, id = service.id] {
                if (const Service* later = service_of(id)) {
                    consider(*later);
                }
            });
            return;
        case VerbOutcome::Kind::Arrived:
            return arrived(service);
        case VerbOutcome::Kind::Failed:
            return went_wrong(service, ErrorCode::ServiceFailed,
                              trouble_of(service, handler_.os().services));
        case VerbOutcome::Kind::Superseded:
            return went_wrong(service, ErrorCode::ServiceFailed,
                              "somebody else wanted it " +
                                  std::string(to_string(service.snapshot.wanted)) + " meanwhile");
    }
}

/// A service in trouble may be what others wait for: they answer now, not when it is mended.
void ActJob::consider_those_that_need() {
    std::vector<ServiceId> waiting;
    for (const Target& target : pending_) {
        const Service* service = service_of(target.id);
        if (service != nullptr && service->snapshot.state == ServiceState::Waiting) {
            waiting.push_back(target.id);
        }
    }
    for (const ServiceId id : waiting) {
        consider(*service_of(id));
    }
}

void ActJob::arrived(const Service& service) {
    say(encode(protocol::ServiceReply{request_.id, view(service)}));
    drop(service.id);
}

void ActJob::went_wrong(const Service& service, ErrorCode code, std::string message) {
    ServiceView shown = view(service);
    shown.log_lines = handler_.os().outputs.last_lines(service.id, kLogLinesOfATrouble);
    say(encode(protocol::ServiceError{request_.id, service.name, code, std::move(message),
                                      std::move(shown)}));
    count(code);
    drop(service.id);
}

void ActJob::say(const std::string& line) {
    output_ += line;
    wake_();
}

/// One of those that are waited for stands for all: whoever waits shows one line.
void ActJob::say_progress(std::string& out) {
    const Service* service = pending_.empty() ? nullptr : service_of(pending_.front().id);
    if (request_.progress && service != nullptr && std::exchange(has_progress_, false)) {
        out += encode(protocol::ProgressReply{
            request_.id, static_cast<std::uint32_t>(pending_.size()), view(*service)});
    }
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
        handler_.os().clock.cancel(target->timer);
        pending_.erase(pending_.begin() + (target - pending_.data()));
        has_progress_ = true;
    }
    if (pending_.empty()) {
        handler_.os().clock.cancel(std::exchange(timeout_, kNoTimer));
    }
}

void ActJob::service_changed(const Service& service) {
    consider(service);
    const ServiceState state = service.snapshot.state;
    if (is_start(request_.verb) && !pending_.empty() &&
        (state == ServiceState::Failed || state == ServiceState::Backoff)) {
        consider_those_that_need();
    }
    if (request_.progress && !pending_.empty()) {
        has_progress_ = true;
        wake_();
    }
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
        const Service* service = service_of(pending_.front().id);
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
        say_progress(out);
        return Progress::Waiting;
    }
    out += encode(protocol::Done{request_.id, exit_});
    return Progress::Done;
}

std::unique_ptr<ControlJob> make_act_job(ControlHandler& handler, Request request,
                                         ControlHandler::Wake wake) {
    return std::make_unique<ActJob>(handler, std::move(request), std::move(wake));
}

}  // namespace mainstay::supervisor
