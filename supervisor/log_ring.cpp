#include "supervisor/log_ring.h"

#include <algorithm>
#include <cstring>

namespace mainstay::supervisor {
namespace {

constexpr std::size_t kSmallestRing = 1024;

}  // namespace

void LogRing::append(std::string_view text) noexcept {
    total_ += text.size();
    if (text.size() > capacity()) {
        text.remove_prefix(text.size() - capacity());
    }
    if (text.empty()) {
        return;
    }
    const std::size_t overwritten =
        size_ + text.size() > capacity() ? size_ + text.size() - capacity() : 0;
    start_ = (start_ + overwritten) % capacity();
    size_ -= overwritten;
    const std::size_t end = (start_ + size_) % capacity();
    const std::size_t first = std::min(text.size(), capacity() - end);
    std::memcpy(bytes_.data() + end, text.data(), first);
    std::memcpy(bytes_.data(), text.data() + first, text.size() - first);
    size_ += text.size();
}

std::string LogRing::content() const {
    std::string text;
    text.reserve(size_);
    const std::size_t first = std::min(size_, capacity() - start_);
    text.append(bytes_.data() + start_, first);
    text.append(bytes_.data(), size_ - first);
    return text;
}

void LogRing::set_capacity(std::size_t capacity) {
    const std::string kept = content();
    const std::uint64_t total = total_;
    bytes_.assign(capacity, '\0');
    bytes_.shrink_to_fit();
    start_ = 0;
    size_ = 0;
    append(kept);
    total_ = total;
}

std::vector<std::string> LogRing::last_lines(std::size_t count) const {
    const std::string text = content();
    std::vector<std::string> lines;
    std::string_view rest = text;
    if (!rest.empty() && rest.back() == '\n') {
        rest.remove_suffix(1);
    }
    while (lines.size() < count && !rest.empty()) {
        const std::size_t newline = rest.rfind('\n');
        const bool is_first = newline == std::string_view::npos;
        const bool lost_its_beginning = is_first && total_ > size_;
        if (!lost_its_beginning || lines.empty()) {
            lines.emplace_back(is_first ? rest : rest.substr(newline + 1));
        }
        rest = is_first ? std::string_view() : rest.substr(0, newline);
    }
    std::reverse(lines.begin(), lines.end());
    return lines;
}

void LogStore::append(Key key, std::string_view text) {
    LogRing& ring = rings_[key];
    const std::size_t wanted = std::min(ring.size() + text.size(), limits_.per_ring);
    if (wanted > ring.capacity()) {
        grow(ring, wanted);
    }
    ring.append(text);
}

void LogStore::grow(LogRing& ring, std::size_t wanted) {
    std::size_t capacity = std::max(ring.capacity(), kSmallestRing);
    while (capacity < wanted) {
        capacity *= 2;
    }
    capacity = std::min({capacity, limits_.per_ring, limits_.in_all});
    const std::size_t fair_share = limits_.in_all / rings_.size();
    while (allocated_ - ring.capacity() + capacity > limits_.in_all) {
        if (capacity / 2 >= kSmallestRing && capacity > fair_share) {
            capacity /= 2;
        } else {
            shrink_largest();
            if (ring.capacity() >= capacity) {
                return;
            }
        }
    }
    if (capacity <= ring.capacity()) {
        return;
    }
    allocated_ += capacity - ring.capacity();
    ring.set_capacity(capacity);
}

void LogStore::shrink_largest() {
    const auto largest = std::max_element(
        rings_.begin(), rings_.end(),
        [](const auto& a, const auto& b) { return a.second.capacity() < b.second.capacity(); });
    LogRing& ring = largest->second;
    const std::size_t smaller = ring.capacity() / 2;
    allocated_ -= ring.capacity() - smaller;
    ring.set_capacity(smaller);
}

void LogStore::forget(Key key) {
    const auto found = rings_.find(key);
    if (found != rings_.end()) {
        allocated_ -= found->second.capacity();
        rings_.erase(found);
    }
}

std::vector<std::string> LogStore::last_lines(Key key, std::size_t count) const {
    const auto found = rings_.find(key);
    return found == rings_.end() ? std::vector<std::string>() : found->second.last_lines(count);
}

}  // namespace mainstay::supervisor
