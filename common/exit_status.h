/// PURE. How a process ended, decoded from a wait status, and the words for it.
#pragma once

#include <cstdint>

#include "common/fixed.h"

namespace mainstay {

struct ExitStatus {
    enum class Kind : std::uint8_t {
        Exited,
        Signaled,
        Unknown,  ///< it ended, and nobody was told how
    };

    Kind kind = Kind::Exited;
    std::uint8_t value = 0;  ///< exit code, or signal number
    bool dumped_core = false;

    /// @param wait_status as stored by waitpid(2) for a process that ended
    static ExitStatus from_wait(int wait_status) noexcept;

    /// The wait status that from_wait() reads back. Of Unknown one that waitpid(2) never has for
    /// what ended.
    int to_wait() const noexcept;

    static ExitStatus unknown() noexcept { return {Kind::Unknown, 0, false}; }

    bool is_success() const noexcept { return kind == Kind::Exited && value == 0; }

    /// What a shell shows as $?: the code, or 128 + signal.
    /// Of Unknown 255.
    int shell_code() const noexcept {
        if (kind == Kind::Unknown) {
            return 255;
        }
        return kind == Kind::Exited ? value : 128 + value;
    }

    friend bool operator==(const ExitStatus&, const ExitStatus&) noexcept = default;
};

/// "exit 1", "killed by SEGV (core dumped)", "ended, nobody knows how".
FixedString<48> to_text(const ExitStatus& status) noexcept;

}  // namespace mainstay
