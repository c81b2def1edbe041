/// What the verbs of the control protocol do. Knows requests, rights and services; nothing of
/// sockets or JSON. What takes more than one line is a job of its own (*_job).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/protocol.h"
#include "supervisor/check_runner.h"
#include "supervisor/control_job.h"
#include "supervisor/job_board.h"
#include "supervisor/notify_sender.h"
#include "supervisor/os_cgroups.h"
#include "supervisor/os_clock.h"
#include "supervisor/os_enablement.h"
#include "supervisor/os_outputs.h"
#include "supervisor/os_processes.h"
#include "supervisor/os_upgrade.h"
#include "supervisor/service_set.h"

namespace mainstay::supervisor {

/// What a client may do. Everybody else has Rights::None and gets a refusal.
enum class Rights : std::uint8_t { None, Look, Everything };

/// Who asks.
struct Caller {
    Rights rights = Rights::None;
    std::uint32_t uid = 0;  ///< may notify for services that run as it
};

class ControlHandler final : public ServiceObserver {
  public:
    struct Ports {
        ServiceSet& services;
        Processes& processes;
        Outputs& outputs;
        Clock& clock;
        Enablement& enablement;
        Cgroups& cgroups;
        CheckRunner& checks;
        ProcessFamily& family;
        Upgrades& upgrades;
    };

    /// What does not change while the supervisor runs.
    struct Self {
        protocol::Greeting greeting;
        std::string host;
    };

    ControlHandler(const Ports& ports, Self self);

    /// Called (at any time, also from within an event's handling) when a job that said Waiting has
    /// more to say; must only remember it.
    using Wake = std::function<void()>;

    /// Obeys one line of a client.
    std::unique_ptr<ControlJob> begin(std::string_view line, const Caller& caller, Wake wake);

    const protocol::Greeting& greeting() const noexcept { return self_.greeting; }

    /// The first start of every service has come to an outcome. To be called once.
    void boot_completed();

    /// How far an upgrade has come is another thing now.
    void upgrade_changed();

    // For the jobs.
    const Ports& os() const noexcept { return os_; }
    JobBoard& board() noexcept { return board_; }
    bool is_boot_complete() const noexcept { return boot_complete_.has_value(); }
    SystemView system() const;

    void service_changed(const Service& service) override;
    void service_forgotten(ServiceId service) override;

  private:
    std::unique_ptr<ControlJob> begin(protocol::Request request, Wake wake);
    std::unique_ptr<ControlJob> version(protocol::RequestId id) const;

    Ports os_;
    Self self_;
    JobBoard board_;
    Duration started_;
    std::optional<Duration> boot_complete_;  ///< after the start
};

}  // namespace mainstay::supervisor
