#include "supervisor/svlog/intake.h"

#include <fcntl.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>

#include "common/error.h"
#include "supervisor/svlog/link_message.h"

namespace mainstay::svlog {
namespace {

/// More than any stage holds: a note of more makes no sense.
constexpr std::uint64_t kMostStaged = std::uint64_t{1024} * 1024;

/// Publishes what has reached its place. @returns how much is still in the stage
std::size_t finish_what_was_begun(Arena arena, int stage) noexcept {
    int waiting = 0;
    const bool is_known = ::ioctl(stage, FIONREAD, &waiting) == 0;
    const std::uint64_t left = is_known && waiting > 0 ? static_cast<std::uint64_t>(waiting) : 0;
    StageMark& mark = arena.header().staged;
    if (load(mark.slot) >= arena.shape().slots) {
        store(mark.slot, kOwnSlot);
        store(mark.target, std::uint64_t{0});
    }
    ArenaSlot& slot = arena.slot(load(mark.slot));
    const std::uint64_t end = load(slot.end);
    const std::uint64_t target = load(mark.target);
    if (target > end + left && target - end <= kMostStaged) {
        store(slot.end, target - left);
    }
    return left;
}

}  // namespace

Intake::Intake(Arena arena, const Pipe& stage)
    : arena_(arena),
      stage_(stage),
      staged_(finish_what_was_begun(arena, stage.read_end.get())),
      writer_(arena) {
    empty_stage(0);
}

Intake::Taken Intake::take(std::uint32_t slot, int pipe, std::size_t most, std::uint64_t from) {
    if (staged_ > 0 && !empty_stage(from)) {
        return {0, PipeState::Refused};
    }
    StageMark& mark = arena_.header().staged;
    store(mark.target, std::uint64_t{0});
    store(mark.slot, slot);
    const ssize_t count = ::splice(pipe, nullptr, stage_.write_end.get(), nullptr, most,
                                   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (count < 0 && may_pass(errno)) {
        const bool is_later = errno == EAGAIN || errno == EINTR;
        return {0, is_later ? PipeState::Open : PipeState::Refused};
    }
    if (count <= 0) {
        return {0, PipeState::Ended};
    }
    staged_ = static_cast<std::size_t>(count);
    const auto size = staged_;
    return empty_stage(from) ? Taken{size, PipeState::Open}
                             : Taken{size - staged_, PipeState::Refused};
}

/// @returns false where the kernel has no memory for it now
bool Intake::empty_stage(std::uint64_t from) {
    StageMark& mark = arena_.header().staged;
    const std::uint32_t slot = load(mark.slot);
    store(mark.target, load(arena_.slot(slot).end) + staged_);
    while (staged_ > 0) {
        parts_.clear();
        for (const ArenaWriter::Room& room : writer_.reserve(slot, staged_, from)) {
            parts_.push_back({room.data, room.size});
        }
        const ssize_t count =
            ::readv(stage_.read_end.get(), parts_.data(), static_cast<int>(parts_.size()));
        writer_.commit(slot, count > 0 ? static_cast<std::size_t>(count) : 0);
        if (count <= 0) {
            return false;
        }
        staged_ -= static_cast<std::size_t>(count);
    }
    return true;
}

}  // namespace mainstay::svlog
