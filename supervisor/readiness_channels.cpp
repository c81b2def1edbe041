#include "supervisor/readiness_channels.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace mainstay::supervisor {
namespace {

bool has_watchdog(const Definition& definition) noexcept {
    const Duration timeout = definition.policy.watchdog_timeout;
    return timeout > Duration::zero() && timeout < kForever;
}

/// A socket is for who says that it will use one: each costs memory and a file.
bool wants_socket(const Definition& definition) noexcept {
    return definition.policy.readiness == Readiness::Notify || has_watchdog(definition) ||
           definition.readiness.access != NotifyAccess::Main || definition.readiness.store_max > 0;
}

bool wants_descriptor(const Definition& definition) noexcept {
    return definition.policy.readiness == Readiness::Descriptor;
}

bool wants_check(const Definition& definition) noexcept {
    return definition.policy.readiness == Readiness::Check;
}

}  // namespace

ReadinessChannels::ReadinessChannels(const Ports& ports, std::string directory)
    : os_(ports), directory_(std::move(directory)) {}

ReadinessChannels::~ReadinessChannels() {
    lines_.clear();
    if (has_directory_) {
        ::rmdir(directory_.c_str());
    }
}

Result<Channel, ExecFault> ReadinessChannels::open(ProcessKey key, const std::string& name,
                                                   const Definition& definition) {
    if (!wants_socket(definition) && !wants_descriptor(definition) && !wants_check(definition)) {
        lines_.erase(key.service);
        return Channel();
    }
    Lines& lines = lines_[key.service];
    lines.name = name;
    lines.generation = key.generation;
    Channel channel;
    TRY_VOID(open_descriptor(lines, key.service, definition, channel));
    TRY_VOID(open_notify(lines, key.service, definition, channel));
    return channel;
}

Result<void, ExecFault> ReadinessChannels::open_descriptor(Lines& lines, ServiceId service,
                                                           const Definition& definition,
                                                           Channel& channel) {
    if (!wants_descriptor(definition)) {
        lines.descriptor.reset();
        return {};
    }
    if (!lines.descriptor) {
        lines.descriptor.emplace(os_.loop);
    }
    const auto write_end = lines.descriptor->open();
    if (!write_end) {
        return ExecFault{write_end.error().action, "notification descriptor",
                         write_end.error().code};
    }
    channel.descriptors.push_back({*write_end, definition.readiness.notification_fd});
    const int read_end = lines.descriptor->read_end();
    os_.keeper.keep(KeptKind::ReadyPipe, service, {&read_end, 1});
    return {};
}

Result<void, ExecFault> ReadinessChannels::open_notify(Lines& lines, ServiceId service,
                                                       const Definition& definition,
                                                       Channel& channel) {
    if (!wants_socket(definition)) {
        lines.notify.reset();
        return {};
    }
    TRY_VOID(prepare_directory());
    notify_of(lines, service);
    const int before = lines.notify->fd();
    if (const auto opened = lines.notify->open(definition.readiness); !opened) {
        return ExecFault{opened.error().action, lines.notify->path(), opened.error().code,
                         opened.error().code == ENAMETOOLONG
                             ? "too long for a socket; give --control a shorter path"
                             : ""};
    }
    if (const int fd = lines.notify->fd(); fd != before) {
        os_.keeper.keep(KeptKind::NotifySocket, service, {&fd, 1});
    }
    channel.environment.push_back("NOTIFY_SOCKET=" + lines.notify->path());
    lines.store_max = definition.readiness.store_max;
    if (lines.store_max > 0) {
        channel.environment.push_back("FDSTORE=" + std::to_string(lines.store_max));
    }
    if (has_watchdog(definition)) {
        const auto timeout = std::chrono::duration_cast<std::chrono::microseconds>(
            definition.policy.watchdog_timeout);
        channel.environment.push_back("WATCHDOG_USEC=" + std::to_string(timeout.count()));
        channel.pid_variables.emplace_back("WATCHDOG_PID");
    }
    return {};
}

NotifyChannel& ReadinessChannels::notify_of(Lines& lines, ServiceId service) {
    if (!lines.notify) {
        lines.notify = std::make_unique<NotifyChannel>(
            NotifyChannel::Parties{os_.loop, os_.journal, os_.processes, os_.family, ::geteuid()},
            service, lines.name, directory_ + "/" + std::to_string(service),
            [this, service](const NotifyMessage& message) { message_heard(service, message); },
            [this, service](const NotifyMessage& message, std::vector<UniqueFd> descriptors) {
                return store(service, message, std::move(descriptors));
            });
    }
    return *lines.notify;
}

/// It is looked for each time: what lies below /run may be lost like everything there.
Result<void, ExecFault> ReadinessChannels::prepare_directory() {
    struct stat info {};
    if (has_directory_ && ::lstat(directory_.c_str(), &info) == 0) {
        return {};
    }
    if (!has_directory_) {
        raise_datagram_queue();
    }
    if (const auto prepared = prepare_notify_directory(directory_); !prepared) {
        return ExecFault{prepared.error().action, directory_, prepared.error().code,
                         prepared.error().code == EPERM
                             ? "there is something that others may write to; remove it"
                             : ""};
    }
    has_directory_ = true;
    return {};
}

ReadinessChannels::Lines* ReadinessChannels::current(ProcessKey key) {
    const auto found = lines_.find(key.service);
    const bool is_current = found != lines_.end() && found->second.generation == key.generation;
    return is_current ? &found->second : nullptr;
}

void ReadinessChannels::born(ProcessKey key, std::int32_t pid) {
    Lines* lines = current(key);
    if (lines == nullptr) {
        return;
    }
    if (lines->descriptor) {
        lines->descriptor->born(
            [this, key](DescriptorChannel::Heard heard) { descriptor_heard(key, heard); });
    }
    if (lines->notify) {
        lines->notify->born(key, pid);
    }
}

void ReadinessChannels::executed(ProcessKey key, const Definition& definition) {
    const Lines* lines = current(key);
    if (lines != nullptr && wants_check(definition)) {
        os_.checks.check_until_passed(key.service, lines->name, definition,
                                      [this, key] { listener_->service_is_ready(key); });
    }
}

void ReadinessChannels::hear(ProcessKey key) {
    if (Lines* lines = current(key); lines != nullptr && lines->descriptor) {
        lines->descriptor->hear();
    }
    // What was heard may have ended the run.
    if (Lines* lines = current(key); lines != nullptr && lines->notify) {
        lines->notify->hear();
    }
}

void ReadinessChannels::close(ProcessKey key) {
    Lines* lines = current(key);
    if (lines == nullptr) {
        return;
    }
    os_.checks.stop(key.service);
    if (lines->descriptor) {
        if (lines->descriptor->read_end() >= 0) {
            os_.keeper.drop(KeptKind::ReadyPipe, key.service);
        }
        lines->descriptor->close();
    }
    if (lines->notify) {
        lines->notify->close();
    }
}

void ReadinessChannels::forget(ServiceId service) {
    os_.checks.stop(service);
    if (const auto found = lines_.find(service); found != lines_.end() && found->second.notify) {
        os_.keeper.drop(KeptKind::NotifySocket, service);
    }
    lines_.erase(service);
}

void ReadinessChannels::descriptor_heard(ProcessKey key, DescriptorChannel::Heard heard) {
    os_.keeper.drop(KeptKind::ReadyPipe, key.service);
    if (heard == DescriptorChannel::Heard::Newline) {
        listener_->service_is_ready(key);
    } else if (const Lines* lines = current(key)) {
        os_.journal.warning(lines->name +
                            ": closed its notification descriptor without a newline: not ready; "
                            "the start timeout decides what becomes of it");
    }
}

/// @returns what is to be complained of
std::string ReadinessChannels::store(ServiceId service, const NotifyMessage& message,
                                     std::vector<UniqueFd> descriptors) {
    if (message.store == NotifyStore::Remove) {
        os_.store.remove(service, message.descriptor_name);
        return {};
    }
    const std::uint32_t most = lines_[service].store_max;
    const std::string_view name =
        message.descriptor_name.empty() ? kStoredName : std::string_view(message.descriptor_name);
    const auto polling =
        message.polls ? DescriptorStore::Polling::Yes : DescriptorStore::Polling::No;
    const std::size_t refused = os_.store.add(service, name, std::move(descriptors), polling, most);
    return refused == 0
               ? std::string()
               : "asks to keep more descriptors than its fd-store-max, " + std::to_string(most) +
                     ", allows; " + std::to_string(refused) + " of them are closed";
}

void ReadinessChannels::message_heard(ServiceId service, const NotifyMessage& message) {
    const auto found = lines_.find(service);
    if (found != lines_.end()) {
        listener_->service_said({service, found->second.generation}, message);
    }
}

}  // namespace mainstay::supervisor
