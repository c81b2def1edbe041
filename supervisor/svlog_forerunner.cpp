#include "supervisor/svlog_forerunner.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>
#include <utility>

#include "supervisor/svlog/arena_memory.h"

namespace mainstay::supervisor {
namespace {

/// Killed, only a disk that does not answer holds it up.
constexpr Duration kUsualEnd = std::chrono::seconds(5);

/// The writer of @p arena. Opened by a number that may have become another's meanwhile: whoever
/// still has the lock afterwards is the one that was opened.
Result<UniqueFd> open_writer(int arena) {
    for (;;) {
        const auto pid = svlog::writer_of(arena);
        if (!pid) {
            return UniqueFd();
        }
        if (*pid == 0) {
            return Error{"find its writer, in another pid namespace", ESRCH};
        }
        UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, *pid, 0)));
        if (!pidfd.valid() && errno != ESRCH) {
            return last_error("pidfd_open");
        }
        if (pidfd.valid() && svlog::writer_of(arena) == pid) {
            return pidfd;
        }
    }
}

}  // namespace

Result<SvlogForerunner::Found> SvlogForerunner::end(int arena, std::function<void()> gone) {
    TRY(UniqueFd found, open_writer(arena));
    if (!found.valid()) {
        return Found::None;
    }
    if (::syscall(SYS_pidfd_send_signal, found.get(), SIGKILL, nullptr, 0) < 0 && errno != ESRCH) {
        return last_error("kill");
    }
    gone_ = std::move(gone);
    pidfd_ = std::move(found);
    watch_ = loop_.watch_readable(pidfd_.get(), [this] { on_end(); });
    timer_ = loop_.call_after(kUsualEnd, [this] {
        timer_ = kNoTimer;
        journal_.warning(
            "the svlog of the supervisor before was killed and has not ended: its disk does not "
            "answer; until then output waits in the pipes");
    });
    return Found::Ending;
}

void SvlogForerunner::on_end() {
    watch_.reset();
    pidfd_.reset();
    loop_.cancel(std::exchange(timer_, kNoTimer));
    std::exchange(gone_, nullptr)();
}

}  // namespace mainstay::supervisor
