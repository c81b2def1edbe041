/// A service's notify socket: made as a file, read datagram by datagram with the sender that the
/// kernel vouches for. What the bytes mean and whose word counts is decided elsewhere.
///
/// Descriptors that come with a message are not taken, unless it was looked at before and they are
/// asked for: they are dropped by the kernel in the moment in which the message is read. So no
/// stranger's descriptor ever gets a number here, and a BARRIER, which waits for its pipe to be
/// closed, is answered by reading it, after all that was sent before it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/unique_fd.h"
#include "supervisor/notify_message.h"
#include "supervisor/notify_sender.h"

namespace mainstay::supervisor {

/// Makes the directory (0755) where it is missing, and removes what a dead supervisor left in it.
/// @returns EPERM where something is there that is not ours alone to write
Result<void> prepare_notify_directory(const std::string& path);

/// Raises net.unix.max_dgram_qlen, which says how many messages a socket made from then on may
/// hold before senders wait: 10 by default, which a busy start fills. Without the right to do so it
/// stays as it is.
void raise_datagram_queue() noexcept;

/// How exactly the sender is to be known.
enum class SenderDetail : std::uint8_t {
    Number,  ///< pid and user
    Handle,  ///< and a pidfd where the kernel has it (Linux 6.5)
};

class NotifySocket {
  public:
    struct Datagram {
        Sender sender;          ///< its pidfd is borrowed from this
        UniqueFd pidfd;         ///< -1: not known
        std::string_view text;  ///< in the buffer that was given
        bool has_descriptors = false;
    };
    /// One more byte than a message may have shows one that is longer.
    using Buffer = std::array<char, kMaxNotifyMessage + 1>;

    /// Binds a socket that everybody may write to (0666), in place of what was there. Non-blocking.
    /// Errors: ENAMETOOLONG where no client could be told the path.
    static Result<NotifySocket> make(const std::string& path);

    /// One that was made before, and is in its place or not any more.
    static NotifySocket restored(UniqueFd socket, const std::string& path) noexcept;

    NotifySocket() noexcept = default;

    int fd() const noexcept { return fd_.get(); }
    bool valid() const noexcept { return fd_.valid(); }

    /// Whether the path still leads here.
    bool is_in_place(const std::string& path) const noexcept;

    /// The next datagram, which stays the next; nothing where there is none.
    std::optional<Datagram> peek(Buffer& buffer) const;

    /// The next datagram and its descriptors.
    std::optional<Datagram> receive_all(Buffer& buffer, std::vector<UniqueFd>& descriptors);

    /// The next datagram; nothing where there is none.
    std::optional<Datagram> receive(Buffer& buffer, SenderDetail detail);

  private:
    UniqueFd fd_;
    std::uint64_t device_ = 0;
    std::uint64_t inode_ = 0;
};

}  // namespace mainstay::supervisor
