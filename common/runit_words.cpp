#include "common/runit_words.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>

#include "common/error.h"

namespace mainstay {
namespace {

struct ErrorText {
    int code;
    const char* text;
};

constexpr std::array kErrorTexts{
    ErrorText{0, "no error"},
    ErrorText{EINTR, "interrupted system call"},
    ErrorText{ENOMEM, "out of memory"},
    ErrorText{ENOENT, "file does not exist"},
    ErrorText{ETXTBSY, "text busy"},
    ErrorText{EIO, "input/output error"},
    ErrorText{EEXIST, "file already exists"},
    ErrorText{EAGAIN, "temporary failure"},
    ErrorText{EPIPE, "broken pipe"},
    ErrorText{EPERM, "permission denied"},
    ErrorText{EACCES, "access denied"},
    ErrorText{ENXIO, "device not configured"},
    ErrorText{EISDIR, "is a directory"},
    ErrorText{ENOTDIR, "not a directory"},
    ErrorText{ESRCH, "no such process"},
    ErrorText{E2BIG, "argument list too long"},
    ErrorText{ENOEXEC, "exec format error"},
    ErrorText{EBADF, "file descriptor not open"},
    ErrorText{ECHILD, "no child processes"},
    ErrorText{EBUSY, "device busy"},
    ErrorText{ENODEV, "device does not support operation"},
    ErrorText{EINVAL, "invalid argument"},
    ErrorText{ENFILE, "system cannot open more files"},
    ErrorText{EMFILE, "process cannot open more files"},
    ErrorText{EFBIG, "file too big"},
    ErrorText{ENOSPC, "out of disk space"},
    ErrorText{EROFS, "read-only file system"},
    ErrorText{ELOOP, "symbolic link loop"},
    ErrorText{ENAMETOOLONG, "file name too long"},
    ErrorText{ENOSYS, "system call not available"},
};

}  // namespace

const char* runit_error_text(int code) noexcept {
    const auto* const known =
        std::find_if(kErrorTexts.begin(), kErrorTexts.end(),
                     [code](const ErrorText& entry) { return entry.code == code; });
    return known != kErrorTexts.end() ? known->text : errno_text(code);
}

LeadingNumber leading_number(std::string_view text) noexcept {
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
    LeadingNumber number;
    while (number.length < text.size() && text[number.length] >= '0' &&
           text[number.length] <= '9') {
        const auto digit = static_cast<std::uint64_t>(text[number.length] - '0');
        const bool is_too_large = number.value > (kMost - digit) / 10;
        number.value = is_too_large ? kMost : number.value * 10 + digit;
        ++number.length;
    }
    return number;
}

char RunitOptions::bad(char letter, bool lacks_value) noexcept {
    problem_ = letter;
    lacks_value_ = lacks_value;
    return kBad;
}

char RunitOptions::next() noexcept {
    if (word_.empty()) {
        if (at_ >= words_.size() || words_[at_][0] != '-' || words_[at_][1] == '\0') {
            return kEnd;
        }
        word_ = words_[at_++] + 1;
        if (word_.front() == '-') {
            word_ = {};
            return kEnd;
        }
    }
    const char letter = word_.front();
    const char* const behind = word_.data() + 1;
    word_.remove_prefix(1);
    const std::size_t known = letters_.find(letter);
    if (known == std::string_view::npos || letter == ':') {
        return bad(letter, false);
    }
    if (letters_.substr(known + 1, 1) != ":") {
        return letter;
    }
    if (!word_.empty()) {
        value_ = behind;
        word_ = {};
        return letter;
    }
    if (at_ >= words_.size()) {
        return bad(letter, true);
    }
    value_ = words_[at_++];
    return letter;
}

std::string RunitOptions::problem() const {
    return std::string(lacks_value_ ? "option requires an argument -- " : "illegal option -- ") +
           problem_;
}

}  // namespace mainstay
