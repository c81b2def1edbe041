/// The supervisor's own messages: to the kernel's log with a level where PID 1 started us, to
/// standard error otherwise. What cannot be written within a moment (kMessagePatience) is dropped,
/// counted, and the count is said with the next message that can; until then no message waits.
#pragma once

#include <cstddef>
#include <string_view>

#include "common/unique_fd.h"
#include "supervisor/journal.h"

namespace mainstay::supervisor {

class MessageLog final : public Journal {
  public:
    enum class Sink { Kernel, StandardError };

    /// Falls back to standard error where the kernel's log cannot be opened.
    /// @param who begins each line; outlives this
    explicit MessageLog(Sink wanted, std::string_view who = "supervisor: ") noexcept;

    /// Also puts each message, as a line behind its level ("warning: "), into @p pipe from now on;
    /// one that is full gets less.
    /// @param pipe write end, made non-blocking here
    void copy_to(UniqueFd pipe) noexcept;

    void write(Level level, std::string_view message) noexcept override;

  private:
    bool put(Level level, std::string_view message) noexcept;

    std::string_view who_;
    Sink sink_ = Sink::StandardError;
    UniqueFd fd_;
    UniqueFd copy_;
    std::size_t dropped_ = 0;
};

}  // namespace mainstay::supervisor
