#include "supervisor/svlogd/line_reader.h"

#include <algorithm>

namespace mainstay::svlogd {
namespace {

constexpr char kFirstPrintable = 32;
constexpr char kLastPrintable = 126;

char replaced(char c, const Replacement& replacement) noexcept {
    const bool is_odd = c < kFirstPrintable || c > kLastPrintable ||
                        replacement.further.find(c) != std::string_view::npos;
    return is_odd ? replacement.substitute : c;
}

}  // namespace

void LineReader::begin() {
    if (!has_begun_) {
        has_begun_ = true;
        listener_.line_begins();
    }
}

void LineReader::take(std::string_view bytes) {
    while (!bytes.empty()) {
        begin();
        bytes.remove_prefix(is_cut_ ? take_rest(bytes) : take_head(bytes));
    }
}

/// @returns how much of it was taken
std::size_t LineReader::take_rest(std::string_view bytes) {
    const std::size_t size = std::min(bytes.find('\n'), bytes.size());
    if (size > 0) {
        listener_.line_goes_on(bytes.substr(0, size));
    }
    if (size == bytes.size()) {
        return size;
    }
    is_cut_ = has_begun_ = false;
    listener_.line_ends();
    return size + 1;
}

std::size_t LineReader::take_head(std::string_view bytes) {
    const std::size_t room = line_max_ - line_.size();
    const std::size_t end = bytes.find('\n');
    const std::size_t size = std::min({end, bytes.size(), room});
    line_.append(bytes.substr(0, size));
    const bool is_ended = end == size && size < room;
    is_cut_ = line_.size() == line_max_;
    if (!is_ended && !is_cut_) {
        return size;
    }
    if (replacement_.substitute != 0) {
        std::transform(line_.begin(), line_.end(), line_.begin(),
                       [this](char c) { return replaced(c, replacement_); });
    }
    listener_.line_is(line_, is_cut_);
    line_.clear();
    if (!is_ended) {
        return size;
    }
    has_begun_ = false;
    listener_.line_ends();
    return size + 1;
}

void LineReader::end() {
    if (has_begun_) {
        take("\n");
    }
}

}  // namespace mainstay::svlogd
