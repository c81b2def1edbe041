#include "common/program_memory.h"

#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U  // Linux 6.3
#endif

namespace mainstay {
namespace {

constexpr off_t kLargest = off_t{64} * 1024 * 1024;
constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

/// @returns not 0: the program itself comes first, and no library matters
int touch_pages_of(dl_phdr_info* program, std::size_t /*size*/, void* /*nothing*/) noexcept {
    constexpr std::size_t kPage = 4096;
    for (std::size_t i = 0; i < program->dlpi_phnum; ++i) {
        const auto& part = program->dlpi_phdr[i];
        if (part.p_type != PT_LOAD) {
            continue;
        }
        const std::uintptr_t address = program->dlpi_addr + part.p_vaddr;
        // NOLINTNEXTLINE(performance-no-int-to-ptr): as the ABI has it
        const auto* const start = reinterpret_cast<const volatile char*>(address);
        for (std::size_t offset = 0; offset < part.p_memsz; offset += kPage) {
            (void)start[offset];
        }
    }
    return 1;
}

}  // namespace

Result<UniqueFd> make_program_memory(const char* name) noexcept {
    constexpr unsigned kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    UniqueFd memory(::memfd_create(name, kFlags | MFD_EXEC));
    if (!memory.valid() && errno == EINVAL) {
        memory.reset(::memfd_create(name, kFlags));
    }
    if (!memory.valid()) {
        return last_error("memfd_create");
    }
    return memory;
}

Result<void> copy_program(int from, int memory) noexcept {
    struct stat info {};
    if (::fstat(from, &info) != 0) {
        return last_error("stat");
    }
    if (!S_ISREG(info.st_mode)) {
        return Error{"copy", EINVAL};
    }
    if (info.st_size > kLargest) {
        return Error{"copy", EFBIG};
    }
    for (off_t offset = 0; offset < info.st_size;) {
        const ssize_t count =
            ::sendfile(memory, from, &offset, static_cast<std::size_t>(info.st_size - offset));
        if (count < 0 && errno != EINTR) {
            return last_error("copy");
        }
        if (count == 0) {
            return Error{"copy", EIO};  // the file became shorter
        }
    }
    if (::fcntl(memory, F_ADD_SEALS, kSeals) != 0) {
        return last_error("seal");
    }
    return {};
}

bool is_whole_program(int memory) noexcept {
    return ::fcntl(memory, F_GET_SEALS) == kSeals;
}

void touch_every_page() noexcept {
    (void)::dl_iterate_phdr(touch_pages_of, nullptr);
}

}  // namespace mainstay
