#include <utility>

#include "supervisor/jobs.h"
#include "supervisor/service_selection.h"
#include "supervisor/status_view.h"

namespace mainstay::supervisor {
namespace {

using protocol::Detail;
using protocol::ErrorCode;
using protocol::Request;
using protocol::Verb;

constexpr std::size_t kLogLinesOfAStatus = 10;
/// Smaller than what a job may give at a time: svctl lays out the first while the next is made.
constexpr std::size_t kPieceOfAStatus = std::size_t{16} * 1024;

/// How much of each service is told.
enum class Depth : std::uint8_t { Short, Full, WithLog };

Depth depth_of(const Request& request) noexcept {
    if (request.verb == Verb::Deaths) {
        return Depth::Full;
    }
    if (request.verb != Verb::Status || request.detail == Detail::Short) {
        return Depth::Short;
    }
    if (request.detail == Detail::Full) {
        return Depth::Full;
    }
    return request.services.empty() ? Depth::Short : Depth::WithLog;
}

bool is_up(const Service& service, Verb verb) noexcept {
    const ServiceState state = service.snapshot.state;
    return state == ServiceState::Ready || (verb == Verb::IsUp && state == ServiceState::Up) ||
           (service.definition.policy.type == ServiceType::Oneshot && state == ServiceState::Done);
}

class LookJob final : public ControlJob {
  public:
    LookJob(ControlHandler& handler, const Request& request)
        : handler_(handler),
          request_(request),
          depth_(depth_of(request)),
          selected_(select_services(handler.os().services, request.services)) {
        if (depth_ != Depth::Short) {
            dependents_.emplace(handler.os().services);
        }
    }

    Progress advance(std::string& out) override {
        if (!std::exchange(begun_, true) && request_.verb == Verb::Status &&
            request_.services.empty()) {
            out += encode(protocol::SystemReply{request_.id, handler_.system()});
        }
        while (next_ < selected_.size() && out.size() < kPieceOfAStatus) {
            tell(selected_[next_++], out);
        }
        if (next_ < selected_.size()) {
            return Progress::More;
        }
        out += encode(protocol::Done{request_.id, exit_});
        return Progress::Done;
    }

  private:
    void tell(const Selected& selected, std::string& out) {
        const ServiceSet& services = handler_.os().services;
        const Service* service = selected.id != 0 ? services.find(selected.id) : nullptr;
        if (service == nullptr) {
            out += unknown_service(services, request_.id, selected.name);
            exit_ = worse_of(exit_, exit_code(ErrorCode::UnknownService));
            return;
        }
        if (request_.verb == Verb::IsUp || request_.verb == Verb::IsReady) {
            tell_whether_up(*service, out);
        } else {
            protocol::append_service(out, request_.id, view(*service));
        }
    }

    ServiceView view(const Service& service) {
        const ControlHandler::Ports& os = handler_.os();
        ServiceView view = view_of(service, os.services, os.clock);
        if (depth_ != Depth::Short) {
            view.is_enabled = service.feeder || os.enablement.is_enabled(service.name);
            add_details(view, service, os.services, *dependents_, os.clock, os.cgroups, os.family);
        }
        if (depth_ == Depth::WithLog) {
            view.log_lines = os.outputs.last_lines(service.id, kLogLinesOfAStatus);
        }
        return view;
    }

    void tell_whether_up(const Service& service, std::string& out) {
        if (is_up(service, request_.verb)) {
            protocol::append_service(out, request_.id, view(service));
            return;
        }
        const std::string state(to_string(service.snapshot.state));
        out += encode(protocol::ServiceError{request_.id, service.name, ErrorCode::NotUp,
                                             "it is " + state, view(service)});
        exit_ = worse_of(exit_, exit_code(ErrorCode::NotUp));
    }

    ControlHandler& handler_;
    Request request_;
    Depth depth_;
    std::vector<Selected> selected_;
    std::optional<Dependents> dependents_;
    std::size_t next_ = 0;
    bool begun_ = false;
    protocol::ExitCode exit_ = protocol::ExitCode::Done;
};

}  // namespace

std::unique_ptr<ControlJob> make_look_job(ControlHandler& handler, const Request& request) {
    return std::make_unique<LookJob>(handler, request);
}

}  // namespace mainstay::supervisor
