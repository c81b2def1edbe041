#include "supervisor/exec_reason.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>

#include "common/fd_io.h"
#include "supervisor/process_words.h"

namespace mainstay::supervisor {
namespace {

constexpr std::size_t kFirstBytes = 256;  // BINPRM_BUF_SIZE
constexpr mode_t kAnyExecute = S_IXUSR | S_IXGRP | S_IXOTH;

std::optional<struct stat> look_at(const std::string& path) noexcept {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? std::optional(info) : std::nullopt;
}

std::string first_bytes_of(const std::string& path) {
    std::array<char, kFirstBytes> buffer;
    const auto file = open_file(path.c_str(), O_RDONLY | O_NONBLOCK);
    if (!file) {
        return {};
    }
    const auto text = read_up_to(file->get(), buffer);
    return text ? std::string(*text) : std::string();
}

bool is_on_noexec(const std::string& path) noexcept {
    struct statvfs info {};
    return ::statvfs(path.c_str(), &info) == 0 && (info.f_flag & ST_NOEXEC) != 0;
}

std::string octal(mode_t mode) {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%04o", mode & 07777U);
    return text.data();
}

/// Of a link that leads nowhere, or a script or program whose interpreter is missing.
std::string why_not_there(const std::string& path, const std::string& root) {
    if (!look_at(path)) {
        return dangling_reason(path);
    }
    const auto interpreter = interpreter_of(first_bytes_of(path));
    if (!interpreter) {
        return "the dynamic loader that it asks for does not exist";
    }
    if (!interpreter->empty() && interpreter->back() == '\r') {
        return "its first line ends in a carriage return; save it with Unix line ends";
    }
    if (!look_at(root + *interpreter)) {
        return "its interpreter " + root + *interpreter + " does not exist";
    }
    return {};
}

std::string why_not_permitted(const std::string& path, const std::string& root) {
    const auto info = look_at(path);
    if (!info) {
        return {};
    }
    if (S_ISDIR(info->st_mode)) {
        return "is a directory";
    }
    if (!S_ISREG(info->st_mode)) {
        return "is no regular file";
    }
    if ((info->st_mode & kAnyExecute) == 0) {
        return "is not executable (mode " + octal(info->st_mode) + "); chmod +x it";
    }
    if (is_on_noexec(path)) {
        return "lies on a file system that is mounted noexec";
    }
    const auto interpreter = interpreter_of(first_bytes_of(path));
    const auto target = interpreter ? look_at(root + *interpreter) : std::nullopt;
    if (target && (!S_ISREG(target->st_mode) || (target->st_mode & kAnyExecute) == 0)) {
        return "its interpreter " + root + *interpreter + " is not executable";
    }
    return {};
}

}  // namespace

std::string dangling_reason(const std::string& path) {
    std::array<char, PATH_MAX> buffer;
    const ssize_t size = ::readlink(path.c_str(), buffer.data(), buffer.size());
    return size < 0 ? std::string()
                    : "is a symbolic link to " +
                          std::string(buffer.data(), static_cast<std::size_t>(size)) +
                          ", which does not exist";
}

std::string exec_reason(const std::string& path, const std::string& root, int code) {
    switch (code) {
        case ENOENT:
            return why_not_there(path, root);
        case EACCES:
            return why_not_permitted(path, root);
        case ENOEXEC:
            return first_bytes_of(path).empty()
                       ? "is empty"
                       : "is neither a program for this machine nor a script that begins with #!";
        case ETXTBSY:
            return "is open for writing";
        case EAGAIN:
            return "its user has more processes than its limit nproc allows";
        default:
            return {};
    }
}

}  // namespace mainstay::supervisor
