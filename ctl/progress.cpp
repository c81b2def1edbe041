#include "ctl/progress.h"

#include <utility>

#include "ctl/format_stream.h"

namespace mainstay::ctl {
namespace {

using std::chrono::milliseconds;

/// What is quick is not worth a line that comes and goes.
constexpr milliseconds kFirst{500};
constexpr milliseconds kInterval{1000};

}  // namespace

bool Progress::is_wanted() const noexcept {
    return output_.error_style().width != kNoWidthLimit && output_.can_rewrite_lines();
}

std::optional<milliseconds> Progress::interval() const noexcept {
    if (!shown_) {
        return std::nullopt;
    }
    return is_visible_ ? kInterval : kFirst;
}

void Progress::update(protocol::ProgressReply progress) {
    shown_ = std::move(progress);
    since_ = monotonic_now();
    if (is_visible_) {
        tick();
    }
}

void Progress::tick() {
    if (shown_ && is_wanted()) {
        const auto passed = std::chrono::duration_cast<milliseconds>(monotonic_now() - since_);
        output_.complain("\r\x1b[K" + progress_text(*shown_, passed, output_.error_style()));
        is_visible_ = true;
    }
}

void Progress::hide() {
    if (std::exchange(is_visible_, false)) {
        output_.complain("\r\x1b[K");
    }
}

}  // namespace mainstay::ctl
