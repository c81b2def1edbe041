/// An expected failure: what was tried and the errno it ended with. Small, copyable, no heap: fit
/// for PID 1. The subject (a path, a service) is known to the caller, who puts it into the message.
#pragma once

namespace mainstay {

struct [[nodiscard]] Error {
    /// @param action_literal what was tried, a string literal such as "mount" or "open"
    /// @param errno_value as in errno(3); 0 where no system call was involved
    constexpr Error(const char* action_literal, int errno_value) noexcept
        : action(action_literal), code(errno_value) {}

    const char* action;
    int code;

    friend constexpr bool operator==(const Error& a, const Error& b) noexcept {
        return a.code == b.code;
    }
};

/// An Error of the calling thread's current errno.
Error last_error(const char* action_literal) noexcept;

/// The text of an errno, thread-safe and without a locale: "No such file or directory".
/// "error" where the number is unknown. Static storage.
const char* errno_text(int code) noexcept;

/// Whether it is an error of the moment: too little of something, or a device that may answer the
/// next time. What was tried is then worth another try; after any other errno it fails again.
bool may_pass(int code) noexcept;

}  // namespace mainstay
