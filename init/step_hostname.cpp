#include <unistd.h>

#include <array>
#include <cerrno>

#include "common/fd_io.h"
#include "common/fixed.h"
#include "init/steps.h"

namespace mainstay::init {
namespace {

constexpr char kHostnameFile[] = "/etc/hostname";
constexpr std::string_view kBlanks = " \t\r\n";

/// The first word of the first line that is neither empty nor a comment.
std::string_view first_name(std::string_view text) noexcept {
    while (!text.empty()) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(line.size() < text.size() ? line.size() + 1 : line.size());
        const std::size_t begin = line.find_first_not_of(kBlanks);
        if (begin == std::string_view::npos || line[begin] == '#') {
            continue;
        }
        line.remove_prefix(begin);
        return line.substr(0, line.find_first_of(kBlanks));
    }
    return {};
}

}  // namespace

StepResult step_hostname(const StepContext& context) noexcept {
    std::array<char, 1024> buffer;
    const auto text = read_file(kHostnameFile, buffer);
    if (!text) {
        if (text.error().code != ENOENT) {
            context.log.warning("%s: %s", kHostnameFile, errno_text(text.error().code));
        }
        return StepResult::Done;
    }
    const std::string_view name = first_name(*text);
    if (!name.empty() && ::sethostname(name.data(), name.size()) != 0) {
        context.log.warning("setting the host name to %.*s: %s", static_cast<int>(name.size()),
                            name.data(), errno_text(errno));
    }
    return StepResult::Done;
}

}  // namespace mainstay::init
