#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "common/fd_io.h"
#include "init/config_files.h"
#include "init/name_table.h"
#include "init/steps.h"
#include "init/tmpfiles_line.h"

// tmpfiles.d: directories, files and links that are to be there at each boot.

namespace mainstay::init {
namespace {

struct DirectoryCloser {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, DirectoryCloser>;

constexpr int kDeepest = 64;

Directory open_directory(int at, const char* name) noexcept {
    UniqueFd fd(::openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    Directory directory(fd.valid() ? ::fdopendir(fd.get()) : nullptr);
    if (directory) {
        (void)fd.release();
    }
    return directory;
}

/// Calls @p take with a directory's descriptor and the name of each thing in it.
template <typename Take>
void for_each_in(DIR& directory, Take&& take) noexcept {
    while (const dirent* entry = ::readdir(&directory)) {
        const std::string_view name(entry->d_name);
        if (name != "." && name != "..") {
            take(::dirfd(&directory), entry->d_name);
        }
    }
}

/// Below one directory, never into a link, never onto another file system.
void remove_below(DIR& directory, dev_t device, int depth) noexcept {
    for_each_in(directory, [&](int at, const char* name) {
        struct stat info {};
        if (::fstatat(at, name, &info, AT_SYMLINK_NOFOLLOW) != 0 || info.st_dev != device) {
            return;
        }
        if (S_ISDIR(info.st_mode) && depth < kDeepest) {
            if (const Directory below = open_directory(at, name)) {
                remove_below(*below, device, depth + 1);
            }
        }
        (void)::unlinkat(at, name, S_ISDIR(info.st_mode) ? AT_REMOVEDIR : 0);
    });
}

class Maker {
  public:
    explicit Maker(Log& log) noexcept : log_(log) {
        for (auto [path, file] : {std::pair{"/etc/passwd", &users_}, {"/etc/group", &groups_}}) {
            if (auto mapped = MappedMemory::file(path)) {
                *file = std::move(*mapped);
            }
        }
    }

    bool apply(const char* file, unsigned number, std::string_view text) noexcept {
        const TmpfilesLine line = parse_tmpfiles_line(text);
        if (line.kind == TmpfilesLine::Kind::Empty) {
            return true;
        }
        if (line.kind == TmpfilesLine::Kind::Wrong) {
            log_.warning("%s:%u: %s", file, number, line.problem);
            return false;
        }
        if (!find_owner(line)) {
            log_.warning("%s:%u: there is no user '%s' or no group '%s'", file, number,
                         line.user.c_str(), line.group.c_str());
            return line.may_fail;
        }
        const auto made = make(line);
        if (!made && !line.may_fail) {
            log_.warning("%s:%u: %s: %s: %s", file, number, line.path.c_str(), made.error().action,
                         errno_text(made.error().code));
        }
        return made.has_value() || line.may_fail;
    }

  private:
    static constexpr std::uint32_t kUnchanged = static_cast<std::uint32_t>(-1);

    bool find_owner(const TmpfilesLine& line) noexcept {
        const auto user = line.user.empty() ? kUnchanged : find_id(users_.text(), line.user);
        const auto group = line.group.empty() ? kUnchanged : find_id(groups_.text(), line.group);
        user_ = user.value_or(kUnchanged);
        group_ = group.value_or(kUnchanged);
        return user && group;
    }

    Result<void> make(const TmpfilesLine& line) noexcept {
        switch (line.type) {
            case 'd':
            case 'D':
                return make_directory(line);
            case 'f':
            case 'F':
                return make_file(line);
            case 'w':
                return write_file(line.path.c_str(), line.argument);
            case 'L':
                return make_link(line);
            case 'p':
                return make_node(line, S_IFIFO);
            case 'c':
                return make_node(line, S_IFCHR);
            case 'b':
                return make_node(line, S_IFBLK);
            case 'r':
            case 'R':
                return remove(line);
            default:
                return adjust(AT_FDCWD, line.path.c_str(), line, 0);
        }
    }

    void make_parents(const TmpfilesLine& line) noexcept {
        for (std::size_t end = 1; end < line.path.size(); ++end) {
            if (line.path.view()[end] == '/') {
                const FixedString<256> part(line.path.view().substr(0, end));
                (void)::mkdir(part.c_str(), 0755);
            }
        }
    }

    /// Owner and mode of what @p fd is.
    Result<void> own(int fd, std::optional<std::uint32_t> mode) noexcept {
        if ((user_ != kUnchanged || group_ != kUnchanged) && ::fchown(fd, user_, group_) != 0) {
            return last_error("chown");
        }
        if (mode && ::fchmod(fd, *mode) != 0) {
            return last_error("chmod");
        }
        return {};
    }

    Result<void> make_directory(const TmpfilesLine& line) noexcept {
        make_parents(line);
        if (::mkdir(line.path.c_str(), 0755) != 0 && errno != EEXIST) {
            return last_error("mkdir");
        }
        const Directory directory = open_directory(AT_FDCWD, line.path.c_str());
        if (!directory) {
            return last_error("open");
        }
        struct stat info {};
        if (line.type == 'D' && ::fstat(::dirfd(directory.get()), &info) == 0) {
            remove_below(*directory, info.st_dev, 0);
        }
        return own(::dirfd(directory.get()), line.mode.value_or(0755));
    }

    Result<void> make_file(const TmpfilesLine& line) noexcept {
        make_parents(line);
        const bool truncates = line.type == 'F' || line.replaces;
        const int flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK;
        auto fd = open_file(line.path.c_str(), flags | (truncates ? O_TRUNC : O_EXCL), 0644);
        if (!fd) {
            const bool is_there = fd.error().code == EEXIST;
            return is_there ? Result<void>() : Result<void>(fd.error());
        }
        TRY_VOID(write_all(fd->get(), line.argument));
        return own(fd->get(), line.mode.value_or(0644));
    }

    Result<void> make_link(const TmpfilesLine& line) noexcept {
        make_parents(line);
        if (line.replaces && ::unlink(line.path.c_str()) != 0 && errno != ENOENT) {
            return last_error("unlink");
        }
        if (::symlink(line.argument.c_str(), line.path.c_str()) != 0 && errno != EEXIST) {
            return last_error("symlink");
        }
        return {};
    }

    Result<void> make_node(const TmpfilesLine& line, mode_t kind) noexcept {
        make_parents(line);
        if (line.replaces && ::unlink(line.path.c_str()) != 0 && errno != ENOENT) {
            return last_error("unlink");
        }
        const std::uint32_t mode = line.mode.value_or(0644);
        if (::mknod(line.path.c_str(), kind | mode, ::makedev(line.major, line.minor)) != 0) {
            return errno == EEXIST ? Result<void>() : last_error("mknod");
        }
        return adjust(AT_FDCWD, line.path.c_str(), line, 0);
    }

    static Result<void> remove(const TmpfilesLine& line) noexcept {
        struct stat info {};
        if (::lstat(line.path.c_str(), &info) != 0) {
            return errno == ENOENT ? Result<void>() : last_error("stat");
        }
        if (S_ISDIR(info.st_mode) && line.type == 'R') {
            if (const Directory directory = open_directory(AT_FDCWD, line.path.c_str())) {
                remove_below(*directory, info.st_dev, 0);
            }
        }
        const int result =
            S_ISDIR(info.st_mode) ? ::rmdir(line.path.c_str()) : ::unlink(line.path.c_str());
        return result == 0 ? Result<void>() : last_error("remove");
    }

    /// Mode and owner, of Z with all that is below; a link's own target is left alone.
    Result<void> adjust(int at, const char* name, const TmpfilesLine& line, int depth) noexcept {
        const UniqueFd fd(::openat(at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
        struct stat info {};
        if (!fd.valid() || ::fstat(fd.get(), &info) != 0) {
            return errno == ENOENT ? Result<void>() : last_error("open");
        }
        if (S_ISLNK(info.st_mode)) {
            return {};
        }
        FixedString<40> path;  // fchown and fchmod take no descriptor of a mere path
        path.append_format("/proc/self/fd/%d", fd.get());
        if ((user_ != kUnchanged || group_ != kUnchanged) &&
            ::chown(path.c_str(), user_, group_) != 0) {
            return last_error("chown");
        }
        if (line.mode && ::chmod(path.c_str(), *line.mode) != 0) {
            return last_error("chmod");
        }
        const bool goes_down = line.type == 'Z' && S_ISDIR(info.st_mode) && depth < kDeepest;
        const Directory directory = goes_down ? open_directory(at, name) : nullptr;
        Result<void> result;
        if (directory) {
            for_each_in(*directory, [&](int below, const char* entry) {
                if (const auto adjusted = adjust(below, entry, line, depth + 1); !adjusted) {
                    result = adjusted;
                }
            });
        }
        return result;
    }

    Log& log_;
    MappedMemory users_;
    MappedMemory groups_;
    std::uint32_t user_ = kUnchanged;
    std::uint32_t group_ = kUnchanged;
};

}  // namespace

StepResult step_tmpfiles(const StepContext& context) noexcept {
    Maker maker(context.log);
    bool done = true;
    for_each_config_file(
        {"tmpfiles.d", ".conf"}, context.log, [&](const char* path, std::string_view text) {
            for_each_numbered_line(text, [&](unsigned number, std::string_view line) {
                done = maker.apply(path, number, line) && done;
            });
        });
    return done ? StepResult::Done : StepResult::Failed;
}

}  // namespace mainstay::init
