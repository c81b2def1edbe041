#include "common/frame.h"

namespace mainstay {

void LineSplitter::feed(std::string_view bytes) {
    if (too_long_) {
        return;
    }
    buffer_.erase(0, start_);
    scanned_ -= start_;
    start_ = 0;
    buffer_.append(bytes);
}

std::optional<std::string_view> LineSplitter::next() noexcept {
    if (too_long_) {
        return std::nullopt;
    }
    const std::size_t newline = buffer_.find('\n', scanned_);
    const std::size_t end = newline == std::string::npos ? buffer_.size() : newline;
    if (end - start_ > max_line_) {
        too_long_ = true;
        buffer_ = std::string();
        start_ = 0;
        return std::nullopt;
    }
    if (newline == std::string::npos) {
        scanned_ = end;
        return std::nullopt;
    }
    const std::string_view line(buffer_.data() + start_, end - start_);
    start_ = newline + 1;
    scanned_ = start_;
    return line;
}

}  // namespace mainstay
