#include "supervisor/svlog/filing.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "common/fixed.h"
#include "common/units.h"
#include "supervisor/svlog/arena_reader.h"
#include "supervisor/svlog/file_names.h"
#include "supervisor/svlog/link_message.h"
#include "supervisor/svlog/rotation.h"

namespace mainstay::svlog {
namespace {

/// What one write(2) brings into a file at most.
constexpr std::size_t kBufferSize = std::size_t{256} * 1024;
constexpr Duration kFirstRetry = std::chrono::seconds(1);
constexpr Duration kLastRetry = std::chrono::seconds(60);

}  // namespace

/// Formats the pieces of one batch into the buffer and appends them to the files. Moves the
/// source's position with each append: after an error it says what is not in a file.
class Filing::Writer {
  public:
    Writer(Filing& filing, Source& source) noexcept
        : filing_(filing),
          source_(source),
          buffer_(filing.buffer_.get()),
          stamp_(source.settings.format),
          now_(wall_now()) {}

    Result<void> add(std::string_view text, const Piece& piece) {
        const std::string_view time = stamp_.text(now_);
        const std::size_t needed = time.size() + text.size() + 1;
        const bool file_is_full = is_full(source_.files->size() + used_, needed, source_.settings);
        if (file_is_full || used_ + needed > kBufferSize) {
            TRY_VOID(flush());
        }
        if (file_is_full) {
            TRY_VOID(source_.files->rotate(source_.settings));
            filing_.publish(source_);
        }
        put(time);
        if (piece.is_continued && !time.empty()) {
            buffer_[used_ - 1] = '+';
        }
        put(text);
        const bool is_cut = !piece.ends_in_newline || text.back() != '\n';
        if (is_cut && !time.empty()) {
            put("\n");
        }
        pending_ += text.size();
        return {};
    }

    Result<void> flush() {
        if (used_ > 0) {
            const std::size_t size = std::exchange(used_, 0);
            TRY_VOID(source_.files->append({buffer_, size}, source_.settings));
            source_.position += std::exchange(pending_, 0);
            filing_.publish(source_);
        }
        return {};
    }

  private:
    void put(std::string_view text) noexcept {
        std::memcpy(buffer_ + used_, text.data(), text.size());
        used_ += text.size();
    }

    Filing& filing_;
    Source& source_;
    char* buffer_;
    Stamp stamp_;
    WallTime now_;
    std::size_t used_ = 0;
    std::size_t pending_ = 0;  ///< bytes of the stream that are in the buffer
};

Filing::Filing(std::string directory, NoticeSink& notices)
    : root_(std::move(directory)), notices_(notices), retry_delay_(kFirstRetry) {}

void Filing::publish(const Source& source) noexcept {
    set_file_mark(arena_.slot(source.slot),
                  {source.position, source.files->size(), source.files->inode()});
}

// --- writing ----------------------------------------------------------------------------------

void Filing::begin(Source& source) {
    if (!root_.is_wanted()) {
        return;
    }
    source.files = std::make_unique<LogFiles>(
        root_, source.slot == kOwnSlot ? kOwnDirectory : directory_name(source.name));
    const std::uint64_t end = load(arena_.slot(source.slot).end);
    source.position = std::min(file_mark(arena_.slot(source.slot)).position, end);
    if (source.position < end) {
        source.is_behind = true;
        catch_up(source);
    }
}

void Filing::take(Source& source) {
    if (!root_.is_wanted() || source.is_behind || !make_ready(source)) {
        return;
    }
    while (!source.is_behind) {
        const std::uint64_t next = source.position + source.carried.size();
        const auto text = read_next(arena_, source.slot, next, {input_.get(), kBufferSize});
        if (!text) {
            // More came at once than there is memory for.
            fall_behind(source);
            catch_up(source);
            return;
        }
        if (text->empty()) {
            return;
        }
        write_text(source, *text);
    }
}

std::uint64_t Filing::needed_from(const Source& source) const noexcept {
    return !root_.is_wanted() || source.is_behind ? load(arena_.slot(source.slot).end)
                                                  : source.position;
}

bool Filing::make_ready(Source& source) {
    if (source.files->is_open()) {
        return true;
    }
    auto ready = root_.open();
    if (ready) {
        ready = source.files->open(source.settings, file_mark(arena_.slot(source.slot)));
    }
    if (!ready) {
        fail(source, ready.error());
        return false;
    }
    if (!buffer_) {
        buffer_ = std::make_unique_for_overwrite<char[]>(kBufferSize);
        input_ = std::make_unique_for_overwrite<char[]>(kBufferSize);
    }
    age_due_ = std::min(age_due_, source.files->due());
    publish(source);
    return true;
}

void Filing::write_text(Source& source, std::string_view text) {
    Writer writer(*this, source);
    Result<void> written;
    if (!source.carried.empty()) {
        // The rest of that line, up to its newline or to the longest that a line may be.
        const std::size_t newline = text.find('\n');
        const std::size_t room = kLongestLine - source.carried.size();
        const std::size_t size = std::min({newline == text.npos ? text.size() : newline + 1, room});
        source.carried.append(text.substr(0, size));
        text.remove_prefix(size);
        const Piece piece = source.cutter.next(source.carried);
        if (piece.size > 0) {
            written = writer.add(source.carried, piece);
            source.carried.clear();
        }
    }
    while (written && !text.empty() && source.carried.empty()) {
        const Piece piece = source.cutter.next(text);
        if (piece.size == 0) {
            source.carried = text;
            break;
        }
        written = writer.add(text.substr(0, piece.size), piece);
        text.remove_prefix(piece.size);
    }
    if (written) {
        written = writer.flush();
    }
    if (!written) {
        fail(source, written.error());
        return;
    }
    age_due_ = std::min(age_due_, source.files->due());
}

void Filing::finish(Source& source) {
    if (source.carried.empty() || source.is_behind || !make_ready(source)) {
        return;
    }
    Writer writer(*this, source);
    Result<void> written = writer.add(source.carried, source.cutter.rest(source.carried));
    source.carried.clear();
    if (written) {
        written = writer.flush();
    }
    if (!written) {
        fail(source, written.error());
    }
}

// --- trouble ----------------------------------------------------------------------------------

void Filing::fall_behind(Source& source) {
    source.is_behind = true;
    source.carried.clear();
    source.cutter.start_afresh();
}

void Filing::fail(Source& source, const Error& error) {
    fall_behind(source);
    source.files->close();
    if (trouble_.empty()) {
        const std::string where =
            root_.is_open() ? root_.path() + "/" + source.files->directory() : root_.path();
        trouble_ = where + ": " + error.action + ": " + errno_text(error.code);
        notices_.notice(NoticeSink::Kind::Warning,
                        trouble_ + "; output is kept in memory until files can be written");
    }
    put_off();
}

void Filing::put_off() noexcept {
    if (retry_at_ == MonotonicTime::max()) {
        retry_at_ = monotonic_now() + retry_delay_;
        retry_delay_ = std::min(retry_delay_ * 2, kLastRetry);
    }
}

/// Writes what the arena still has of what is not in files.
void Filing::catch_up(Source& source) {
    if (!make_ready(source)) {
        return;
    }
    const Excerpt excerpt =
        read_arena(arena_, source.slot, source.position, Arena::size_of(arena_.shape()));
    if (excerpt.lost > 0 && !say_what_was_lost(source, excerpt.lost)) {
        return;
    }
    source.is_behind = false;
    write_text(source, excerpt.bytes);
}

bool Filing::say_what_was_lost(Source& source, std::uint64_t lost) {
    FixedString<128> note;
    note.append(Stamp(source.settings.format).text(wall_now()));
    note.append_format("svlog: dropped %s here: they could not be written\n",
                       counted(lost, "byte").c_str());
    if (const auto written = source.files->append(note.view(), source.settings); !written) {
        fail(source, written.error());
        return false;
    }
    source.position += lost;
    publish(source);
    return true;
}

void Filing::retry(std::span<Source* const> sources) {
    if (!root_.is_wanted()) {
        return;
    }
    retry_at_ = MonotonicTime::max();
    if (!root_.open()) {
        put_off();
        return;
    }
    for (Source* source : sources) {
        if (source->is_behind) {
            catch_up(*source);
        }
    }
    settle_trouble(sources);
}

void Filing::settle_trouble(std::span<Source* const> sources) {
    const bool is_over = std::none_of(sources.begin(), sources.end(),
                                      [](const Source* source) { return source->is_behind; });
    if (is_over && !trouble_.empty()) {
        trouble_.clear();
        retry_delay_ = kFirstRetry;
        retry_at_ = MonotonicTime::max();
        notices_.notice(NoticeSink::Kind::Info, "files are written again in " + root_.path());
    }
}

void Filing::mounts_changed(std::span<Source* const> sources) {
    if (root_.has_moved()) {
        reopen(sources);
    } else if (!trouble_.empty()) {
        retry(sources);
    }
}

// --- what people and time ask for -------------------------------------------------------------

void Filing::reopen(std::span<Source* const> sources) {
    if (!root_.is_wanted()) {
        return;
    }
    root_.close();
    for (Source* source : sources) {
        source->files->close();
    }
    retry(sources);
}

void Filing::rotate(std::span<Source* const> sources) {
    for (Source* source : sources) {
        if (source->files && source->files->is_open() && source->files->size() > 0) {
            if (const auto done = source->files->rotate(source->settings); !done) {
                fail(*source, done.error());
            } else {
                publish(*source);
            }
        }
    }
}

void Filing::age_limit_changed(const Source& source) {
    if (source.files && source.files->is_open()) {
        source.files->age_limit_changed(source.settings);
        age_due_ = std::min(age_due_, source.files->due());
    }
}

MonotonicTime Filing::due() const noexcept {
    return std::min(retry_at_, age_due_);
}

void Filing::tick(std::span<Source* const> sources) {
    const MonotonicTime now = monotonic_now();
    if (now >= retry_at_) {
        retry(sources);
    }
    if (now < age_due_) {
        return;
    }
    age_due_ = MonotonicTime::max();
    for (Source* source : sources) {
        if (!source->files || !source->files->is_open()) {
            continue;
        }
        if (now >= source->files->due()) {
            if (const auto done = source->files->look_at_age(source->settings); !done) {
                fail(*source, done.error());
                continue;
            }
            publish(*source);
        }
        age_due_ = std::min(age_due_, source->files->due());
    }
}

}  // namespace mainstay::svlog
