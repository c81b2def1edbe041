#include "supervisor/notify_channel.h"

#include <unistd.h>

#include <cerrno>
#include <utility>

namespace mainstay::supervisor {
namespace {

/// Of one socket in one turn of the loop: whoever sends more waits for its own messages.
constexpr int kMessagesAtOnce = 64;
/// More than a queue holds, in case its service is still sending.
constexpr int kMessagesToForget = 4096;

std::string_view why_refused(NotifySenders allowed, bool has_run) noexcept {
    if (!has_run) {
        return "the service does not run";
    }
    switch (allowed) {
        case NotifySenders::Nobody:
            return "nobody may speak for it, by its own NOTIFYACCESS=none";
        case NotifySenders::Main:
            return "it is not the main process, and notify-access is main";
        case NotifySenders::All:
            return "it is no process of the service";
    }
    return "";
}

std::string why_not_adopted(int code) {
    return code == EBUSY ? "is another service's"
                         : std::string("cannot be watched: ") + errno_text(code);
}

}  // namespace

NotifyChannel::NotifyChannel(const Parties& parties, ServiceId service, std::string name,
                             std::string path, Listener listener, Storer storer)
    : os_(parties),
      name_(std::move(name)),
      path_(std::move(path)),
      listener_(std::move(listener)),
      storer_(std::move(storer)),
      run_{service, 0, 0} {}

NotifyChannel::~NotifyChannel() {
    if (socket_.valid() && socket_.is_in_place(path_)) {
        ::unlink(path_.c_str());
    }
}

Result<void> NotifyChannel::open(const ReadinessSettings& settings) {
    if (!socket_.valid() || !socket_.is_in_place(path_)) {
        watch_.reset();
        TRY(socket_, NotifySocket::make(path_));
        watch_ = os_.loop.watch_readable(socket_.fd(), [this] { hear(); });
    }
    empty();
    allow(settings);
    return {};
}

void NotifyChannel::restore(UniqueFd socket, const ReadinessSettings& settings) {
    socket_ = NotifySocket::restored(std::move(socket), path_);
    watch_ = os_.loop.watch_readable(socket_.fd(), [this] { hear(); });
    allow(settings);
}

void NotifyChannel::allow(const ReadinessSettings& settings) noexcept {
    stores_ = settings.store_max > 0;
    allowed_ = settings.access == NotifyAccess::All ? NotifySenders::All : NotifySenders::Main;
}

void NotifyChannel::empty() noexcept {
    NotifySocket::Buffer buffer;
    for (int i = 0; i < kMessagesToForget && socket_.receive(buffer, SenderDetail::Number); ++i) {
    }
}

void NotifyChannel::born(ProcessKey key, std::int32_t pid) {
    key_ = key;
    run_.run = pid;
    run_.main = pid;
}

void NotifyChannel::close() noexcept {
    if (run_.main != 0) {
        former_ = run_.main;
    }
    run_.run = 0;
    run_.main = 0;
}

void NotifyChannel::hear() {
    NotifySocket::Buffer buffer;
    for (int i = 0; i < kMessagesAtOnce && socket_.valid(); ++i) {
        std::vector<UniqueFd> descriptors;
        const auto datagram = next(buffer, descriptors);
        if (!datagram) {
            return;
        }
        handle(*datagram, std::move(descriptors));
    }
}

std::optional<NotifySocket::Datagram> NotifyChannel::next(NotifySocket::Buffer& buffer,
                                                          std::vector<UniqueFd>& descriptors) {
    if (stores_) {
        const auto ahead = socket_.peek(buffer);
        if (!ahead) {
            return std::nullopt;  // what comes now has not been looked at: it has its own turn
        }
        if (ahead->has_descriptors && brings_something_to_store(*ahead)) {
            return socket_.receive_all(buffer, descriptors);
        }
    }
    const SenderDetail detail =
        allowed_ == NotifySenders::All ? SenderDetail::Handle : SenderDetail::Number;
    return socket_.receive(buffer, detail);
}

/// From somebody who may: of anybody else not even the number of a descriptor is wanted.
bool NotifyChannel::brings_something_to_store(const NotifySocket::Datagram& datagram) {
    const auto message = parse_notify(datagram.text);
    return message && message->store == NotifyStore::Add &&
           judge_sender(datagram.sender, allowed_, run_, former_, os_.family) ==
               SenderVerdict::Accepted;
}

void NotifyChannel::handle(const NotifySocket::Datagram& datagram,
                           std::vector<UniqueFd> descriptors) {
    auto message = parse_notify(datagram.text);
    if (message && message->barrier) {
        return;  // answered by having been read: its descriptor is closed, whoever sent it
    }
    const Sender& sender = datagram.sender;
    switch (judge_sender(sender, allowed_, run_, former_, os_.family)) {
        case SenderVerdict::Late:
            return;
        case SenderVerdict::Refused:
            return refuse(sender);
        case SenderVerdict::Accepted:
            break;
    }
    if (!message) {
        return complain(sender, Complaint::NoMessage,
                        "is empty, too long or has a NUL inside; it is ignored");
    }
    if (message->store != NotifyStore::None) {
        store(datagram, *message, std::move(descriptors));
    }
    accept(sender, std::move(*message));
}

void NotifyChannel::store(const NotifySocket::Datagram& datagram, const NotifyMessage& message,
                          std::vector<UniqueFd> descriptors) {
    std::string what;
    if (message.store == NotifyStore::Remove && message.descriptor_name.empty()) {
        what = "gives up descriptors, and says no FDNAME of them; it is ignored";
    } else if (message.store == NotifyStore::Add && datagram.has_descriptors && !stores_) {
        what = "asks to keep descriptors, which takes fd-store-max; they are closed";
    } else {
        what = storer_(message, std::move(descriptors));
    }
    if (!what.empty()) {
        complain(datagram.sender, Complaint::Descriptors, what);
    }
}

void NotifyChannel::refuse(const Sender& sender) {
    complain(sender, Complaint::Refused,
             std::string("is refused: ").append(why_refused(allowed_, run_.main != 0)));
}

void NotifyChannel::accept(const Sender& sender, NotifyMessage message) {
    if (message.bad_key != nullptr) {
        complain(
            sender, Complaint::BadValue,
            std::string("has a ") + message.bad_key + " that makes no sense; that part is ignored");
    }
    if (message.senders) {
        allowed_ = *message.senders;
    }
    if (message.main_pid) {
        change_main(sender, message);
    }
    listener_(message);
}

void NotifyChannel::change_main(const Sender& sender, NotifyMessage& message) {
    const std::int32_t candidate = *std::exchange(message.main_pid, std::nullopt);
    if (candidate == run_.main) {
        return;
    }
    const std::string what = "names pid " + std::to_string(candidate) + " as main process, ";
    if (!may_become_main(candidate, sender, os_.own_uid, run_, os_.family)) {
        return complain(sender, Complaint::MainProcess,
                        what + "which is no process of the service; that part is ignored");
    }
    if (const auto adopted = os_.processes.adopt(key_, candidate); !adopted) {
        return complain(
            sender, Complaint::MainProcess,
            what + "which " + why_not_adopted(adopted.error().code) + "; that part is ignored");
    }
    run_.main = candidate;
    message.main_pid = candidate;
}

void NotifyChannel::complain(const Sender& sender, Complaint complaint, std::string_view what) {
    if (complaints_.should_say(sender.pid, complaint, os_.loop.now())) {
        os_.journal.warning(name_ + ": notify message of pid " + std::to_string(sender.pid) +
                            ", user " + std::to_string(sender.uid) + ": " + std::string(what));
    }
}

}  // namespace mainstay::supervisor
