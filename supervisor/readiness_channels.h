/// The ways in which services say that they are ready: s6's descriptor, sd_notify's socket, the
/// check program. Gives each run what its definition asks for, and hears what comes of it.
///
/// Only a service that asks for one costs anything. A notify socket lives as long as its service,
/// over all its runs; everything else belongs to one run, and what comes late is not told.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "supervisor/check_runner.h"
#include "supervisor/descriptor_channel.h"
#include "supervisor/notify_channel.h"
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
    void close(ProcessKey key) override;

    /// Hears now what the process has said so far: before its end is told to anybody, as what that
    /// end means may be in it (MAINPID, STATUS).
    void hear(ProcessKey key);

    /// The service is gone, and its notify socket with it.
    void forget(ServiceId service);

  private:
    struct Lines {
        std::string name;
        std::uint32_t generation = 0;
        std::optional<DescriptorChannel> descriptor;
        std::unique_ptr<NotifyChannel> notify;
    };

    Lines* current(ProcessKey key);
    Result<void, ExecFault> open_descriptor(Lines& lines, const Definition& definition,
                                            Channel& channel);
    Result<void, ExecFault> open_notify(Lines& lines, ServiceId service,
                                        const Definition& definition, Channel& channel);
    Result<void, ExecFault> prepare_directory();
    void descriptor_heard(ProcessKey key, DescriptorChannel::Heard heard);
    void message_heard(ServiceId service, const NotifyMessage& message);

    Ports os_;
    std::string directory_;
    bool has_directory_ = false;
    ReadinessListener* listener_ = nullptr;
    std::unordered_map<ServiceId, Lines> lines_;
};

}  // namespace mainstay::supervisor
