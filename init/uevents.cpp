#include "init/uevents.h"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <array>

namespace mainstay::init {
namespace {

constexpr int kReceiveBuffer = 1024 * 1024;

/// "add@/devices/…", then NUL-terminated KEY=VALUE texts.
bool parse(std::string_view message, Uevent& event) noexcept {
    event = {};
    const std::size_t at = message.find('@');
    if (at == std::string_view::npos) {
        return false;
    }
    event.action.append(message.substr(0, at));
    constexpr std::string_view kAlias = "MODALIAS=";
    while (!message.empty()) {
        const std::string_view field = message.substr(0, message.find('\0'));
        message.remove_prefix(field.size() < message.size() ? field.size() + 1 : field.size());
        if (field.substr(0, kAlias.size()) == kAlias) {
            event.alias.append(field.substr(kAlias.size()));
        }
    }
    return true;
}

}  // namespace

Result<void> UeventSource::open() noexcept {
    fd_.reset(
        ::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT));
    if (!fd_.valid()) {
        return last_error("socket");
    }
    // Many devices announce themselves at once; what does not fit is lost.
    (void)::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer,
                       sizeof kReceiveBuffer);
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = 1;
    if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return last_error("bind");
    }
    return {};
}

bool UeventSource::next(Uevent& event) noexcept {
    std::array<char, 8192> buffer;
    while (true) {
        sockaddr_nl sender{};
        socklen_t size = sizeof sender;
        const ssize_t count = ::recvfrom(fd_.get(), buffer.data(), buffer.size(), 0,
                                         reinterpret_cast<sockaddr*>(&sender), &size);
        if (count < 0) {
            return false;
        }
        // Only the kernel sends with port id 0.
        if (sender.nl_pid == 0 && parse({buffer.data(), static_cast<std::size_t>(count)}, event)) {
            return true;
        }
    }
}

}  // namespace mainstay::init
