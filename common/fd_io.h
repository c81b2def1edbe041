/// Creating and using descriptors: every descriptor made here is close-on-exec by construction,
/// every call is repeated on EINTR. Blocking calls say so.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "common/clock.h"
#include "common/result.h"
#include "common/unique_fd.h"

namespace mainstay {

/// open(2) with O_CLOEXEC and O_NOCTTY added. May block where the file does (a fifo, a tty without
/// O_NONBLOCK, a dead network mount).
Result<UniqueFd> open_file(const char* path, int flags, unsigned mode = 0);

/// Writes all of @p bytes, waiting where the descriptor blocks; a non-blocking descriptor that is
/// full gives EAGAIN with part of it written.
Result<void> write_all(int fd, std::string_view bytes);

/// How long a message waits for whoever is in its way; not again while messages are being dropped.
constexpr Duration kMessagePatience = std::chrono::milliseconds(100);

/// Writes all of @p bytes to a non-blocking descriptor, waiting at most @p patience in all while it
/// takes nothing. A terminal does that not only when it is full, but also for as long as another
/// process writes to it (tty_write_lock() in Linux' drivers/tty/tty_io.c).
/// @returns EAGAIN when that did not do, perhaps with part of it written
Result<void> write_patiently(int fd, std::string_view bytes, Duration patience);

/// Opens, writes and closes in one go; for /proc and /sys, which take one write.
Result<void> write_file(const char* path, std::string_view bytes);

/// Reads until @p buffer is full or the file ends.
/// @returns the part of @p buffer that was filled; never more than the file had.
Result<std::string_view> read_up_to(int fd, std::span<char> buffer);

/// Opens, reads at most buffer.size() bytes and closes.
Result<std::string_view> read_file(const char* path, std::span<char> buffer);

struct Pipe {
    UniqueFd read_end;
    UniqueFd write_end;
};

/// pipe2(2) with O_CLOEXEC; @p extra_flags such as O_NONBLOCK apply to both ends.
Result<Pipe> make_pipe(int extra_flags = 0);

}  // namespace mainstay
