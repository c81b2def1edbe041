/// How a supervisor follows one that died: finds what that one left, hands each part what is its,
/// and sees to it that the next one finds as much. From PID 1 by the boot link; where PID 1 is
/// another program, from a file beside the control socket. docs/decisions/0042.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "supervisor/boot_link_client.h"
#include "supervisor/journal.h"
#include "supervisor/listening_sockets.h"
#include "supervisor/log_pipes.h"
#include "supervisor/process_watch.h"
#include "supervisor/readiness_channels.h"
#include "supervisor/service_set.h"
#include "supervisor/state_memory.h"
#include "supervisor/state_store.h"

namespace mainstay::supervisor {

class Succession {
  public:
    struct Parts {
        BootLinkClient& link;
        StateStore& state;
        ProcessWatch& processes;
        LogPipes& outputs;
        ReadinessChannels& readiness;
        ListeningSockets& sockets;
        DescriptorStore& store;
        ServiceSet& services;
        Journal& journal;
    };

    struct Paths {
        std::string state;  ///< of the file
        std::string svlog;  ///< where it is noted which process is svlog
    };

    Succession(const Parts& parts, Paths paths) : os_(parts), paths_(std::move(paths)) {}

    /// Before the first service is added. May wait for PID 1.
    /// @param link_version what PID 1 says that it speaks; 0: there is none of ours
    void begin(std::uint32_t link_version);

    /// All directories were added; in the same batch.
    void all_were_added() { os_.services.end_inheritance(); }

    /// That batch has ended: what was for nobody goes.
    void end();

    /// What the system had come to; bits of state_table::Header::flags.
    std::uint32_t flags() const noexcept { return flags_; }

    /// Everything is down, and nothing is left for anybody.
    void leave_nothing() noexcept;

  private:
    Result<void> open_kept(int table);
    Result<void> open_file();
    Result<void> make();
    Result<void> take_up(StateMemory found);
    void take_processes(std::vector<HandOver::Process> processes);
    void take_descriptors(std::vector<Kept> kept, const KnownState& state);
    std::vector<KeptLog> find_logs(const KnownState& state) const;

    Parts os_;
    Paths paths_;
    StateMemory memory_;
    bool has_file_ = false;
    std::vector<std::uint32_t> exits_;  ///< that PID 1 told, not recorded yet
    std::vector<Kept> strangers_;       ///< kept descriptors of kinds that nobody here knows
    std::uint32_t flags_ = 0;
};

}  // namespace mainstay::supervisor
