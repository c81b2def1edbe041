/// Brings the output of services into their files: cut into lines, with times, rotated. What cannot
/// be written stays in memory, as far as it goes, and is written later; what is gone by then is
/// counted in the file itself.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/clock.h"
#include "common/result.h"
#include "supervisor/svlog/arena.h"
#include "supervisor/svlog/log_root.h"
#include "supervisor/svlog/source.h"

namespace mainstay::svlog {

/// Hears what the supervisor's log should show.
class NoticeSink {
  public:
    NoticeSink() = default;
    NoticeSink(const NoticeSink&) = delete;
    NoticeSink& operator=(const NoticeSink&) = delete;
    virtual ~NoticeSink() = default;

    enum class Kind : std::uint8_t { Warning, Info };
    virtual void notice(Kind kind, std::string_view text) = 0;
};

class Filing {
  public:
    /// @param directory empty: memory is all there is, and every call does nothing
    Filing(std::string directory, NoticeSink& notices);

    void set_arena(Arena arena) noexcept { arena_ = arena; }
    void set_group(std::optional<gid_t> group) noexcept { root_.set_group(group); }

    /// Goes on where an earlier svlog stopped.
    void begin(Source& source);

    /// Writes what has come into the arena.
    void take(Source& source);

    /// From where on the arena is to keep the stream because it is not in files yet.
    std::uint64_t needed_from(const Source& source) const noexcept;

    /// Writes what waits for the end of its line: no more is to be expected.
    void finish(Source& source);

    /// Tries again with what could not be written. The same after mounts have changed, where the
    /// directory may be another one now, and when a person asks for it.
    void retry(std::span<Source* const> sources);
    void mounts_changed(std::span<Source* const> sources);
    void reopen(std::span<Source* const> sources);
    void rotate(std::span<Source* const> sources);

    /// The source may keep its files for another time from now on.
    void age_limit_changed(const Source& source);

    /// What time asks for: due(), and then this.
    void tick(std::span<Source* const> sources);
    MonotonicTime due() const noexcept;

  private:
    class Writer;

    bool make_ready(Source& source);
    void catch_up(Source& source);
    bool say_what_was_lost(Source& source, std::uint64_t lost);
    void write_text(Source& source, std::string_view text);
    static void fall_behind(Source& source);
    void fail(Source& source, const Error& error);
    void put_off() noexcept;
    void publish(const Source& source) noexcept;
    void settle_trouble(std::span<Source* const> sources);

    LogRoot root_;
    NoticeSink& notices_;
    Arena arena_;
    std::unique_ptr<char[]> buffer_;  ///< made when a file is written to
    std::unique_ptr<char[]> input_;   ///< the same, for what was written
    std::string trouble_;  ///< what was said when files could not be written; empty: they can
    Duration retry_delay_;
    MonotonicTime retry_at_ = MonotonicTime::max();
    MonotonicTime age_due_ = MonotonicTime::max();
};

}  // namespace mainstay::svlog
