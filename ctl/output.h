/// Standard output and standard error, and how each of them wants its text. What is printed is
/// gathered and written in one piece; an error is written at once, after what was printed before.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ctl/style.h"

namespace mainstay::ctl {

class Output {
  public:
    enum class Lines : std::uint8_t { Final, Rewritable };

    Output(const Style& style, const Style& error_style, Lines lines) noexcept
        : style_(style),
          error_style_(error_style),
          can_rewrite_lines_(lines == Lines::Rewritable) {}

    const Style& style() const noexcept { return style_; }
    const Style& error_style() const noexcept { return error_style_; }

    void print(std::string_view text) { pending_.append(text); }

    /// Writes what was printed. A failure is remembered, see has_failed().
    void flush();

    /// Writes to standard error; there is nobody to tell when that fails.
    void complain(std::string_view text);

    /// Whether the terminal at standard error obeys sequences, so that a line can be written over.
    bool can_rewrite_lines() const noexcept { return can_rewrite_lines_; }

    /// Whether standard output did not take everything.
    bool has_failed() const noexcept { return has_failed_; }

  private:
    Style style_;
    Style error_style_;
    std::string pending_;
    bool can_rewrite_lines_;
    bool has_failed_ = false;
};

}  // namespace mainstay::ctl
