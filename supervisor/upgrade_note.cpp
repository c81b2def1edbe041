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

std::vector<int> read_sessions(std::string_view text) {
    std::vector<int> sessions;
    while (!text.empty() && sessions.size() < kMostSessions) {
        const std::size_t comma = std::min(text.find(','), text.size());
        int fd = -1;
        if (read(text.substr(0, comma), fd)) {
            sessions.push_back(fd);
        }
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return sessions;
}

std::optional<UpgradeNote::Limit> read_limit(std::string_view text) {
    const std::size_t colon = std::min(text.find(':'), text.size());
    UpgradeNote::Limit limit;
    const bool is_one = colon < text.size() && read(text.substr(0, colon), limit.soft) &&
                        read(text.substr(colon + 1), limit.hard);
    return is_one ? std::optional(limit) : std::nullopt;
}

void read_word(std::string_view key, std::string_view value, UpgradeNote& note) {
    int number = 0;
    if (key == "sessions") {
        note.sessions = read_sessions(value);
    } else if (key == "limit") {
        note.descriptor_limit = read_limit(value);
    } else if (!read(value, number)) {
        return;
    } else if (key == "program") {
        note.program = number;
    } else if (key == "control") {
        note.control = number;
    } else if (key == "oom") {
        note.oom_score = value;
    } else if (key == "failed") {
        note.failed = number;
    }
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

UpgradeNote parse_upgrade_note(std::string_view text) {
    UpgradeNote note;
    while (!text.empty()) {
        const std::size_t blank = std::min(text.find(' '), text.size());
        const std::string_view word = text.substr(0, blank);
        const std::size_t equals = std::min(word.find('='), word.size());
        if (equals < word.size()) {
            read_word(word.substr(0, equals), word.substr(equals + 1), note);
        }
        text.remove_prefix(std::min(blank + 1, text.size()));
    }
    return note;
}

}  // namespace mainstay::supervisor
