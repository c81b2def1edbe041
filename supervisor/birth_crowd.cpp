#include "supervisor/birth_crowd.h"

namespace mainstay::supervisor {

std::uint32_t BirthCrowd::begin() {
    ++count_;
    if (is_full() && timer_ == kNoTimer) {
        moves_ = false;
        timer_ = clock_.call_after(kPatience, [this] { look(); });
    }
    return round_;
}

void BirthCrowd::end(std::uint32_t birth) {
    if (birth != round_) {
        return;
    }
    const bool was_full = is_full();
    --count_;
    moves_ = true;
    if (was_full && !is_full()) {
        has_room_();
    }
}

void BirthCrowd::look() {
    timer_ = kNoTimer;
    if (!is_full()) {
        return;
    }
    if (moves_) {
        moves_ = false;
        timer_ = clock_.call_after(kPatience, [this] { look(); });
        return;
    }
    ++round_;
    count_ = 0;
    has_room_();
}

}  // namespace mainstay::supervisor
