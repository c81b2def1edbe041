/// Memory straight from the kernel, for PID 1, which has no heap: anonymous zeroed pages (only
/// those that are touched cost anything) and files mapped for reading or to be shared.
#pragma once

#include <sys/mman.h>
#include <sys/stat.h>

#include <cstddef>
#include <string_view>
#include <utility>

#include <fcntl.h>

#include "common/fd_io.h"
#include "common/result.h"

namespace mainstay::init {

class MappedMemory {
  public:
    MappedMemory() noexcept = default;
    MappedMemory(MappedMemory&& other) noexcept
        : start_(std::exchange(other.start_, nullptr)), size_(std::exchange(other.size_, 0)) {}
    MappedMemory& operator=(MappedMemory&& other) noexcept {
        std::swap(start_, other.start_);
        std::swap(size_, other.size_);
        return *this;
    }
    MappedMemory(const MappedMemory&) = delete;
    MappedMemory& operator=(const MappedMemory&) = delete;
    ~MappedMemory() {
        if (start_ != nullptr) {
            ::munmap(start_, size_);
        }
    }

    /// Zeroed pages, reserved but not committed.
    static Result<MappedMemory> anonymous(std::size_t size) noexcept {
        return map(size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
    }

    /// The first @p size bytes of a memfd, shared with whoever else maps it.
    static Result<MappedMemory> shared(int fd, std::size_t size) noexcept {
        return map(size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd);
    }

    /// A regular file, for reading. An empty one gives an empty text.
    static Result<MappedMemory> file(const char* path) noexcept {
        TRY(const UniqueFd fd, open_file(path, O_RDONLY | O_NONBLOCK));
        return whole(fd.get());
    }

    /// All of an open file, for reading.
    static Result<MappedMemory> whole(int fd) noexcept {
        struct stat info {};
        if (::fstat(fd, &info) != 0) {
            return last_error("stat");
        }
        if (info.st_size == 0) {
            return MappedMemory();
        }
        return map(static_cast<std::size_t>(info.st_size), PROT_READ, MAP_PRIVATE, fd);
    }

    void* data() noexcept { return start_; }
    std::string_view text() const noexcept { return {static_cast<const char*>(start_), size_}; }

  private:
    static Result<MappedMemory> map(std::size_t size, int protection, int flags, int fd) noexcept {
        MappedMemory memory;
        void* start = ::mmap(nullptr, size, protection, flags, fd, 0);
        if (start == MAP_FAILED) {
            return last_error("mmap");
        }
        memory.start_ = start;
        memory.size_ = size;
        return memory;
    }

    void* start_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace mainstay::init
