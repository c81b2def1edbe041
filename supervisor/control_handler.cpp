#include "supervisor/control_handler.h"

#include <utility>
#include <variant>

#include "supervisor/act_job.h"
#include "supervisor/status_view.h"

namespace mainstay::supervisor {
namespace {

using protocol::ErrorCode;
using protocol::Verb;

constexpr std::size_t kLogLinesOfAStatus = 10;

/// An answer that is ready as it is.
class ReadyAnswer final : public ControlJob {
  public:
    ReadyAnswer(std::string line, Progress end) : line_(std::move(line)), end_(end) {}

    Progress advance(std::string& out) override {
        out += line_;
        return end_;
    }

  private:
    std::string line_;
    Progress end_;
};

/// status and list: views of services, made when there is room for them.
class LookJob final : public ControlJob {
  public:
    enum class Detail { Short, WithLog };

    LookJob(const ControlHandler::Ports& os, protocol::RequestId request,
            std::vector<Selected> selected, Detail detail)
        : os_(os), request_(request), selected_(std::move(selected)), detail_(detail) {}

    Progress advance(std::string& out) override {
        while (next_ < selected_.size() && out.size() < kOutputPiece) {
            show(selected_[next_++], out);
        }
        if (next_ < selected_.size()) {
            return Progress::More;
        }
        out += encode(protocol::Done{request_, exit_});
        return Progress::Done;
    }

  private:
    void show(const Selected& selected, std::string& out) {
        const Service* service = selected.id != 0 ? os_.services.find(selected.id) : nullptr;
        if (service == nullptr) {
            out += unknown_service(request_, selected.name);
            exit_ = worse_of(exit_, exit_code(ErrorCode::UnknownService));
            return;
        }
        ServiceView view = view_of(*service, os_.services, os_.clock);
        if (detail_ == Detail::WithLog) {
            view.log_lines = os_.outputs.last_lines(service->id, kLogLinesOfAStatus);
        }
        out += encode(protocol::ServiceReply{request_, std::move(view)});
    }

    ControlHandler::Ports os_;
    protocol::RequestId request_;
    std::vector<Selected> selected_;
    Detail detail_;
    std::size_t next_ = 0;
    protocol::ExitCode exit_ = protocol::ExitCode::Done;
};

bool only_looks(Verb verb) noexcept {
    return verb == Verb::Status || verb == Verb::List || verb == Verb::Version;
}

std::unique_ptr<ControlJob> refuse(const protocol::Refusal& refusal, ControlJob::Progress end) {
    return std::make_unique<ReadyAnswer>(encode(refusal), end);
}

std::string not_permitted(Rights rights) {
    return rights == Rights::Look
               ? "you may look (status, list), but not act: that takes root, or the user that the "
                 "supervisor runs as"
               : "only root, the user that the supervisor runs as and members of its control group "
                 "are answered";
}

}  // namespace

ControlHandler::ControlHandler(const Ports& ports, protocol::Greeting self)
    : os_(ports), self_(std::move(self)) {
    os_.services.observe(*this);
}

std::unique_ptr<ControlJob> ControlHandler::begin(std::string_view line, Rights rights,
                                                  std::function<void()> wake) {
    auto parsed = protocol::parse_request(line);
    if (auto* refusal = std::get_if<protocol::Refusal>(&parsed)) {
        // Without an id it was hardly meant for us: such a client is not listened to further.
        const auto end = refusal->id ? ControlJob::Progress::Done : ControlJob::Progress::Hangup;
        return refuse(*refusal, end);
    }
    return begin(std::get<protocol::Request>(parsed), rights, std::move(wake));
}

std::unique_ptr<ControlJob> ControlHandler::begin(const protocol::Request& request, Rights rights,
                                                  std::function<void()> wake) {
    const bool permitted =
        rights == Rights::Everything || (rights == Rights::Look && only_looks(request.verb));
    if (!permitted) {
        return refuse({request.id, ErrorCode::NotPermitted, not_permitted(rights)},
                      ControlJob::Progress::Done);
    }
    // Exits before commands: what is obeyed below is about who is alive now.
    os_.processes.reap_pending();
    if (request.verb == Verb::Version) {
        return std::make_unique<ReadyAnswer>(
            encode(protocol::VersionReply{request.id, self_}) +
                encode(protocol::Done{request.id, protocol::ExitCode::Done}),
            ControlJob::Progress::Done);
    }
    if (only_looks(request.verb)) {
        return look(request);
    }
    return act(request, std::move(wake));
}

std::unique_ptr<ControlJob> ControlHandler::look(const protocol::Request& request) {
    const bool with_log = request.verb == Verb::Status && !request.services.empty();
    return std::make_unique<LookJob>(os_, request.id,
                                     select_services(os_.services, request.services),
                                     with_log ? LookJob::Detail::WithLog : LookJob::Detail::Short);
}

std::unique_ptr<ControlJob> ControlHandler::act(const protocol::Request& request,
                                                std::function<void()> wake) {
    return std::make_unique<ActJob>(*this, request, std::move(wake));
}

void ControlHandler::service_changed(const Service& service) {
    for (ActJob* job : waiting_) {
        job->service_changed(service);
    }
}

void ControlHandler::service_forgotten(ServiceId service) {
    for (ActJob* job : waiting_) {
        job->service_forgotten(service);
    }
}

}  // namespace mainstay::supervisor
