#include "supervisor/runsv/title_log.h"

#include <algorithm>

namespace mainstay::supervisor::runsv {
namespace {

constexpr std::size_t kLabel = 5;

}  // namespace

TitleLog::TitleLog(std::span<char> word) noexcept : room_(word.subspan(kLabel)) {}

void TitleLog::add(std::string_view text) noexcept {
    text = text.substr(text.size() - std::min(text.size(), room_.size()));
    const auto kept = room_.subspan(text.size());
    std::copy(kept.begin(), kept.end(), room_.begin());
    std::copy(text.begin(), text.end(), room_.end() - static_cast<std::ptrdiff_t>(text.size()));
}

}  // namespace mainstay::supervisor::runsv
