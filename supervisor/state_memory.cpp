#include "supervisor/state_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "common/fd_io.h"
#include "common/state_table_writer.h"
#include "supervisor/file_lock.h"

namespace mainstay::supervisor {
namespace {

constexpr mode_t kMode = 0600;

}  // namespace

std::string boot_id() {
    std::array<char, 64> buffer;
    const auto text = read_file("/proc/sys/kernel/random/boot_id", buffer);
    return text ? std::string(text->substr(0, text->find('\n'))) : std::string();
}

StateMemory::StateMemory(StateMemory&& other) noexcept
    : fd_(std::move(other.fd_)),
      start_(std::exchange(other.start_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

StateMemory& StateMemory::operator=(StateMemory&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(start_, other.start_);
    std::swap(size_, other.size_);
    return *this;
}

StateMemory::~StateMemory() {
    if (start_ != nullptr) {
        ::munmap(start_, size_);
    }
}

Result<StateMemory> StateMemory::map(UniqueFd fd, std::size_t size) {
    void* start = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
    if (start == MAP_FAILED) {
        return last_error("mmap");
    }
    StateMemory memory;
    memory.fd_ = std::move(fd);
    memory.start_ = static_cast<std::byte*>(start);
    memory.size_ = size;
    return memory;
}

Result<StateMemory> StateMemory::make() {
    UniqueFd fd(::memfd_create("mainstay-state", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd.valid()) {
        return last_error("memfd_create");
    }
    if (::ftruncate(fd.get(), static_cast<off_t>(state_table::own_size())) < 0) {
        return last_error("ftruncate");
    }
    if (::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0) {
        return last_error("fcntl");
    }
    TRY(StateMemory memory, map(std::move(fd), state_table::own_size()));
    TRY_VOID(memory.format());
    return memory;
}

Result<StateMemory> StateMemory::open(UniqueFd fd) {
    struct stat info {};
    const int seals = ::fcntl(fd.get(), F_GET_SEALS);
    if (seals < 0 || ::fstat(fd.get(), &info) < 0) {
        return last_error("fcntl");
    }
    if ((seals & F_SEAL_SHRINK) == 0 || info.st_size <= 0) {
        return Error{"open", EINVAL};
    }
    return map(std::move(fd), static_cast<std::size_t>(info.st_size));
}

Result<StateMemory> StateMemory::open_file_at(const std::string& path) {
    TRY(UniqueFd fd, open_file(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW, kMode));
    struct stat info {};
    if (::fstat(fd.get(), &info) < 0) {
        return last_error("stat");
    }
    if (!S_ISREG(info.st_mode) || info.st_uid != ::geteuid()) {
        return Error{"open", EPERM};
    }
    // One that a dead supervisor leaves for longer than that does no harm: nobody writes for it.
    const LockAttempt attempt = lock_after_the_dead(fd.get());
    const bool is_dead_ones = attempt.state == LockAttempt::State::Fading && attempt.holder != 0;
    if (attempt.state != LockAttempt::State::Ours && !is_dead_ones) {
        return Error{"flock", attempt.code != 0 ? attempt.code : EWOULDBLOCK};
    }
    const auto size = static_cast<off_t>(state_table::own_size());
    if (info.st_size < size && ::ftruncate(fd.get(), size) < 0) {
        return last_error("ftruncate");
    }
    const auto mapped = static_cast<std::size_t>(std::max(info.st_size, size));
    return map(std::move(fd), mapped);
}

Result<void> StateMemory::format() {
    // What was written goes, and its pages with it.
    if (::fallocate(fd_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
                    static_cast<off_t>(size_)) < 0) {
        return last_error("fallocate");
    }
    state_table::Writer<>(bytes(), state_table::own_geometry()).format(boot_id());
    return {};
}

}  // namespace mainstay::supervisor
