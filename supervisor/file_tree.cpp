#include "supervisor/file_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>

#include "common/fd_io.h"

namespace mainstay::supervisor {
namespace {

constexpr std::size_t kMostEntries = 10000;
constexpr int kAlways = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
constexpr int kMostRaces = 32;

Result<UniqueFd> owned(int fd) {
    if (fd < 0) {
        return last_error("open");
    }
    return UniqueFd(fd);
}

/// EAGAIN: something was renamed on the way (openat2(2)).
Result<UniqueFd> open_in_root(int root, const char* path, int flags) {
    open_how how{};
    // openat2 refuses what open ignores.
    const bool only_a_path = (flags & O_PATH) != 0;
    how.flags = static_cast<std::uint64_t>(flags | (only_a_path ? O_CLOEXEC : kAlways));
    how.resolve = RESOLVE_IN_ROOT;
    int fd = -1;
    for (int race = 0; race < kMostRaces; ++race) {
        fd = static_cast<int>(::syscall(SYS_openat2, root, path, &how, sizeof how));
        if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) {
            break;
        }
    }
    return owned(fd);
}

std::string path_behind(int fd) {
    std::array<char, 32> link;
    std::snprintf(link.data(), link.size(), "/proc/self/fd/%d", fd);
    std::array<char, PATH_MAX> target;
    const ssize_t size = ::readlink(link.data(), target.data(), target.size());
    return size > 0 ? std::string(target.data(), static_cast<std::size_t>(size)) : std::string();
}

EntryKind kind_of_type(unsigned char type) noexcept {
    switch (type) {
        case DT_DIR:
            return EntryKind::Directory;
        case DT_REG:
            return EntryKind::File;
        case DT_LNK:
            return EntryKind::Link;
        case DT_UNKNOWN:
            return EntryKind::Unknown;
        default:
            return EntryKind::Other;
    }
}

bool is_dot_or_dots(const char* name) noexcept {
    return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

}  // namespace

Result<FileTree> FileTree::below(const char* root) {
    FileTree tree;
    TRY(tree.root_, open_file(root, O_PATH | O_DIRECTORY));
    // Whether the kernel can do it is asked here, once.
    TRY(const UniqueFd self, open_in_root(tree.root_.get(), "/", O_PATH | O_DIRECTORY));
    tree.prefix_ = root;
    while (!tree.prefix_.empty() && tree.prefix_.back() == '/') {
        tree.prefix_.pop_back();
    }
    tree.real_prefix_ = path_behind(self.get());
    return tree;
}

Result<UniqueFd> FileTree::open(const std::string& path, int flags) const {
    if (is_machine()) {
        return owned(::open(path.c_str(), flags | kAlways));
    }
    return open_in_root(root_.get(), path.c_str(), flags);
}

std::string FileTree::path_of(int fd) const {
    std::string path = path_behind(fd);
    const bool is_below = real_prefix_ != "/" && path.starts_with(real_prefix_);
    if (!is_machine() && is_below) {
        path.erase(0, real_prefix_.size());
        return path.empty() ? "/" : path;
    }
    return path;
}

Result<OpenDirectory> OpenDirectory::open(const FileTree& tree, const std::string& path) {
    TRY(UniqueFd fd, tree.open(path, O_RDONLY | O_DIRECTORY));
    return OpenDirectory(tree, path, std::move(fd));
}

std::string OpenDirectory::resolved_path() const {
    std::string resolved = tree_->path_of(fd_.get());
    return resolved.empty() ? path_ : resolved;
}

Result<UniqueFd> OpenDirectory::open_entry(const char* name, int flags) const {
    if (tree_->is_machine()) {
        return owned(::openat(fd_.get(), name, flags | kAlways));
    }
    return tree_->open(path_ + "/" + name, flags);
}

Result<OpenDirectory> OpenDirectory::open_directory(const char* name) const {
    TRY(UniqueFd fd, open_entry(name, O_RDONLY | O_DIRECTORY));
    return OpenDirectory(*tree_, path_ + "/" + name, std::move(fd));
}

EntryKind OpenDirectory::kind_behind(const char* name) const {
    const auto fd = open_entry(name, O_PATH);
    struct stat info {};
    if (!fd || ::fstat(fd->get(), &info) < 0) {
        return EntryKind::Unknown;
    }
    return kind_of_type(static_cast<unsigned char>(IFTODT(info.st_mode)));
}

Result<std::string> OpenDirectory::read(const char* name, std::size_t limit) const {
    TRY(const UniqueFd fd, open_entry(name, O_RDONLY));
    struct stat info {};
    if (::fstat(fd.get(), &info) < 0) {
        return last_error("stat");
    }
    if (!S_ISREG(info.st_mode)) {
        return Error("read", S_ISDIR(info.st_mode) ? EISDIR : EINVAL);
    }
    // A byte more than expected shows that there is more.
    std::string text(std::min(static_cast<std::size_t>(info.st_size), limit) + 1, '\0');
    TRY(const std::string_view filled, read_up_to(fd.get(), text));
    if (filled.size() == text.size()) {
        return Error("read", EFBIG);
    }
    text.resize(filled.size());
    return text;
}

Result<bool> OpenDirectory::Listing::next() {
    do {
        if (at == end) {
            const ssize_t size = ::getdents64(fd, buffer, sizeof buffer);
            if (size <= 0) {
                return size == 0 ? Result<bool>(false) : last_error("list");
            }
            at = 0;
            end = static_cast<std::size_t>(size);
        }
        const auto* entry = reinterpret_cast<const dirent64*>(buffer + at);
        at += entry->d_reclen;
        name = entry->d_name;
        kind = kind_of_type(entry->d_type);
        if (++count > kMostEntries) {
            return Error("list", E2BIG);
        }
    } while (is_dot_or_dots(name));
    return true;
}

Result<std::vector<DirectoryEntry>> OpenDirectory::entries() const {
    std::vector<DirectoryEntry> found;
    TRY_VOID(for_each([&](const char* name, EntryKind kind) {
        if (name[0] != '.') {
            found.push_back({name, kind});
        }
    }));
    std::sort(found.begin(), found.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    return found;
}

std::string_view base_name(std::string_view path) noexcept {
    return path.substr(path.rfind('/') + 1);
}

std::string_view parent_path(std::string_view path) noexcept {
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? "." : path.substr(0, std::max<std::size_t>(slash, 1));
}

}  // namespace mainstay::supervisor
