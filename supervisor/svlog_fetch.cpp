#include "supervisor/svlog_fetch.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <optional>

#include "common/fd_io.h"
#include "supervisor/svlog/arena_memory.h"
#include "supervisor/svlog/link_message.h"

namespace mainstay::supervisor {
namespace {

constexpr unsigned kRecordMode = 0600;

Result<UniqueFd> copy_from(int pidfd, int number) {
    UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_getfd, pidfd, number, 0)));
    return fd.valid() ? Result<UniqueFd>(std::move(fd))
                      : Result<UniqueFd>(last_error("pidfd_getfd"));
}

std::optional<pid_t> read_record(const std::string& record) {
    std::array<char, 32> buffer;
    const auto text = read_file(record.c_str(), buffer);
    pid_t pid = 0;
    if (!text ||
        std::from_chars(text->data(), text->data() + text->size(), pid).ec != std::errc() ||
        pid <= 0) {
        return std::nullopt;
    }
    return pid;
}

/// Both ends of a pipe of which we have the read end: opening it by its name in /proc makes the
/// other (proc(5)). Without /proc it is the read end alone.
std::vector<UniqueFd> with_write_end(UniqueFd read_end) {
    std::vector<UniqueFd> ends;
    const std::string path = "/proc/self/fd/" + std::to_string(read_end.get());
    ends.push_back(std::move(read_end));
    if (auto write_end = open_file(path.c_str(), O_WRONLY)) {
        ends.push_back(std::move(*write_end));
    }
    return ends;
}

bool is_pipe(int fd) noexcept {
    struct stat info {};
    return ::fstat(fd, &info) == 0 && S_ISFIFO(info.st_mode);
}

/// @returns EBADF or EPROTO where the process is not svlog
Result<KeptLog> fetch_arena(int pidfd, pid_t pid) {
    KeptLog kept;
    kept.kind = KeptKind::Arena;
    for (const int number : svlog::kArenaDescriptors) {
        TRY(UniqueFd fd, copy_from(pidfd, number));
        kept.descriptors.push_back(std::move(fd));
    }
    if (svlog::writer_of(kept.descriptors[0].get()) != pid) {
        return Error{"find its arena", EPROTO};
    }
    return kept;
}

/// The pipes that stand in the arena. One that has ended meanwhile is no loss.
void fetch_pipes(int pidfd, int memory, std::vector<KeptLog>& kept) {
    const auto mapping = svlog::ArenaMapping::map(memory);
    if (!mapping) {
        return;
    }
    const svlog::Arena arena = mapping->arena();
    const std::uint32_t used =
        std::min(svlog::load(arena.header().used_slots), arena.shape().slots);
    for (std::uint32_t slot = svlog::kOwnSlot; slot < used; ++slot) {
        const svlog::ArenaSlot& stream = arena.slot(slot);
        const std::uint32_t owner = svlog::load(stream.owner);
        const std::uint32_t number = svlog::load(stream.pipe);
        if (number == 0 || (owner == 0 && slot != svlog::kOwnSlot)) {
            continue;
        }
        auto pipe = copy_from(pidfd, static_cast<int>(number - 1));
        if (pipe && is_pipe(pipe->get())) {
            kept.push_back({KeptKind::LogPipe, owner, {}, with_write_end(std::move(*pipe))});
        }
    }
}

}  // namespace

void note_svlog(const std::string& record, pid_t pid, Journal& journal) {
    const std::string text = std::to_string(pid) + "\n";
    auto file = open_file(record.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, kRecordMode);
    const auto written = file ? write_all(file->get(), text) : Result<void>(file.error());
    if (!written) {
        journal.warning(record + ": " + written.error().action + ": " +
                        errno_text(written.error().code) +
                        "; a supervisor after this one will not find svlog");
    }
}

std::vector<KeptLog> fetch_from_svlog(const std::string& record, Journal& journal) {
    std::vector<KeptLog> kept;
    const auto pid = read_record(record);
    if (!pid) {
        return kept;
    }
    const UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, *pid, 0)));
    if (!pidfd.valid()) {
        return kept;
    }
    auto arena = fetch_arena(pidfd.get(), *pid);
    if (!arena) {
        if (arena.error().code == EPERM || arena.error().code == ENOSYS) {
            journal.warning("svlog of the supervisor before, pid " + std::to_string(*pid) +
                            ": its pipes cannot be taken over: " + arena.error().action + ": " +
                            errno_text(arena.error().code) +
                            "; it serves them until those who write to them end");
        }
        return kept;
    }
    kept.push_back(std::move(*arena));
    const int memory = kept.back().descriptors[0].get();
    fetch_pipes(pidfd.get(), memory, kept);
    return kept;
}

std::vector<UniqueFd> fetch_logger_pipe(int pidfd) {
    auto input = copy_from(pidfd, STDIN_FILENO);
    return input && is_pipe(input->get()) ? with_write_end(std::move(*input))
                                          : std::vector<UniqueFd>();
}

}  // namespace mainstay::supervisor
