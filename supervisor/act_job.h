/// A request that acts on services, and waits for what becomes of them. Made by control_handler.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "supervisor/control_handler.h"

namespace mainstay::supervisor {

/// A name that a request selected: a service, or none of that name.
struct Selected {
    std::string name;
    ServiceId id = 0;  ///< 0: there is none
};

/// Names as they are, patterns as the services (not loggers) that they match, in order of name;
/// each service once. No names at all select all services.
std::vector<Selected> select_services(const ServiceSet& services,
                                      const std::vector<std::string>& names);

/// The answer for a name that selected nothing.
std::string unknown_service(protocol::RequestId request, const std::string& name);

class ActJob final : public ControlJob {
  public:
    ActJob(ControlHandler& handler, protocol::Request request, std::function<void()> wake);
    ~ActJob() override;

    Progress advance(std::string& out) override;

    void service_changed(const Service& service);
    void service_forgotten(ServiceId service);

  private:
    struct Target {
        std::string name;
        ServiceId id = 0;
        bool ordered = false;  ///< what happened before the order is no answer to it
        TimerId timer = kNoTimer;
    };

    void order(const Selected& selected);
    void send_signal(const Service& service);
    void consider(const Service& service);
    void arrived(const Service& service);
    void went_wrong(const Service& service, protocol::ErrorCode code, std::string message);
    void say(const std::string& line);
    void count(protocol::ErrorCode code);
    void drop(ServiceId service);
    void time_out();
    Target* find(ServiceId service) noexcept;

    ControlHandler& handler_;
    protocol::Request request_;
    std::function<void()> wake_;
    std::vector<Target> pending_;
    std::string output_;
    TimerId timeout_ = kNoTimer;
    protocol::ExitCode exit_ = protocol::ExitCode::Done;
};

}  // namespace mainstay::supervisor
