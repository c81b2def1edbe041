#include "init/state_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <new>

namespace mainstay::init {
namespace {

constexpr std::size_t kImageSize = kTableOffset + 2 * sizeof(TableArea);
static_assert(sizeof(FaultRecord) <= kFaultRecordSize);
static_assert(kTableOffset % alignof(TableArea) == 0 && sizeof(TableArea) % 8 == 0);

}  // namespace

Result<StateMemory> StateMemory::create() noexcept {
    StateMemory made;
    made.fd_.reset(::memfd_create("init-state", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (made.fd_.valid() && ::ftruncate(made.fd_.get(), kImageSize) == 0) {
        auto shared = MappedMemory::shared(made.fd_.get(), kImageSize);
        if (shared) {
            made.memory_ = std::move(*shared);
            made.missing_ = 0;
            return made;
        }
    }
    made.missing_ = errno;
    made.fd_.reset();
    TRY(made.memory_, MappedMemory::anonymous(kImageSize));
    return made;
}

FaultRecord& StateMemory::faults() noexcept {
    return *std::launder(static_cast<FaultRecord*>(memory_.data()));
}

std::span<std::byte> StateMemory::slots() noexcept {
    return {static_cast<std::byte*>(memory_.data()) + kBlockOffset, 2 * kBlockSlotSize};
}

TableArea& StateMemory::table(int number) noexcept {
    std::byte* const tables = static_cast<std::byte*>(memory_.data()) + kTableOffset;
    return std::launder(reinterpret_cast<TableArea*>(tables))[number];
}

std::uint64_t StateMemory::offset_of(const void* address) const noexcept {
    return static_cast<std::uint64_t>(static_cast<const char*>(address) - memory_.text().data());
}

Result<PriorImage> PriorImage::open(int fd) noexcept {
    // Only memory has seals: a number that came from elsewhere, as from the kernel's command line,
    // is none of ours.
    if (fd <= 2 || ::fcntl(fd, F_GET_SEALS) < 0) {
        return last_error("state");
    }
    TRY(auto memory, MappedMemory::whole(fd));
    if (memory.text().size() < kTableOffset) {
        return Error{"state", EINVAL};
    }
    PriorImage image;
    image.fd_.reset(fd);
    image.memory_ = std::move(memory);
    return image;
}

FaultRecord PriorImage::faults() const noexcept {
    FaultRecord record;
    std::memcpy(&record, bytes().data(), sizeof record);
    return record;
}

}  // namespace mainstay::init
