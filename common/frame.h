/// PURE. Cuts a byte stream into lines, whatever pieces it arrives in, with a hard limit on memory.
/// Used at both ends of the control socket; knows nothing of JSON, sockets or time.
///
/// A line longer than the limit is an error that does not go away: from then on bytes are thrown
/// away unread, so that a peer that sends 100 MB without a newline costs the limit and no more.
/// Lines that were complete before it are still handed out.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace mainstay {

class LineSplitter {
  public:
    /// @param max_line bytes that a line may have, its newline not counted
    explicit LineSplitter(std::size_t max_line) noexcept : max_line_(max_line) {}

    /// Takes the bytes that just arrived. Call next() until it is empty before feeding more: whole
    /// lines are kept until then. Invalidates what next() returned. May throw std::bad_alloc.
    void feed(std::string_view bytes);

    /// @returns the next whole line without its newline, valid until the next feed(); nothing when
    /// more bytes are needed or the line is too long.
    std::optional<std::string_view> next() noexcept;

    /// Whether a line over the limit was met. Final.
    bool is_too_long() const noexcept { return too_long_; }

    /// Whether the stream, if it ended now, would end in half a line.
    bool has_partial_line() const noexcept { return start_ < buffer_.size(); }

  private:
    std::size_t max_line_;
    std::string buffer_;
    std::size_t start_ = 0;    ///< where the first line not handed out begins
    std::size_t scanned_ = 0;  ///< no newline lies between start_ and here
    bool too_long_ = false;
};

}  // namespace mainstay
