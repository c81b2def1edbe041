#include "supervisor/words.h"

#include "common/units.h"

namespace mainstay::supervisor {

std::string reason_of(const ExecFault& fault) {
    return fault.reason.empty() ? errno_text(fault.code) : fault.reason;
}

std::string text_of(const ExecFault& fault) {
    std::string text = fault.stage;
    if (!fault.path.empty()) {
        text += " " + fault.path;
    }
    return text + ": " + reason_of(fault);
}

std::string text_of(Duration duration) {
    constexpr Duration kShownInSeconds = std::chrono::seconds(1);
    if (duration < kShownInSeconds) {
        const auto ms = std::chrono::round<std::chrono::milliseconds>(duration);
        return std::to_string(ms.count()) + " ms";
    }
    return std::string(to_short_text(duration).view());
}

}  // namespace mainstay::supervisor
