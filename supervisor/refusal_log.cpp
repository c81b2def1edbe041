#include "supervisor/refusal_log.h"

#include <algorithm>

namespace mainstay::supervisor {

bool RefusalLog::should_say(std::int32_t pid, MonotonicTime now) noexcept {
    if (std::find(said_.begin(), said_.end(), pid) != said_.end()) {
        return false;
    }
    if (lines_ == 0 || now - minute_began_ >= std::chrono::minutes(1)) {
        minute_began_ = now;
        lines_ = 0;
    }
    if (lines_ >= kLinesAMinute) {
        return false;
    }
    ++lines_;
    said_[next_++ % said_.size()] = pid;
    return true;
}

}  // namespace mainstay::supervisor
