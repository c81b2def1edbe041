#include "supervisor/refusal_log.h"

#include <algorithm>

namespace mainstay::supervisor {

bool RefusalLog::should_say(std::int32_t pid, Complaint complaint, MonotonicTime now) noexcept {
    const Said about{pid, complaint};
    if (std::find(said_.begin(), said_.end(), about) != said_.end()) {
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
    said_[next_++ % said_.size()] = about;
    return true;
}

}  // namespace mainstay::supervisor
