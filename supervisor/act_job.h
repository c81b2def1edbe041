/// A request that acts on services, and waits for what becomes of them. Made by jobs.h.
#pragma once

#include <string>
#include <vector>

#include "supervisor/jobs.h"
#include "supervisor/service_selection.h"

namespace mainstay::supervisor {

class ActJob final : public ControlJob, public JobListener {
  public:
    ActJob(ControlHandler& handler, protocol::Request request, ControlHandler::Wake wake);
    ~ActJob() override;

    Progress advance(std::string& out) override;

    void service_changed(const Service& service) override;
    void service_forgotten(ServiceId service) override;

  private:
    struct Target {
        std::string name;
        ServiceId id = 0;
        bool ordered = false;  ///< what happened before the order is no answer to it
        TimerId timer = kNoTimer;
    };

    void order(const Selected& selected);
    bool is_refused(const Service& service);
    void order_start_or_stop(const Service& service);
    void order_at_once(const Service& service);
    void answer_order(ServiceId id);
    void consider(const Service& service);
    void consider_those_that_need();
    void arrived(const Service& service);
    void went_wrong(const Service& service, protocol::ErrorCode code, std::string message);
    void say(const std::string& line);
    void say_progress(std::string& out);
    void count(protocol::ErrorCode code);
    void drop(ServiceId service);
    void time_out();
    Target* find(ServiceId service) noexcept;
    const Service* service_of(ServiceId id) const noexcept;
    ServiceView view(const Service& service) const;

    ControlHandler& handler_;
    protocol::Request request_;
    ControlHandler::Wake wake_;
    JobBoard::Seat seat_;
    std::vector<Target> pending_;
    std::string output_;
    bool has_progress_ = true;  ///< something that is worth a line of progress
    TimerId timeout_ = kNoTimer;
    protocol::ExitCode exit_ = protocol::ExitCode::Done;
};

}  // namespace mainstay::supervisor
