/// Whose a process is, by /proc and cgroups: session, ancestors, cgroup of the service. A process
/// that ends while it is looked at is Gone; with a pidfd also one whose number is somebody else's
/// by then.
#pragma once

#include "supervisor/notify_sender.h"
#include "supervisor/os_cgroups.h"

namespace mainstay::supervisor {

class ProcFamily final : public ProcessFamily {
  public:
    explicit ProcFamily(Cgroups& cgroups);

    Kinship kinship(const Sender& process, const RunProcesses& run) override;
    std::optional<std::uint32_t> uid_of(std::int32_t pid) override;
    ZombiesView zombies_below(std::int32_t pid) override;

  private:
    bool is_in_cgroup(std::int32_t pid, ServiceId service);

    Cgroups& cgroups_;
    std::int32_t own_pid_;
};

}  // namespace mainstay::supervisor
