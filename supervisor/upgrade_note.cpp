#include "supervisor/upgrade_note.h"

#include <algorithm>
#include <charconv>

namespace mainstay::supervisor {
namespace {

constexpr std::size_t kMostSessions = 64;

template <typename Number>
bool read(std::string_view text, Number& number) noexcept {
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, number);
    return parsed.ec == std::errc() && parsed.ptr == end;
}

bool read_sessions(std::string_view text, std::vector<int>& sessions) {
    while (!text.empty()) {
        const std::size_t comma = std::min(text.find(','), text.size());
        int fd = -1;
        if (!read(text.substr(0, comma), fd) || sessions.size() == kMostSessions) {
            return false;
        }
        sessions.push_back(fd);
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return true;
}

bool read_limit(std::string_view text, std::optional<UpgradeNote::Limit>& limit) {
    const std::size_t colon = std::min(text.find(':'), text.size());
    limit.emplace();
    return colon < text.size() && read(text.substr(0, colon), limit->soft) &&
           read(text.substr(colon + 1), limit->hard);
}

bool read_word(std::string_view key, std::string_view value, UpgradeNote& note) {
    if (key == "program") {
        return read(value, note.program);
    }
    if (key == "control") {
        return read(value, note.control);
    }
    if (key == "sessions") {
        return read_sessions(value, note.sessions);
    }
    if (key == "limit") {
        return read_limit(value, note.descriptor_limit);
    }
    if (key == "oom") {
        int score = 0;
        note.oom_score = value;
        return read(value, score);
    }
    if (key == "failed") {
        note.failed = 0;
        return read(value, *note.failed);
    }
    return true;
}

}  // namespace

std::string encode(const UpgradeNote& note) {
    std::string text =
        "program=" + std::to_string(note.program) + " control=" + std::to_string(note.control);
    if (!note.sessions.empty()) {
        text += " sessions=";
        for (const int fd : note.sessions) {
            text += std::to_string(fd) + ",";
        }
        text.pop_back();
    }
    if (note.descriptor_limit) {
        text += " limit=" + std::to_string(note.descriptor_limit->soft) + ":" +
                std::to_string(note.descriptor_limit->hard);
    }
    if (note.oom_score) {
        text += " oom=" + *note.oom_score;
    }
    if (note.failed) {
        text += " failed=" + std::to_string(*note.failed);
    }
    return text;
}

std::string encode_way_back(UpgradeNote note) {
    note.program = -1;
    note.sessions.clear();
    note.failed.reset();
    return encode(note) + " failed=00";
}

std::optional<UpgradeNote> parse_upgrade_note(std::string_view text) {
    UpgradeNote note;
    while (!text.empty()) {
        const std::size_t blank = std::min(text.find(' '), text.size());
        const std::string_view word = text.substr(0, blank);
        const std::size_t equals = word.find('=');
        if (equals == std::string_view::npos ||
            !read_word(word.substr(0, equals), word.substr(equals + 1), note)) {
            return std::nullopt;
        }
        text.remove_prefix(std::min(blank + 1, text.size()));
    }
    return note;
}

}  // namespace mainstay::supervisor
