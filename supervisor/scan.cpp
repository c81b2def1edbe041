#include "supervisor/scan.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <memory>

#include "common/fd_io.h"
#include "supervisor/name_pattern.h"
#include "supervisor/problem.h"
#include "supervisor/service_files.h"
#include "supervisor/try_again.h"

namespace mainstay::supervisor {
namespace {

constexpr std::size_t kMostEntries = 10'000;
constexpr int kMostLinks = 40;  // as the kernel has it
constexpr Duration kPauseAfterFailure = std::chrono::seconds(1);
constexpr std::uint32_t kInterest = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                                    IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB | IN_ONLYDIR;

struct CloseDirectory {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

std::string parent_of(const std::string& path) {
    const std::size_t end = path.find_last_not_of('/');
    const std::size_t slash = end == std::string::npos ? end : path.rfind('/', end);
    if (slash == std::string::npos) {
        return path.empty() || path.front() != '/' ? "." : "/";
    }
    const std::size_t last = path.find_last_not_of('/', slash);
    return last == std::string::npos ? "/" : path.substr(0, last + 1);
}

std::string name_of(const std::string& path) {
    const std::size_t end = path.find_last_not_of('/');
    if (end == std::string::npos) {
        return {};
    }
    const std::size_t slash = path.rfind('/', end);
    return path.substr(slash == std::string::npos ? 0 : slash + 1,
                       end - (slash == std::string::npos ? 0 : slash + 1) + 1);
}

bool exists(const std::string& path) noexcept {
    return ::access(path.c_str(), F_OK) == 0;
}

/// Empty for what is no link.
Result<std::string> link_text(int directory, const char* name) {
    std::array<char, PATH_MAX> buffer;
    const ssize_t size = ::readlinkat(directory, name, buffer.data(), buffer.size());
    if (size < 0 && may_pass(errno)) {
        return last_error("readlink");
    }
    return size < 0 ? std::string() : std::string(buffer.data(), static_cast<std::size_t>(size));
}

/// Where a link leads; empty for what is none.
std::string behind(std::string path) {
    path.erase(path.find_last_not_of('/') + 1);
    const auto text = link_text(AT_FDCWD, path.c_str());
    if (!text || text->empty() || text->front() == '/') {
        return text ? *text : std::string();
    }
    return parent_of(path) + "/" + *text;
}

}  // namespace

Scan::Scan(Loop& loop, Journal& journal, ScanListener& listener, std::string directory,
           Missing missing)
    : loop_(loop),
      journal_(journal),
      listener_(listener),
      directory_(std::move(directory)),
      said_missing_(missing == Missing::Usual) {}

Result<void> Scan::start() {
    inotify_ = UniqueFd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    const bool has_inotify = inotify_.valid();
    const Error error = last_error("inotify_init");
    if (has_inotify) {
        events_ = loop_.watch_readable(inotify_.get(), [this] { on_events(); });
        watch_again();
    }
    // Watching comes first: what changes while it is read is read again.
    // And this first reading decides which services of a supervisor before us have a directory: the
    // others are stopped.
    use(try_for_a_second([this] { return read_entries(); }));
    return has_inotify ? Result<void>() : Result<void>(error);
}

void Scan::end() {
    has_ended_ = true;
    events_.reset();
    for (const auto& [id, names] : names_) {
        ::inotify_rm_watch(inotify_.get(), id);
    }
    names_.clear();
}

void Scan::watch(const std::string& path, const std::string& name) {
    const int id = ::inotify_add_watch(inotify_.get(), path.c_str(), kInterest);
    if (id < 0) {
        if (errno != ENOENT && errno != ENOTDIR) {
            journal_.warning(path + ": cannot be watched: " + errno_text(errno) +
                             "; changes are not noticed");
        }
        return;
    }
    names_[id].push_back(name);
}

/// The directory that the last name of @p path is in, or the nearest one that is there.
void Scan::watch_place(const std::string& path) {
    std::string missing = path;
    std::string ancestor = parent_of(path);
    while (!exists(ancestor) && ancestor != "/" && ancestor != ".") {
        missing = ancestor;
        ancestor = parent_of(ancestor);
    }
    watch(ancestor, name_of(missing));
}

/// Adding a watch that exists gives the same number again, so this may be done at any time.
void Scan::watch_again() {
    if (has_ended_ || !inotify_.valid()) {
        return;  // it may have been a change of what is watched that led to the end
    }
    std::map<int, std::vector<std::string>> before = std::exchange(names_, {});
    watch(directory_, "");
    std::string place = directory_;
    for (int link = 0; link < kMostLinks && !place.empty(); ++link) {
        watch_place(place);
        place = behind(place);
    }
    std::array<char, PATH_MAX> real;
    if (::realpath(directory_.c_str(), real.data()) != nullptr) {
        watch(parent_of(real.data()), name_of(real.data()));
    }
    for (const auto& [id, names] : before) {
        if (names_.find(id) == names_.end()) {
            ::inotify_rm_watch(inotify_.get(), id);
        }
    }
}

bool Scan::is_of_interest(int id, const char* name) const {
    const auto found = names_.find(id);
    if (found == names_.end()) {
        return false;
    }
    // An event of the directory itself has no name.
    return name[0] == '\0' || std::any_of(found->second.begin(), found->second.end(),
                                          [&](const std::string& interesting) {
                                              return interesting.empty() || interesting == name;
                                          });
}

void Scan::on_events() {
    alignas(inotify_event) std::array<char, 16384> buffer;
    bool changed = false;
    for (;;) {
        const ssize_t size = ::read(inotify_.get(), buffer.data(), buffer.size());
        if (size <= 0) {
            break;
        }
        for (const char* at = buffer.data(); at < buffer.data() + size;) {
            const auto* event = reinterpret_cast<const inotify_event*>(at);
            changed = changed || (event->mask & (IN_Q_OVERFLOW | IN_IGNORED)) != 0 ||
                      is_of_interest(event->wd, event->len > 0 ? event->name : "");
            at += sizeof *event + event->len;
        }
    }
    if (changed) {
        watch_again();
        read_directory();
    }
}

Result<Entries> Scan::read_entries() {
    const Directory directory(::opendir(directory_.c_str()));
    if (!directory) {
        return last_error("open");
    }
    Entries entries;
    std::map<std::string, std::string> oddities;
    for (;;) {
        errno = 0;
        const dirent* entry = ::readdir(directory.get());
        if (entry == nullptr && errno != 0) {
            return last_error("read");
        }
        if (entry == nullptr) {
            break;
        }
        if (entry->d_name[0] == '.' || std::string_view(entry->d_name) == kDefaultsFile) {
            continue;
        }
        if (entries.size() + oddities.size() == kMostEntries) {
            journal_.error(directory_ + ": more than 10000 entries; the rest is left out");
            break;
        }
        if (const auto fault = fault_of_name(entry->d_name); !fault.empty()) {
            oddities.emplace(entry->d_name, fault);
            continue;
        }
        const int fd = ::dirfd(directory.get());
        struct stat info {};
        EntryTarget target{0, 0, {}};
        TRY(target.link, link_text(fd, entry->d_name));
        if (::fstatat(fd, entry->d_name, &info, 0) == 0) {
            if (!S_ISDIR(info.st_mode)) {
                oddities.emplace(entry->d_name, "it is not a directory");
                continue;
            }
            target.device = info.st_dev;
            target.inode = info.st_ino;
        } else if (may_pass(errno)) {
            return last_error("stat");  // else a service would be stopped for it
        } else if (target.link.empty()) {
            continue;  // gone since it was listed
        }
        entries.emplace(entry->d_name, std::move(target));
    }
    tell_oddities(std::move(oddities));
    return entries;
}

/// Once for each, for as long as it is there.
void Scan::tell_oddities(std::map<std::string, std::string> found) {
    for (const auto& [name, why] : found) {
        if (const auto said = said_not_services_.find(name);
            said == said_not_services_.end() || said->second != why) {
            journal_.warning(directory_ + "/" + shown(name) + ": not a service: " + why);
        }
    }
    said_not_services_ = std::move(found);
}

void Scan::read_directory() {
    use(read_entries());
}

void Scan::use(Result<Entries> entries) {
    if (!entries) {
        if (!said_missing_) {
            journal_.warning(
                directory_ + ": " + errno_text(entries.error().code) +
                (entries_.empty() ? "; waiting for it" : "; the services go on until it is back"));
        }
        said_missing_ = true;
        if (may_pass(entries.error().code)) {
            loop_.call_after(kPauseAfterFailure, [this] { read_directory(); });
        }
        return;
    }
    if (std::exchange(said_missing_, false)) {
        journal_.info(directory_ + ": there now");
    }
    const ScanDiff diff = diff_entries(entries_, *entries);
    entries_ = std::move(*entries);
    apply(diff);
}

void Scan::apply(const ScanDiff& diff) {
    listener_.entries_begin();
    for (const auto* names : {&diff.removed, &diff.retargeted}) {
        for (const std::string& name : *names) {
            listener_.entry_removed(name);
        }
    }
    for (const auto* names : {&diff.retargeted, &diff.added}) {
        for (const std::string& name : *names) {
            const EntryTarget& target = entries_[name];
            if (target.inode == 0) {
                journal_.warning(directory_ + "/" + name + ": dangling symlink to " + target.link);
            }
            listener_.entry_added(name, directory_ + "/" + name);
        }
    }
    listener_.entries_end();
}

}  // namespace mainstay::supervisor
