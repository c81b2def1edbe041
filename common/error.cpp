#include "common/error.h"

#include <cerrno>
#include <cstring>

namespace mainstay {

Error last_error(const char* action_literal) noexcept {
    return {action_literal, errno};
}

const char* errno_text(int code) noexcept {
    const char* text = ::strerrordesc_np(code);
    return text != nullptr ? text : "error";
}

}  // namespace mainstay
