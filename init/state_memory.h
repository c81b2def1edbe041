/// The memfd in which PID 1 keeps what it must not forget (pid1_block.h says what and in which
/// form). A program that goes on with it reads the image of the one before and makes one of its
/// own: so neither has to write in the other's layout.
#pragma once

#include <cerrno>
#include <cstddef>
#include <span>

#include "common/unique_fd.h"
#include "init/fault_record.h"
#include "init/inittab.h"
#include "init/mapped_memory.h"
#include "init/pid1_block.h"

namespace mainstay::init {

/// A full table of lines of full length, and as much again for comments.
inline constexpr std::size_t kMaxInittabText = 2 * kMaxInittabEntries * (kMaxInittabLine + 1);

/// One inittab: its text as it was read, and the process of each of its entries.
struct TableArea {
    char text[kMaxInittabText];
    EntryRecordPair records[kMaxInittabEntries];
};

class StateMemory {
  public:
    /// Reserves the image; only pages that are written cost anything. Where the kernel has no
    /// memfd, it is memory that ends with the program: fd() is then -1.
    static Result<StateMemory> create() noexcept;

    int fd() const noexcept { return fd_.get(); }
    /// Why it ends with the program: an errno; 0 where it does not.
    int missing() const noexcept { return missing_; }
    FaultRecord& faults() noexcept;
    std::span<std::byte> slots() noexcept;
    TableArea& table(int number) noexcept;

    /// Of @p address in the image.
    std::uint64_t offset_of(const void* address) const noexcept;

  private:
    UniqueFd fd_;
    int missing_ = ENOMEM;  ///< until it is made
    MappedMemory memory_;
};

/// The image of the program before, for reading.
class PriorImage {
  public:
    /// @param fd an open descriptor, or any number; is owned if it is an image
    static Result<PriorImage> open(int fd) noexcept;

    std::span<const std::byte> bytes() const noexcept {
        return std::as_bytes(std::span(memory_.text().data(), memory_.text().size()));
    }
    FaultRecord faults() const noexcept;

  private:
    UniqueFd fd_;
    MappedMemory memory_;
};

}  // namespace mainstay::init
