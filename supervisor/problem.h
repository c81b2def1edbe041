/// PURE. Something wrong in a file of a user's, with its place: what the reading of a service
/// directory and the lint find.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mainstay::supervisor {

enum class Severity : std::uint8_t {
    Error,    ///< it does not work
    Warning,  ///< it works, and hardly as it was meant
    Note,     ///< what should be known about the errors and warnings of a service
};
std::string_view to_string(Severity severity) noexcept;

/// Both count from 1, columns in bytes; a line of 0 means the file as a whole.
struct Place {
    std::uint32_t line = 0;
    std::uint32_t column = 0;

    friend bool operator==(const Place&, const Place&) noexcept = default;
};

struct Problem {
    Severity severity = Severity::Error;
    std::string file;
    Place place;
    std::string message;  ///< what, why, and the remedy; without the file

    friend bool operator==(const Problem&, const Problem&) = default;
};

/// By file, then place, then severity, then message.
bool comes_before(const Problem& a, const Problem& b) noexcept;

/// "FILE:LINE:COLUMN: MESSAGE", for a log that knows severities; control characters become '?'.
std::string to_sentence(const Problem& problem);

/// "FILE:LINE:COLUMN: error: MESSAGE", as compilers have it and editors read it.
std::string to_line(const Problem& problem);

/// Places in a text by offset; quick where they are asked for in order.
class PlaceFinder {
  public:
    explicit PlaceFinder(std::string_view text) noexcept : text_(text) {}

    Place place_of(std::size_t offset) noexcept;

  private:
    std::string_view text_;
    std::size_t at_ = 0;          ///< counted up to here
    std::size_t line_start_ = 0;  ///< offset of the line that at_ is in
    std::uint32_t line_ = 1;
};

/// A word from outside as messages show it: at most 60 bytes of it, without control characters.
std::string shown(std::string_view word);

}  // namespace mainstay::supervisor
