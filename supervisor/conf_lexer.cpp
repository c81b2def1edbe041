#include "supervisor/conf_lexer.h"

#include <algorithm>

namespace mainstay::supervisor {
namespace {

constexpr std::string_view kBlanks = " \t";
constexpr std::string_view kContinuation = "\\\n";
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

bool is_blank(char c) noexcept {
    return c == ' ' || c == '\t';
}

bool is_forbidden(char c) noexcept {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t' && c != '\n') || byte == 0x7f;
}

/// Whether the line before the newline at @p end goes on behind it.
bool is_continued(std::string_view text, std::size_t start, std::size_t end) noexcept {
    std::size_t backslashes = 0;
    while (end - backslashes > start && text[end - backslashes - 1] == '\\') {
        ++backslashes;
    }
    return backslashes % 2 == 1;
}

class Lexer {
  public:
    explicit Lexer(std::string_view text) : text_(text) {}

    LexedConf lex() {
        if (text_.size() > kMaxConfSize) {
            fault(kMaxConfSize, "the file has more than 64 KiB; none of it is read");
            return std::move(lexed_);
        }
        if (text_.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
            fault(0, "the file begins with a byte order mark; save it as UTF-8 without one");
            next_ = kByteOrderMark.size();
        }
        while (next_ < text_.size()) {
            take_line();
        }
        return std::move(lexed_);
    }

  private:
    void fault(std::size_t offset, std::string message) {
        lexed_.faults.push_back({offset, std::move(message)});
    }

    std::size_t end_of_line(std::size_t from) const noexcept {
        return std::min(text_.find('\n', from), text_.size());
    }

    void take_line() {
        const std::size_t start = next_;
        const std::size_t first = std::min(text_.find_first_not_of(kBlanks, start), text_.size());
        std::size_t end = end_of_line(start);
        if (first >= end || text_[first] == '#') {
            next_ = end + 1;
            return;
        }
        std::size_t line_start = start;
        while (end < text_.size() && is_continued(text_, line_start, end)) {
            line_start = end + 1;
            end = end_of_line(line_start);
        }
        next_ = end + 1;
        if (is_clean(first, end)) {
            take_assignment(first, text_.substr(first, end - first));
        }
    }

    /// Carriage returns come in whole files: they are said once.
    bool is_clean(std::size_t start, std::size_t end) {
        const std::string_view line = text_.substr(start, end - start);
        const auto found = std::find_if(line.begin(), line.end(), is_forbidden);
        if (found == line.end()) {
            return true;
        }
        const auto offset = start + static_cast<std::size_t>(found - line.begin());
        if (*found != '\r') {
            fault(offset, "a control character; only tabs are allowed");
        } else if (!said_carriage_return_) {
            said_carriage_return_ = true;
            fault(offset, "a carriage return; save the file with Unix line ends");
        }
        return false;
    }

    void take_assignment(std::size_t start, std::string_view line) {
        const std::size_t equals = line.find('=');
        if (equals == std::string_view::npos) {
            fault(start, "no = in this line; write key = value, or # before a comment");
            return;
        }
        ConfAssignment assignment;
        assignment.key = line.substr(0, equals);
        assignment.key_offset = start;
        assignment.key = assignment.key.substr(0, assignment.key.find_last_not_of(kBlanks) + 1);
        if (assignment.key.empty()) {
            fault(start, "no key before the =; write key = value");
            return;
        }
        std::size_t first = line.find_first_not_of(kBlanks, equals + 1);
        // A value may begin in the next line.
        while (first != std::string_view::npos && line.substr(first, 2) == kContinuation) {
            first = line.find_first_not_of(kBlanks, first + 2);
        }
        first = std::min(first, line.size());
        assignment.value = line.substr(first, line.find_last_not_of(kBlanks) + 1 - first);
        assignment.value_offset = start + first;
        lexed_.assignments.push_back(assignment);
    }

    std::string_view text_;
    std::size_t next_ = 0;
    bool said_carriage_return_ = false;
    LexedConf lexed_;
};

/// Walks over one value, word by word.
class Splitter {
  public:
    explicit Splitter(const ConfAssignment& assignment)
        : value_(assignment.value), offset_(assignment.value_offset) {}

    SplitValue split() {
        while (skip_blanks()) {
            split_.words.push_back({{}, offset_ + at_});
            take_word(split_.words.back().text);
        }
        if (!split_.faults.empty()) {
            split_.words.clear();
        }
        return std::move(split_);
    }

  private:
    bool at_continuation() const noexcept { return value_.substr(at_, 2) == kContinuation; }

    /// @returns whether there is another word.
    bool skip_blanks() noexcept {
        while (at_ < value_.size() && (is_blank(value_[at_]) || at_continuation())) {
            at_ += at_continuation() ? 2 : 1;
        }
        return at_ < value_.size();
    }

    void fault(std::size_t at, const char* message) {
        split_.faults.push_back({offset_ + at, message});
        at_ = value_.size();
    }

    void take_word(std::string& word) {
        while (at_ < value_.size() && !is_blank(value_[at_])) {
            const char c = value_[at_];
            if (at_continuation()) {
                at_ += 2;
            } else if (c == '\'' || c == '"') {
                take_quoted(word);
            } else if (c != '\\') {
                word.push_back(c);
                ++at_;
            } else if (at_ + 1 < value_.size()) {
                word.push_back(value_[at_ + 1]);
                at_ += 2;
            } else {
                fault(at_,
                      "nothing behind the \\; where the line is to go on, no blank may follow it");
            }
        }
    }

    void take_quoted(std::string& word) {
        const std::size_t opened = at_;
        const char quote = value_[at_++];
        while (at_ < value_.size() && value_[at_] != quote) {
            if (at_continuation()) {
                at_ += 2;
                continue;
            }
            at_ += quote == '"' && is_escape() ? 1 : 0;
            word.push_back(value_[at_++]);
        }
        if (at_ == value_.size()) {
            fault(opened, quote == '"' ? "this \" is not closed" : "this ' is not closed");
            return;
        }
        ++at_;
    }

    bool is_escape() const noexcept {
        return value_[at_] == '\\' && at_ + 1 < value_.size() &&
               std::string_view("$`\"\\").find(value_[at_ + 1]) != std::string_view::npos;
    }

    std::string_view value_;
    std::size_t offset_;
    std::size_t at_ = 0;
    SplitValue split_;
};

}  // namespace

LexedConf lex_conf(std::string_view text) {
    return Lexer(text).lex();
}

SplitValue split_words(const ConfAssignment& assignment) {
    return Splitter(assignment).split();
}

std::string joined_text(const ConfAssignment& assignment) {
    std::string text;
    std::string_view rest = assignment.value;
    for (;;) {
        const std::size_t end = rest.find(kContinuation);
        text.append(rest.substr(0, end));
        if (end == std::string_view::npos) {
            return text;
        }
        rest.remove_prefix(end + kContinuation.size());
    }
}

}  // namespace mainstay::supervisor
