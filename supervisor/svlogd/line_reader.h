/// PURE. Cuts what comes into lines as svlogd does: up to a length they are looked at and their odd
/// characters replaced, what is longer passes through as it is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mainstay::svlogd {

/// What -r and -R ask for. A substitute of 0: nothing is replaced.
struct Replacement {
    char substitute = 0;
    std::string_view further;  ///< characters besides those that cannot be printed
};

/// Hears of lines in pieces.
class LineListener {
  public:
    LineListener() = default;
    LineListener(const LineListener&) = delete;
    LineListener& operator=(const LineListener&) = delete;
    virtual ~LineListener() = default;

    virtual void line_begins() = 0;  ///< its first character came: the time of the line
    /// All of it, or as much as is looked at; then @p is_cut, and the rest follows.
    virtual void line_is(std::string_view text, bool is_cut) = 0;
    virtual void line_goes_on(std::string_view text) = 0;
    virtual void line_ends() = 0;
};

class LineReader {
  public:
    LineReader(std::uint64_t line_max, Replacement replacement, LineListener& listener)
        : line_max_(line_max), replacement_(replacement), listener_(listener) {}

    void take(std::string_view bytes);
    /// Nothing more comes: what was not ended is.
    void end();
    /// Whether what came so far ends with a newline.
    bool is_complete() const noexcept { return !has_begun_; }

  private:
    void begin();
    std::size_t take_rest(std::string_view bytes);
    std::size_t take_head(std::string_view bytes);

    std::uint64_t line_max_;
    Replacement replacement_;
    LineListener& listener_;
    std::string line_;
    bool has_begun_ = false;
    bool is_cut_ = false;
};

}  // namespace mainstay::svlogd
