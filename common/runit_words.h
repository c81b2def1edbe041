/// PURE. How runit's programs read their command lines and what they call errors, for the programs
/// of ours that answer to the same names.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace mainstay {

/// "file does not exist"; what few ever see is called as everywhere.
const char* runit_error_text(int code) noexcept;

struct LeadingNumber {
    std::uint64_t value = 0;  ///< the largest where it is too large
    std::size_t length = 0;   ///< of its digits
};
LeadingNumber leading_number(std::string_view text) noexcept;

/// Single letters, values attached or in the next word, up to the first word that is none, or one
/// that begins with `--`, whatever follows.
class RunitOptions {
  public:
    /// @param letters those that there are, each with a colon behind it where it takes a value
    RunitOptions(std::span<char* const> words, std::string_view letters) noexcept
        : words_(words), letters_(letters) {}

    static constexpr char kEnd = 0;
    static constexpr char kBad = '?';  ///< see problem()

    /// The next letter, kEnd or kBad.
    char next() noexcept;
    const char* value() const noexcept { return value_; }

    /// "illegal option -- z"
    std::string problem() const;

    /// What follows the options.
    std::span<char* const> rest() const noexcept { return words_.subspan(at_); }

  private:
    char bad(char letter, bool lacks_value) noexcept;

    std::span<char* const> words_;
    std::string_view letters_;
    std::string_view word_;  ///< what is left of the current one
    const char* value_ = "";
    std::size_t at_ = 0;
    char problem_ = 0;
    bool lacks_value_ = false;
};

}  // namespace mainstay
