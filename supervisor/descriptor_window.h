/// A range of low descriptors that are kept for births. A child that shares our table at first
/// (CLONE_FILES) then has all that it needs in one small block, and takes a copy of what is below
/// the end of that block only: what a birth costs does not grow with the number of services.
///
/// A block is the child's until it has left our table; see SharedTable in child_exec.h.
#pragma once

#include <vector>

#include "common/unique_fd.h"

namespace mainstay::supervisor {

class DescriptorWindow {
  public:
    /// How many descriptors fit into a block.
    static constexpr std::size_t kRoom = 4;
    static constexpr int kNoBlock = -1;

    /// @param null what lies where nothing else does; borrowed, below the window. Where our limit
    ///   is small there are few blocks; where the kernel has no close_range(2), none.
    explicit DescriptorWindow(int null);

    /// The numbers that belong to it; -1 where there are none.
    int first() const noexcept;
    int end() const noexcept;

    /// @returns the first number of a block, the lowest that is free; kNoBlock: all are in use
    int take() noexcept;

    /// Duplicates @p fd to the place @p index of a taken block.
    /// @returns its number there, or -1
    int put(int block, std::size_t index, int fd) noexcept;

    /// Closes what was put there.
    void give_back(int block) noexcept;

  private:
    struct Block {
        bool is_taken = false;
        std::size_t used = 0;  ///< places from the first on
    };
    Block& at(int block) noexcept;

    int null_;
    std::vector<UniqueFd> places_;  ///< without gaps
    std::vector<Block> blocks_;
};

}  // namespace mainstay::supervisor
