#include "supervisor/svlog/arena_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>

namespace mainstay::svlog {
namespace {

constexpr std::size_t kSize = Arena::size_of(kArenaShape);

}  // namespace

Result<UniqueFd> make_arena_memory() {
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

Result<ArenaMapping> ArenaMapping::map(int fd) {
    struct stat info {};
    if (::fstat(fd, &info) < 0) {
        return last_error("fstat");
    }
    if (static_cast<std::size_t>(info.st_size) < kSize) {
        return Error{"map", EINVAL};
    }
    void* memory = ::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) {
        return last_error("mmap");
    }
    return ArenaMapping(static_cast<std::byte*>(memory));
}

ArenaMapping::~ArenaMapping() {
    if (memory_ != nullptr) {
        ::munmap(memory_, kSize);
    }
}

}  // namespace mainstay::svlog
