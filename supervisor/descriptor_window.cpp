#include "supervisor/descriptor_window.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

namespace mainstay::supervisor {
namespace {

/// As many births as may wait for their first instruction at a time.
constexpr std::size_t kMostBlocks = 32;
/// Of our limit of descriptors, the part that is taken.
constexpr rlim_t kPart = 16;

/// From Linux 5.9 on. This closes nothing: there is no such descriptor.
bool has_close_range() noexcept {
    return ::syscall(SYS_close_range, ~0U, ~0U, 0) == 0;
}

std::size_t count_of_blocks() noexcept {
    rlimit limit{};
    if (!has_close_range() || ::getrlimit(RLIMIT_NOFILE, &limit) < 0) {
        return 0;
    }
    return std::min<rlim_t>(kMostBlocks, limit.rlim_cur / kPart / DescriptorWindow::kRoom);
}

}  // namespace

DescriptorWindow::DescriptorWindow(int null) : null_(null) {
    const std::size_t wanted = count_of_blocks() * kRoom;
    int next = null + 1;
    while (places_.size() < wanted) {
        // The lowest free number is given, so this ends where our limit is.
        UniqueFd place(::fcntl(null, F_DUPFD_CLOEXEC, next));
        if (!place.valid()) {
            places_.clear();
            return;
        }
        if (place.get() != next) {
            places_.clear();
        }
        next = place.get() + 1;
        places_.push_back(std::move(place));
    }
    blocks_.resize(wanted / kRoom);
}

int DescriptorWindow::first() const noexcept {
    return places_.empty() ? -1 : places_.front().get();
}

int DescriptorWindow::end() const noexcept {
    return places_.empty() ? -1 : places_.back().get() + 1;
}

DescriptorWindow::Block& DescriptorWindow::at(int block) noexcept {
    return blocks_[static_cast<std::size_t>(block - first()) / kRoom];
}

int DescriptorWindow::take() noexcept {
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
        if (!blocks_[i].is_taken) {
            blocks_[i].is_taken = true;
            return places_[i * kRoom].get();
        }
    }
    return kNoBlock;
}

int DescriptorWindow::put(int block, std::size_t index, int fd) noexcept {
    Block& taken = at(block);
    taken.used = std::max(taken.used, index + 1);
    return ::dup3(fd, block + static_cast<int>(index), O_CLOEXEC);
}

void DescriptorWindow::give_back(int block) noexcept {
    Block& taken = at(block);
    for (std::size_t i = 0; i < taken.used; ++i) {
        // Onto a number that is open: there is nothing that it could lack.
        static_cast<void>(::dup3(null_, block + static_cast<int>(i), O_CLOEXEC));
    }
    taken = Block();
}

}  // namespace mainstay::supervisor
