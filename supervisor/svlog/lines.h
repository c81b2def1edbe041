/// PURE. Cuts a stream of bytes into the lines that a file gets. A line that is longer than
/// kLongestLine is cut; each piece gets a line of its own, and all but the first say so by a '+' in
/// the place of the blank behind the time.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>

namespace mainstay::svlog {

inline constexpr std::size_t kLongestLine = 8192;

struct Piece {
    std::size_t size = 0;  ///< bytes of the input; 0: no whole line, ask again with more
    bool ends_in_newline = false;
    bool is_continued = false;  ///< part of the same line as the piece before
};

class LineCutter {
  public:
    /// The first piece of @p text, which is what comes behind all pieces so far.
    Piece next(std::string_view text) noexcept {
        Piece piece;
        const std::size_t reach = text.size() < kLongestLine ? text.size() : kLongestLine;
        const void* newline = std::memchr(text.data(), '\n', reach);
        if (newline != nullptr) {
            piece.size =
                static_cast<std::size_t>(static_cast<const char*>(newline) - text.data()) + 1;
            piece.ends_in_newline = true;
        } else if (reach == kLongestLine) {
            piece.size = reach;
        }
        return take(piece);
    }

    /// All of @p text, which has no newline: nothing more of its line is to be waited for.
    Piece rest(std::string_view text) noexcept { return take({text.size(), true, false}); }

    /// The next piece begins a line, whatever came before.
    void start_afresh() noexcept { within_line_ = false; }

  private:
    Piece take(Piece piece) noexcept {
        piece.is_continued = within_line_ && piece.size > 0;
        if (piece.size > 0) {
            within_line_ = !piece.ends_in_newline;
        }
        return piece;
    }

    bool within_line_ = false;
};

}  // namespace mainstay::svlog
