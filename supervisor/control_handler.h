/// What the verbs of the control protocol do. Knows requests, rights and services; nothing of
/// sockets or JSON.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "common/protocol.h"
#include "supervisor/control_job.h"
#include "supervisor/os_clock.h"
#include "supervisor/os_outputs.h"
#include "supervisor/os_processes.h"
#include "supervisor/service_set.h"

namespace mainstay::supervisor {

/// What a client may do. Everybody else has Rights::None and gets a refusal.
enum class Rights : std::uint8_t { None, Look, Everything };

class ActJob;

class ControlHandler final : public ServiceObserver {
  public:
    struct Ports {
        ServiceSet& services;
        Processes& processes;
        Outputs& outputs;
        Clock& clock;
    };

    ControlHandler(const Ports& ports, protocol::Greeting self);

    /// Obeys one line of a client.
    /// @param wake called (at any time, also from within an event's handling) when a job that said
    /// Waiting has more to say; must only remember it
    std::unique_ptr<ControlJob> begin(std::string_view line, Rights rights,
                                      std::function<void()> wake);

    const protocol::Greeting& greeting() const noexcept { return self_; }

    void service_changed(const Service& service) override;
    void service_forgotten(ServiceId service) override;

  private:
    friend class ActJob;

    std::unique_ptr<ControlJob> begin(const protocol::Request& request, Rights rights,
                                      std::function<void()> wake);
    std::unique_ptr<ControlJob> look(const protocol::Request& request);
    std::unique_ptr<ControlJob> act(const protocol::Request& request, std::function<void()> wake);

    Ports os_;
    protocol::Greeting self_;
    std::vector<ActJob*> waiting_;
};

}  // namespace mainstay::supervisor
