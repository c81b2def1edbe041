#include "supervisor/control_handler.h"

#include <utility>
#include <variant>

#include "supervisor/jobs.h"

namespace mainstay::supervisor {
namespace {

using protocol::ErrorCode;
using protocol::Request;
using protocol::Verb;
using protocol::VerbKind;

class ReadyAnswer final : public ControlJob {
  public:
    ReadyAnswer(std::string lines, Progress end) : lines_(std::move(lines)), end_(end) {}

    Progress advance(std::string& out) override {
        out += lines_;
        return end_;
    }

  private:
    std::string lines_;
    Progress end_;
};

std::string not_permitted(Rights rights) {
    return rights == Rights::Look
               ? "you may look (status, list, log, events, wait), but not act: that takes root, or "
                 "the user that the supervisor runs as"
               : "only root, the user that the supervisor runs as and members of its control group "
                 "are answered";
}

bool is_permitted(Verb verb, Rights rights) noexcept {
    const VerbKind kind = kind_of(verb);
    return rights == Rights::Everything ||
           (rights == Rights::Look && (kind == VerbKind::Look || kind == VerbKind::Ask));
}

}  // namespace

std::unique_ptr<ControlJob> make_ready_answer(std::string lines, ControlJob::Progress end) {
    return std::make_unique<ReadyAnswer>(std::move(lines), end);
}

ControlHandler::ControlHandler(const Ports& ports, Self self)
    : os_(ports), self_(std::move(self)), started_(ports.clock.age_clock()) {
    os_.services.observe(*this);
}

std::unique_ptr<ControlJob> ControlHandler::begin(std::string_view line, const Caller& caller,
                                                  Wake wake) {
    auto parsed = protocol::parse_request(line);
    if (auto* refusal = std::get_if<protocol::Refusal>(&parsed)) {
        // Without an id it was hardly meant for us: such a client is not listened to further.
        const auto end = refusal->id ? ControlJob::Progress::Done : ControlJob::Progress::Hangup;
        return make_ready_answer(encode(*refusal), end);
    }
    auto& request = std::get<Request>(parsed);
    // Exits before commands: what is obeyed below is about who is alive now.
    os_.processes.reap_pending();
    if (!is_permitted(request.verb, caller.rights) && !is_own_notify(os_, request, caller.uid)) {
        return make_ready_answer(encode(
            protocol::Refusal{request.id, ErrorCode::NotPermitted, not_permitted(caller.rights)}));
    }
    return begin(std::move(request), std::move(wake));
}

std::unique_ptr<ControlJob> ControlHandler::begin(Request request, Wake wake) {
    switch (request.verb) {
        case Verb::Version:
            return version(request.id);
        case Verb::Status:
        case Verb::List:
        case Verb::Deaths:
        case Verb::IsUp:
        case Verb::IsReady:
            return make_look_job(*this, request);
        case Verb::Log:
            return make_log_job(*this, request, std::move(wake));
        case Verb::Events:
            return make_events_job(*this, request, std::move(wake));
        case Verb::Wait:
        case Verb::Check:
            return make_wait_job(*this, std::move(request), std::move(wake));
        case Verb::Upgrade:
            return make_upgrade_job(*this, std::move(request), std::move(wake));
        case Verb::Notify:
            return make_ready_answer(notify(*this, request));
        case Verb::Enable:
        case Verb::Disable:
        case Verb::Rescan:
        case Verb::Add:
        case Verb::Remove:
            return make_ready_answer(configure(*this, request));
        case Verb::Up:
        case Verb::Down:
        case Verb::Restart:
        case Verb::TryRestart:
        case Verb::Once:
        case Verb::Reload:
        case Verb::Reset:
        case Verb::Signal:
            break;
    }
    return make_act_job(*this, std::move(request), std::move(wake));
}

std::unique_ptr<ControlJob> ControlHandler::version(protocol::RequestId id) const {
    return make_ready_answer(encode(protocol::VersionReply{id, self_.greeting}) +
                             encode(protocol::Done{id, protocol::ExitCode::Done}));
}

SystemView ControlHandler::system() const {
    using std::chrono::milliseconds;
    SystemView view;
    view.host = self_.host;
    view.running = std::chrono::duration_cast<milliseconds>(os_.clock.age_clock() - started_);
    if (boot_complete_) {
        view.boot_complete = std::chrono::duration_cast<milliseconds>(*boot_complete_);
    }
    view.is_stopping = os_.services.is_stopping();
    return view;
}

void ControlHandler::boot_completed() {
    boot_complete_ = os_.clock.age_clock() - started_;
    board_.tell([](JobListener& job) { job.boot_completed(); });
}

void ControlHandler::upgrade_changed() {
    board_.tell([](JobListener& job) { job.upgrade_changed(); });
}

void ControlHandler::service_changed(const Service& service) {
    board_.tell([&](JobListener& job) { job.service_changed(service); });
}

void ControlHandler::service_forgotten(ServiceId service) {
    board_.tell([&](JobListener& job) { job.service_forgotten(service); });
}

}  // namespace mainstay::supervisor
