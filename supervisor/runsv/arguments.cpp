#include "supervisor/runsv/arguments.h"

namespace mainstay::supervisor::runsv {

std::optional<DirCall> parse_dir_call(std::span<char* const> words) noexcept {
    DirCall call;
    if (!words.empty() && words[0][0] == '-' && (words[0][1] == 'P' || words[0][1] == '-')) {
        call.own_session = words[0][1] == 'P';
        words = words.subspan(1);
    }
    if (words.empty()) {
        return std::nullopt;
    }
    call.directory = words[0];
    call.log = words.size() > 1 ? words[1] : nullptr;
    return call;
}

const char* parse_call(std::span<char* const> words) noexcept {
    return words.size() == 1 ? words[0] : nullptr;
}

std::string usage(std::string_view program, std::string_view arguments) {
    return std::string("usage: ").append(program).append(" ").append(arguments).append("\n\n");
}

}  // namespace mainstay::supervisor::runsv
