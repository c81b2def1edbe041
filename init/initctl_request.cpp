#include "init/initctl_request.h"

#include <algorithm>
#include <cstring>

namespace mainstay::init {
namespace {

/// Where the magic number stands in @p bytes at or after @p from; their size where it does not.
std::size_t find_magic(std::span<const std::byte> bytes, std::size_t from) noexcept {
    std::array<std::byte, sizeof kInitctlMagic> magic;
    std::memcpy(magic.data(), &kInitctlMagic, magic.size());
    const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(std::min(from, bytes.size()));
    const auto found = std::search(begin, bytes.end(), magic.begin(), magic.end());
    return static_cast<std::size_t>(found - bytes.begin());
}

}  // namespace

void InitctlReader::skip_to(std::size_t offset) noexcept {
    skipped_ += offset;
    rest_ = rest_.subspan(offset);
}

std::optional<InitctlRequest> InitctlReader::next() noexcept {
    while (true) {
        skip_to(find_magic(rest_, 0));
        if (rest_.size() < kInitctlRequestSize) {
            skip_to(rest_.size());
            return std::nullopt;
        }
        // The number does not occur in a request: where it comes again too early the first one was
        // cut off, and what follows is the next writer's.
        const std::size_t reach = kInitctlRequestSize + sizeof kInitctlMagic - 1;
        const auto begin = rest_.first(std::min(reach, rest_.size()));
        const std::size_t again = find_magic(begin, sizeof kInitctlMagic);
        if (again < kInitctlRequestSize) {
            skip_to(again);
            continue;
        }
        InitctlRequest request;
        std::memcpy(&request, rest_.data(), sizeof request);
        rest_ = rest_.subspan(kInitctlRequestSize);
        return request;
    }
}

}  // namespace mainstay::init
