#include "init/login_records.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>

#include "common/fd_io.h"

namespace mainstay::init {
namespace {

/// More is nobody's list of logins.
constexpr off_t kMostRecords = 10'000;
constexpr off_t kRecordSize = sizeof(utmp);

enum class Patience : std::uint8_t { None, Some };

/// Goes with the descriptor. Whoever may read a file may hold a lock on it for ever: after a second
/// it is written without.
bool lock(int fd, Patience patience) noexcept {
    constexpr int kMostTries = 20;
    constexpr int kPauseMilliseconds = 50;
    struct flock whole {};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    for (int tries = 0; ::fcntl(fd, F_SETLK, &whole) != 0; ++tries) {
        if (patience == Patience::None) {
            return false;
        }
        if (tries == kMostTries) {
            break;
        }
        (void)::poll(nullptr, 0, kPauseMilliseconds);
    }
    return true;
}

utmp record_of(const LoginEvent& event) noexcept {
    timespec now{};
    (void)::clock_gettime(CLOCK_REALTIME, &now);
    return make_record(event, now.tv_sec, now.tv_nsec / 1000);
}

/// Where @p record belongs, and in @p old what is there.
off_t find_place(int fd, const utmp& record, utmp& old) noexcept {
    off_t place = 0;
    for (; place < kMostRecords * kRecordSize; place += kRecordSize) {
        if (::pread(fd, &old, sizeof old, place) != kRecordSize) {
            break;
        }
        if (takes_place_of(record, old)) {
            return place;
        }
    }
    old = {};
    return place;
}

/// @param record gets the line that the process was on
void put(int fd, utmp& record) noexcept {
    utmp old{};
    const off_t place = find_place(fd, record, old);
    const bool was_there = old.ut_type != EMPTY;
    if (record.ut_type == DEAD_PROCESS && was_there && !is_outdated(record, old)) {
        std::memcpy(record.ut_line, old.ut_line, sizeof record.ut_line);
    }
    if (!was_there || !is_outdated(record, old)) {
        [[maybe_unused]] const ssize_t written = ::pwrite(fd, &record, sizeof record, place);
    }
}

bool is_in_memory(int fd) noexcept {
    struct statfs info {};
    return ::fstatfs(fd, &info) == 0 && (info.f_type == TMPFS_MAGIC || info.f_type == RAMFS_MAGIC);
}

/// @returns false where it has to be done by somebody who may wait
bool write_utmp(utmp& record, Patience patience) noexcept {
    // What sysinit has mounted or made may have hidden the file, or its place may be new.
    const int flags = record.ut_type == BOOT_TIME ? O_CREAT : 0;
    const auto fd = open_file(kUtmp, O_RDWR | O_NONBLOCK | flags, 0644);
    if (!fd) {
        return true;
    }
    const bool is_free = patience == Patience::Some || is_in_memory(fd->get());
    if (!is_free || !lock(fd->get(), patience)) {
        return false;
    }
    put(fd->get(), record);
    return true;
}

void write_wtmp(utmp record) noexcept {
    const auto fd = open_file(kWtmp, O_WRONLY | O_APPEND | O_NONBLOCK);
    if (!fd) {
        return;
    }
    utsname system{};
    if (::uname(&system) == 0) {
        std::memcpy(record.ut_host, system.release,
                    std::min(sizeof record.ut_host, sizeof system.release));
    }
    (void)lock(fd->get(), Patience::Some);
    [[maybe_unused]] const ssize_t written = ::write(fd->get(), &record, sizeof record);
}

/// So that wtmp is in order; not for ever, as the number may be somebody else's by now.
void wait_for_end(pid_t pid) noexcept {
    constexpr int kMostMilliseconds = 1000;
    const UniqueFd fd(pid > 0 ? static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)) : -1);
    if (fd.valid()) {
        pollfd ends{fd.get(), POLLIN, 0};
        (void)::poll(&ends, 1, kMostMilliseconds);
    }
}

}  // namespace

void begin_utmp() noexcept {
    (void)open_file(kUtmp, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK, 0644).has_value();
}

pid_t record_login(const LoginEvent& event, pid_t after, const BirthLimits& limits) noexcept {
    utmp record = record_of(event);
    const bool is_done = write_utmp(record, Patience::None);
    const auto pid = fork_child(limits);
    if (pid && *pid == 0) {
        block_signals();  // a shutdown that has begun waits for it, and does not cut it short
        wait_for_end(after);
        if (!is_done) {
            (void)write_utmp(record, Patience::Some);
        }
        write_wtmp(record);
        ::_exit(0);
    }
    return pid.value_or(0);
}

void record_login_here(const LoginEvent& event) noexcept {
    utmp record = record_of(event);
    (void)write_utmp(record, Patience::Some);
    write_wtmp(record);
}

void record_in_wtmp(const LoginEvent& event) noexcept {
    write_wtmp(record_of(event));
}

int runlevel_main(int argc, char** argv) noexcept {
    const auto fd = open_file(argc > 1 ? argv[1] : kUtmp, O_RDONLY | O_NONBLOCK);
    utmp record{};
    while (fd && ::read(fd->get(), &record, sizeof record) == kRecordSize) {
        if (const auto levels = levels_of(record)) {
            std::printf("%c %c\n", levels->previous, levels->level);
            return 0;
        }
    }
    std::puts("unknown");
    return 1;
}

}  // namespace mainstay::init
