#include "supervisor/process_words.h"

#include <algorithm>
#include <array>

namespace mainstay::supervisor {

std::optional<std::string> interpreter_of(std::string_view first_bytes) {
    constexpr std::string_view kMark = "#!";
    constexpr std::string_view kInterpreterBlanks = " \t";
    if (first_bytes.substr(0, kMark.size()) != kMark) {
        return std::nullopt;
    }
    std::string_view line = first_bytes.substr(kMark.size());
    line = line.substr(0, line.find('\n'));
    line.remove_prefix(std::min(line.find_first_not_of(kInterpreterBlanks), line.size()));
    return std::string(line.substr(0, line.find_first_of(kInterpreterBlanks)));
}

std::string_view limit_name(int resource) noexcept {
    // In the kernel's order (asm-generic/resource.h), the same on x86 and Arm.
    constexpr std::array<std::string_view, 16> kLimitNames = {
        "cpu",     "fsize", "data",  "stack",      "core",     "rss",  "nproc",  "nofile",
        "memlock", "as",    "locks", "sigpending", "msgqueue", "nice", "rtprio", "rttime"};
    const auto index = static_cast<std::size_t>(resource);
    return index < kLimitNames.size() ? kLimitNames[index] : "?";
}

}  // namespace mainstay::supervisor
