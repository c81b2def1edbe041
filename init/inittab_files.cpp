#include "init/inittab_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "common/fd_io.h"
#include "common/fixed.h"

namespace mainstay::init {
namespace {

using Name = FixedString<64>;
using Names = FixedVector<Name, 128>;

constexpr std::string_view kEnding = ".tab";

bool is_table(std::string_view name) noexcept {
    return name.size() > kEnding.size() && name.front() != '.' &&
           name.substr(name.size() - kEnding.size()) == kEnding;
}

void complain(InittabReport& report, std::string_view name, std::string_view why) noexcept {
    FixedString<192> message;
    message.append(name).append(": ").append(why).append("; skipped");
    report.problem(0, message);
}

void add_name(std::string_view name, Names& names, InittabReport& report) noexcept {
    if (!is_table(name)) {
        return;
    }
    if (name.size() > Name::capacity()) {
        complain(report, name.substr(0, Name::capacity()), "the name is too long");
    } else if (!names.push_back(name)) {
        complain(report, name, "there are too many files");
    }
}

/// Without opendir(3), which allocates.
Names list(const char* directory, InittabReport& report) noexcept {
    Names names;
    const auto fd = open_file(directory, O_RDONLY | O_DIRECTORY);
    alignas(dirent64) std::array<char, 4096> entries;
    while (fd) {
        const ssize_t size = ::getdents64(fd->get(), entries.data(), entries.size());
        if (size <= 0) {
            break;
        }
        for (ssize_t at = 0; at < size;) {
            const auto* const entry = reinterpret_cast<const dirent64*>(entries.data() + at);
            add_name(entry->d_name, names, report);
            at += entry->d_reclen;
        }
    }
    if (!fd && fd.error().code != ENOENT) {
        complain(report, directory, errno_text(fd.error().code));
    }
    std::sort(names.begin(), names.end(),
              [](const Name& a, const Name& b) { return a.view() < b.view(); });
    return names;
}

/// Text that grows at its end.
class Growing {
  public:
    Growing(std::span<char> buffer, std::size_t size) noexcept : buffer_(buffer), size_(size) {}

    bool append(std::string_view text) noexcept {
        if (text.size() > buffer_.size() - size_) {
            return false;
        }
        std::copy(text.begin(), text.end(), buffer_.data() + size_);
        size_ += text.size();
        return true;
    }
    std::span<char> room() noexcept { return buffer_.subspan(size_); }
    void grown_by(std::size_t size) noexcept { size_ += size; }
    std::string_view view() const noexcept { return {buffer_.data(), size_}; }

  private:
    std::span<char> buffer_;
    std::size_t size_;
};

}  // namespace

Result<std::string_view> read_regular(const char* path, std::span<char> buffer) noexcept {
    TRY(const UniqueFd fd, open_file(path, O_RDONLY | O_NONBLOCK));
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0) {
        return last_error("stat");
    }
    if (S_ISDIR(info.st_mode)) {
        return Error{"read", EISDIR};
    }
    if (!S_ISREG(info.st_mode)) {
        return Error{"read", EINVAL};
    }
    if (static_cast<std::uint64_t>(info.st_size) > buffer.size()) {
        return Error{"read", EFBIG};
    }
    return read_up_to(fd.get(), buffer);
}

std::string_view append_inittab_d(const char* path, std::string_view text, InittabStyle style,
                                  std::span<char> buffer, InittabReport& report) noexcept {
    if (style != InittabStyle::Sysvinit) {
        return text;
    }
    FixedString<256> directory(path);
    directory.append(".d");
    Growing all(buffer, text.size());
    for (const Name& name : list(directory.c_str(), report)) {
        FixedString<384> file(directory);
        file.append("/").append(name);
        if (!all.append("\n") || !all.append(kFileMark) || !all.append(name) || !all.append("\n")) {
            complain(report, name, "there is no room for it");
            break;
        }
        const auto read = read_regular(file.c_str(), all.room());
        if (read) {
            all.grown_by(read->size());
        } else {
            complain(report, name, errno_text(read.error().code));
        }
    }
    return all.view();
}

}  // namespace mainstay::init
