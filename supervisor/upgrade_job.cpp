#include <utility>

#include "supervisor/jobs.h"

namespace mainstay::supervisor {
namespace {

using protocol::Request;
using Stage = UpgradeState::Stage;

/// Answered by the program that it ends with: where the exec succeeds that is another one, which
/// the client asks with `follow`.
class UpgradeJob final : public ControlJob, private JobListener {
  public:
    UpgradeJob(ControlHandler& handler, Request request, ControlHandler::Wake wake)
        : handler_(handler),
          request_(std::move(request)),
          wake_(std::move(wake)),
          seat_(handler.board(), *this) {
        if (!request_.follow) {
            handler_.os().upgrades.begin();
        }
    }

    Progress advance(std::string& out) override {
        const UpgradeState& state = handler_.os().upgrades.state();
        switch (state.stage) {
            case Stage::Testing:
            case Stage::Proving:
                return Progress::Waiting;
            case Stage::Done:
                out += encode(protocol::VersionReply{request_.id, handler_.greeting()});
                out += encode(protocol::Done{request_.id, protocol::ExitCode::Done});
                return Progress::Done;
            case Stage::Failed:
                out += refusal(state.why);
                return Progress::Done;
            case Stage::None:
                out += refusal(
                    "the supervisor was started anew meanwhile; svctl version shows which it is");
                return Progress::Done;
        }
        return Progress::Done;
    }

  private:
    std::string refusal(const std::string& why) const {
        return encode(
            protocol::Refusal{request_.id, protocol::ErrorCode::Internal, "upgrade: " + why});
    }

    void service_changed(const Service& service) override { static_cast<void>(service); }
    void service_forgotten(ServiceId service) override { static_cast<void>(service); }
    void upgrade_changed() override { wake_(); }

    ControlHandler& handler_;
    Request request_;
    ControlHandler::Wake wake_;
    JobBoard::Seat seat_;
};

}  // namespace

std::unique_ptr<ControlJob> make_upgrade_job(ControlHandler& handler, Request request,
                                             ControlHandler::Wake wake) {
    return std::make_unique<UpgradeJob>(handler, std::move(request), std::move(wake));
}

}  // namespace mainstay::supervisor
