#include "common/error.h"

#include <algorithm>
#include <array>
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

bool may_pass(int code) noexcept {
    constexpr std::array kPassing{EAGAIN, EINTR,   EIO,    EMFILE,   ENFILE,
                                  ENOMEM, ENOBUFS, ESTALE, ETIMEDOUT};
    return std::find(kPassing.begin(), kPassing.end(), code) != kPassing.end();
}

}  // namespace mainstay
