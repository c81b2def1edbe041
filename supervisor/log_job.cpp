#include <utility>

#include "supervisor/jobs.h"
#include "supervisor/service_selection.h"

namespace mainstay::supervisor {
namespace {

using protocol::ErrorCode;
using protocol::LogReply;
using protocol::Request;

/// The name of the supervisor's own messages.
constexpr char kOwnLog[] = "@supervisor";

class LogJob final : public ControlJob {
  public:
    LogJob(ControlHandler& handler, const Request& request) : handler_(handler), request_(request) {
        std::vector<std::string> names;
        for (const std::string& name : request.services) {
            if (name == kOwnLog) {
                selected_.push_back({name, 0});
            } else {
                names.push_back(name);
            }
        }
        if (!names.empty() || request.services.empty()) {
            const auto services = select_services(handler.os().services, names);
            selected_.insert(selected_.end(), services.begin(), services.end());
        }
    }

    Progress advance(std::string& out) override {
        while (next_ < selected_.size() && out.size() < kOutputPiece) {
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
        if (selected.name == kOwnLog) {
            out += encode(LogReply{request_.id, selected.name,
                                   handler_.os().messages.last_lines(request_.lines), 0});
            return;
        }
        const Service* service = handler_.os().services.find(selected.id);
        if (service == nullptr) {
            out += unknown_service(handler_.os().services, request_.id, selected.name);
            exit_ = worse_of(exit_, exit_code(ErrorCode::UnknownService));
            return;
        }
        out += encode(LogReply{request_.id, service->name,
                               handler_.os().outputs.last_lines(service->id, request_.lines), 0});
    }

    ControlHandler& handler_;
    Request request_;
    std::vector<Selected> selected_;
    std::size_t next_ = 0;
    protocol::ExitCode exit_ = protocol::ExitCode::Done;
};

}  // namespace

std::unique_ptr<ControlJob> make_log_job(ControlHandler& handler, const Request& request,
                                         ControlHandler::Wake /*wake*/) {
    return std::make_unique<LogJob>(handler, request);
}

}  // namespace mainstay::supervisor
