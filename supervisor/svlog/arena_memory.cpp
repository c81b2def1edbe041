#include "supervisor/svlog/arena_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace mainstay::svlog {
namespace {

constexpr std::size_t kSize = Arena::size_of(kArenaShape);
/// More than a pipe holds by default: fewer turns for a flood. Where it is refused it works, too.
constexpr int kStageSize = 256 * 1024;

Result<UniqueFd> make_memory() {
    UniqueFd fd(::memfd_create("mainstay-log", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd.valid()) {
        return last_error("memfd_create");
    }
    if (::ftruncate(fd.get(), static_cast<off_t>(kSize)) < 0) {
        return last_error("ftruncate");
    }
    if (::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0) {
        return last_error("seal");
    }
    return fd;
}

struct flock whole_file(short type) noexcept {
    struct flock lock {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    return lock;
}

}  // namespace

Result<ArenaDescriptors> make_arena() {
    TRY(UniqueFd memory, make_memory());
    TRY(Pipe stage, make_pipe(O_NONBLOCK));
    ::fcntl(stage.read_end.get(), F_SETPIPE_SZ, kStageSize);
    const std::uint32_t layout = kArenaLayout;
    static_assert(offsetof(ArenaHeader, layout) == 0);
    if (::pwrite(memory.get(), &layout, sizeof layout, 0) != sizeof layout) {
        return last_error("write");
    }
    return ArenaDescriptors{std::move(memory), std::move(stage)};
}

Result<ArenaDescriptors> place(ArenaDescriptors descriptors) {
    const std::array all = {&descriptors.memory, &descriptors.stage.read_end,
                            &descriptors.stage.write_end};
    for (std::size_t i = 0; i < all.size(); ++i) {
        UniqueFd moved(::dup3(all[i]->get(), kArenaDescriptors[i], O_CLOEXEC));
        if (!moved.valid()) {
            return last_error("dup3");
        }
        *all[i] = std::move(moved);
    }
    return descriptors;
}

Result<ArenaMapping> ArenaMapping::map(int fd) {
    struct stat info {};
    if (::fstat(fd, &info) < 0) {
        return last_error("fstat");
    }
    const int seals = ::fcntl(fd, F_GET_SEALS);
    if (static_cast<std::size_t>(info.st_size) < kSize || (seals & F_SEAL_SHRINK) == 0) {
        return Error{"map", EINVAL};
    }
    void* memory = ::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) {
        return last_error("mmap");
    }
    ArenaMapping mapping(static_cast<std::byte*>(memory));
    if (load(mapping.arena().header().layout) != kArenaLayout) {
        return Error{"map", EPROTO};
    }
    return mapping;
}

ArenaMapping::~ArenaMapping() {
    if (memory_ != nullptr) {
        ::munmap(memory_, kSize);
    }
}

// --- who may write ----------------------------------------------------------------------------

Result<void> become_writer(int fd) {
    struct flock lock = whole_file(F_WRLCK);
    if (::fcntl(fd, F_SETLK, &lock) < 0) {
        return errno == EACCES ? Result<void>(Error{"lock", EAGAIN})
                               : Result<void>(last_error("lock"));
    }
    return {};
}

void give_up_writing(int fd) noexcept {
    struct flock lock = whole_file(F_UNLCK);
    ::fcntl(fd, F_SETLK, &lock);
}

std::optional<pid_t> writer_of(int fd) noexcept {
    struct flock lock = whole_file(F_WRLCK);
    if (::fcntl(fd, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK) {
        return std::nullopt;
    }
    return lock.l_pid > 0 ? lock.l_pid : 0;
}

}  // namespace mainstay::svlog
