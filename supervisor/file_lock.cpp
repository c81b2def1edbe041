#include "supervisor/file_lock.h"

#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <vector>

#include "common/fd_io.h"
#include "supervisor/alive.h"
#include "supervisor/proc_text.h"
#include "supervisor/runit_wire.h"

namespace mainstay::supervisor {
namespace {

constexpr std::size_t kMostOfLocks = std::size_t{256} * 1024;
constexpr int kPause = 5;  // milliseconds

std::int32_t find_holder(int lock) {
    struct stat file {};
    std::vector<char> buffer(kMostOfLocks);
    const auto locks = read_file("/proc/locks", buffer);
    if (!locks || ::fstat(lock, &file) < 0) {
        return 0;
    }
    return holder_of_lock(*locks, major(file.st_dev), minor(file.st_dev), file.st_ino);
}

}  // namespace

bool LockAttempt::is_held_by_us() const {
    if (state != State::Held) {
        return false;
    }
    std::array<char, 4096> buffer;
    const std::string path = "/proc/" + std::to_string(holder) + "/status";
    const auto status = read_file(path.c_str(), buffer);
    const auto uid = status ? parse_effective_uid(*status) : std::nullopt;
    return uid && (*uid == 0 || *uid == ::geteuid());
}

LockAttempt try_lock(int fd) {
    using State = LockAttempt::State;
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) {
        return {State::Ours, 0, 0};
    }
    if (errno != EWOULDBLOCK) {
        return {State::Failed, 0, errno};
    }
    const std::int32_t holder = find_holder(fd);
    const bool is_held = holder > 0 && holder != ::getpid() && is_alive(holder);
    return {is_held ? State::Held : State::Fading, holder, 0};
}

LockAttempt lock_after_the_dead(int fd, int patience) {
    LockAttempt attempt = try_lock(fd);
    for (int waited = 0; attempt.state == LockAttempt::State::Fading && waited < patience;
         waited += kPause) {
        ::poll(nullptr, 0, kPause);
        attempt = try_lock(fd);
    }
    return attempt;
}

}  // namespace mainstay::supervisor
