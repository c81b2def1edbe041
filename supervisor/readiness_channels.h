/// The ways in which services say that they are ready: s6's descriptor, sd_notify's socket, the
/// check program. Gives each run what its definition asks for, and hears what comes of it.
///
/// Only a service that asks for one costs anything. A notify socket lives as long as its service,
/// over all its runs; everything else belongs to one run, and what comes late is not told.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "supervisor/check_runner.h"
#include "supervisor/descriptor_channel.h"
#include "supervisor/descriptor_store.h"
#include "supervisor/notify_channel.h"
#include "supervisor/os_keeper.h"
#include "supervisor/os_readiness.h"

namespace mainstay::supervisor {

class ReadinessChannels final : public ReadinessPorts {
  public:
    struct Ports {
        Loop& loop;
        Journal& journal;
        Processes& processes;
        ProcessFamily& family;
        CheckRunner& checks;
        Keeper& keeper;
        DescriptorStore& store;
    };

    /// @param directory of the notify sockets; made when the first is needed
    ReadinessChannels(const Ports& ports, std::string directory);
    ~ReadinessChannels() override;

    /// Must be called before the first run.
    void set_listener(ReadinessListener& listener) noexcept { listener_ = &listener; }

    Result<Channel, ExecFault> open(ProcessKey key, const std::string& name,
                                    const Definition& definition) override;
    void born(ProcessKey key, std::int32_t pid) override;
    void executed(ProcessKey key, const Definition& definition) override;
    void resume(const FormerRun& run, const std::string& name,
                const Definition& definition) override;
    void close(ProcessKey key) override;

    /// A socket or pipe that was kept for us; before resume() is called.
    void take_kept(KeptKind kind, ServiceId service, UniqueFd descriptor);
    /// After the last resume(): what nobody asked for is not kept any more.
    void drop_the_rest();

    /// Hears now what the process has said so far: before its end is told to anybody, as what that
    /// end means may be in it (MAINPID, STATUS).
    void hear(ProcessKey key);

    /// The service is gone, and its notify socket with it.
    void forget(ServiceId service);

  private:
    struct Lines {
        std::string name;
        std::uint32_t generation = 0;
        std::uint32_t store_max = 0;
        std::optional<DescriptorChannel> descriptor;
        std::unique_ptr<NotifyChannel> notify;
    };

    Lines* current(ProcessKey key);
    NotifyChannel& notify_of(Lines& lines, ServiceId service);
    UniqueFd kept(KeptKind kind, ServiceId service);
    void resume_notify(Lines& lines, const FormerRun& run, const Definition& definition);
    void resume_descriptor(Lines& lines, const FormerRun& run, const Definition& definition);
    Result<void, ExecFault> open_descriptor(Lines& lines, ServiceId service,
                                            const Definition& definition, Channel& channel);
    Result<void, ExecFault> open_notify(Lines& lines, ServiceId service,
                                        const Definition& definition, Channel& channel);
    Result<void, ExecFault> prepare_directory();
    void descriptor_heard(ProcessKey key, DescriptorChannel::Heard heard);
    std::string store(ServiceId service, const NotifyMessage& message,
                      std::vector<UniqueFd> descriptors);
    void message_heard(ServiceId service, const NotifyMessage& message);

    Ports os_;
    std::string directory_;
    bool has_directory_ = false;  ///< it is there, and nothing in it is of a dead supervisor
    ReadinessListener* listener_ = nullptr;
    std::unordered_map<ServiceId, Lines> lines_;
    std::map<std::pair<KeptKind, ServiceId>, UniqueFd> kept_;
};

}  // namespace mainstay::supervisor
