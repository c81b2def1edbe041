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
    using namespace std::chrono;
    // A timer of 2 s has a little less left when it is looked at: nobody is to read 1 s.
    const auto ms = round<milliseconds>(duration);
    if (ms < seconds(1)) {
        return std::to_string(ms.count()) + " ms";
    }
    return std::string(to_short_text(round<seconds>(ms)).view());
}

}  // namespace mainstay::supervisor
