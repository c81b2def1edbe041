#include "supervisor/chpst/program.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/fd_io.h"
#include "common/runit_words.h"
#include "common/version.h"

namespace mainstay::chpst {
namespace {

constexpr int kExitUsage = 100;
constexpr int kExitFatal = 111;
constexpr std::size_t kMostGroups = 60;
constexpr std::size_t kMostOfVariable = std::size_t{64} * 1024;
constexpr char kUsualPath[] = "/bin:/usr/bin";

/// In the order of Limit.
constexpr std::array kResources{RLIMIT_DATA,   RLIMIT_STACK, RLIMIT_MEMLOCK, RLIMIT_AS,
                                RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_FSIZE,   RLIMIT_CORE,
                                RLIMIT_RSS,    RLIMIT_CPU};
static_assert(kResources.size() == kLimits);

void complain(std::string line) {
    line += '\n';
    static_cast<void>(write_all(STDERR_FILENO, line));
}

[[noreturn]] void fatal(const std::string& what) {
    complain("chpst: fatal: " + what);
    ::_exit(kExitFatal);
}

[[noreturn]] void fatal(const std::string& what, int code) {
    fatal(what + ": " + runit_error_text(code));
}

// --- users --------------------------------------------------------------------------------------

struct CloseFile {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

struct Identity {
    uid_t uid = 0;
    std::vector<gid_t> groups;  ///< the first one is its own
};

/// Of /etc/passwd alone, as everywhere in a static program.
bool find_user(std::string_view name, uid_t& uid, gid_t& gid) {
    const File file(std::fopen("/etc/passwd", "re"));
    while (const passwd* entry = file ? ::fgetpwent(file.get()) : nullptr) {
        if (name == entry->pw_name) {
            uid = entry->pw_uid;
            gid = entry->pw_gid;
            return true;
        }
    }
    return false;
}

bool find_group(std::string_view name, gid_t& gid) {
    const File file(std::fopen("/etc/group", "re"));
    while (const group* entry = file ? ::fgetgrent(file.get()) : nullptr) {
        if (name == entry->gr_name) {
            gid = entry->gr_gid;
            return true;
        }
    }
    return false;
}

std::string_view take_part(std::string_view& text) noexcept {
    const std::size_t colon = text.find(':');
    const std::string_view part = text.substr(0, colon);
    text.remove_prefix(colon == std::string_view::npos ? text.size() : colon + 1);
    return part;
}

/// ":uid:gid[:gid…]", without the first colon.
bool read_numbers(std::string_view text, Identity& identity) {
    const LeadingNumber uid = leading_number(text);
    if (text.substr(uid.length, 1) != ":") {
        return false;
    }
    identity.uid = static_cast<uid_t>(uid.value);
    text.remove_prefix(uid.length);
    while (text.starts_with(':') && identity.groups.size() < kMostGroups) {
        const LeadingNumber gid = leading_number(text.substr(1));
        identity.groups.push_back(static_cast<gid_t>(gid.value));
        text.remove_prefix(1 + gid.length);
    }
    return text.empty();
}

/// "user[:group…]"
bool read_names(std::string_view text, Identity& identity) {
    const bool has_groups = text.find(':') != std::string_view::npos;
    gid_t gid = 0;
    if (!find_user(take_part(text), identity.uid, gid)) {
        return false;
    }
    if (!has_groups) {
        identity.groups = {gid};
        return true;
    }
    do {
        if (!find_group(take_part(text), gid)) {
            return false;
        }
        identity.groups.push_back(gid);
    } while (!text.empty() && identity.groups.size() < kMostGroups);
    return true;
}

Identity identity_of(const char* user, Program program) {
    Identity identity;
    if (program != Program::Chpst) {
        gid_t gid = 0;
        if (!find_user(user, identity.uid, gid)) {
            fatal(std::string("unknown account: ") + user);
        }
        identity.groups = {gid};
    } else if (*user == ':') {
        if (!read_numbers(user + 1, identity)) {
            fatal(std::string("invalid uid/gids: ") + (user + 1));
        }
    } else if (!read_names(user, identity)) {
        fatal(std::string("unknown user/group: ") + user);
    }
    return identity;
}

void become(const Identity& identity) {
    if (::setgroups(identity.groups.size(), identity.groups.data()) < 0) {
        fatal("unable to setgroups", errno);
    }
    if (::setgid(identity.groups.front()) < 0) {
        fatal("unable to setgid", errno);
    }
    if (::setuid(identity.uid) < 0) {
        fatal("unable to setuid", errno);
    }
}

// --- environment --------------------------------------------------------------------------------

class Variables {
  public:
    Variables() {
        for (char** entry = environ; *entry != nullptr; ++entry) {
            entries_.emplace_back(*entry);
        }
    }

    /// "NAME=VALUE" sets, "NAME" takes away. A name with a = in it ends there, as in runit.
    void take(const std::string& change) {
        const std::size_t end = change.find('=');
        const std::string name = change.substr(0, end) + "=";
        std::erase_if(entries_, [&](const std::string& entry) { return entry.starts_with(name); });
        if (end != std::string::npos) {
            entries_.push_back(change);
        }
    }

    std::vector<char*> pointers() {
        std::vector<char*> all;
        for (std::string& entry : entries_) {
            all.push_back(entry.data());
        }
        all.push_back(nullptr);
        return all;
    }

  private:
    std::vector<std::string> entries_;
};

/// The first line of a file, without blanks at its end, NUL as newline.
std::string change_of(const char* name, std::string_view text) {
    if (text.empty()) {
        return name;
    }
    std::string line(text.substr(0, text.find('\n')));
    line.erase(line.find_last_not_of(" \t") + 1);
    std::replace(line.begin(), line.end(), '\0', '\n');
    return std::string(name) + "=" + line;
}

void read_variable(const Plan& plan, const char* name, Variables& variables) {
    std::vector<char> buffer(kMostOfVariable);
    const auto file = open_file(name, O_RDONLY | O_NONBLOCK);
    const auto text =
        file ? read_up_to(file->get(), buffer) : Result<std::string_view>(file.error());
    if (text) {
        return variables.take(change_of(name, *text));
    }
    const std::string why = std::string("unable to read ") + plan.environment + "/" + name + ": " +
                            runit_error_text(text.error().code);
    if (text.error().code != EISDIR || plan.program != Program::Chpst) {
        fatal(why);
    }
    if (plan.is_verbose) {
        complain("chpst: warning: " + why);
    }
}

struct CloseDirectory {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

void read_environment(const Plan& plan, Variables& variables) {
    const std::string name = plan.environment;
    const auto here = open_file(".", O_RDONLY);
    if (!here) {
        fatal("unable to open current working directory", here.error().code);
    }
    if (::chdir(plan.environment) < 0) {
        fatal("unable to switch to directory: " + name, errno);
    }
    const std::unique_ptr<DIR, CloseDirectory> directory(::opendir("."));
    if (!directory) {
        fatal("unable to open directory: " + name, errno);
    }
    errno = 0;
    while (const dirent* entry = ::readdir(directory.get())) {
        if (entry->d_name[0] != '.') {
            read_variable(plan, entry->d_name, variables);
        }
        errno = 0;
    }
    if (errno != 0) {
        fatal("unable to read directory: " + name, errno);
    }
    if (::fchdir(here->get()) < 0) {
        fatal("unable to switch to starting directory", errno);
    }
}

// --- the rest -----------------------------------------------------------------------------------

void change_directory(const Plan& plan) {
    if (plan.root != nullptr) {
        if (::chdir(plan.root) < 0) {
            fatal(std::string("unable to change directory: ") + plan.root, errno);
        }
        if (::chroot(".") < 0) {
            fatal("unable to change root directory", errno);
        }
    }
    if (plan.directory != nullptr && ::chdir(plan.directory) < 0) {
        fatal(std::string("unable to change directory: ") + plan.directory, errno);
    }
}

void change_priority(int by) {
    errno = 0;
    if (by != 0 && ::nice(by) == -1 && errno != 0) {
        fatal("unable to set nice level", errno);
    }
}

/// Held by the descriptor, which the program gets.
void take_lock(const Plan& plan) {
    if (plan.lock == nullptr) {
        return;
    }
    const auto give_up = [&](const char* what, int code) {
        if (plan.fails_quietly) {
            ::_exit(EXIT_SUCCESS);
        }
        fatal(std::string(what) + ": " + plan.lock, code);
    };
    auto file = open_file(plan.lock, O_WRONLY | O_NONBLOCK | O_APPEND | O_CREAT, 0600);
    if (!file) {
        return give_up("unable to open lock", file.error().code);
    }
    const int fd = file->release();
    ::fcntl(fd, F_SETFD, 0);
    if (::flock(fd, plan.waits_for_lock ? LOCK_EX : LOCK_EX | LOCK_NB) < 0) {
        give_up("unable to lock", errno);
    }
}

void close_streams(const Plan& plan) {
    constexpr std::array kNames{"stdin", "stdout", "stderr"};
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
        const auto index = static_cast<std::size_t>(fd);
        if (plan.closes[index] && ::close(fd) < 0) {
            fatal(std::string("unable to close ") + kNames[index], errno);
        }
    }
}

void set_limits(const Plan& plan) {
    for (std::size_t i = 0; i < kLimits; ++i) {
        if (!plan.limits[i]) {
            continue;
        }
        rlimit limit{};
        if (::getrlimit(static_cast<__rlimit_resource_t>(kResources[i]), &limit) < 0) {
            fatal("unable to getrlimit()", errno);
        }
        limit.rlim_cur = std::min<rlim_t>(*plan.limits[i], limit.rlim_max);
        if (::setrlimit(static_cast<__rlimit_resource_t>(kResources[i]), &limit) < 0) {
            fatal("unable to setrlimit()", errno);
        }
    }
}

/// By the PATH of the caller, whatever the new environment says. @returns the errno
int execute(const char* program, char* const* words, char* const* variables) {
    if (std::strchr(program, '/') != nullptr) {
        ::execve(program, words, variables);
        return errno;
    }
    const char* const own_path = std::getenv("PATH");
    std::string_view path = own_path != nullptr ? own_path : kUsualPath;
    int failed = ENOENT;
    while (true) {
        const std::size_t end = path.find(':');
        std::string candidate(path.substr(0, end));
        candidate.append(candidate.empty() ? "./" : "/").append(program);
        ::execve(candidate.c_str(), words, variables);
        if (errno != ENOENT) {
            failed = errno;
            if (errno != EACCES && errno != EPERM && errno != EISDIR) {
                return failed;
            }
        }
        if (end == std::string_view::npos) {
            return failed;
        }
        path.remove_prefix(end + 1);
    }
}

int change_and_run(const Plan& plan) {
    Variables variables;
    if (plan.has_session) {
        ::setsid();
    }
    if (plan.environment != nullptr) {
        read_environment(plan, variables);
    }
    change_directory(plan);
    change_priority(plan.nice);
    if (plan.environment_user != nullptr) {
        const Identity identity = identity_of(plan.environment_user, plan.program);
        variables.take("GID=" + std::to_string(identity.groups.front()));
        variables.take("UID=" + std::to_string(identity.uid));
    }
    if (plan.user != nullptr) {
        become(identity_of(plan.user, plan.program));
    }
    take_lock(plan);
    close_streams(plan);
    set_limits(plan);
    std::vector<char*> words(plan.command.begin(), plan.command.end());
    std::string name = plan.name != nullptr ? plan.name : words.front();
    const char* const program = words.front();
    words.front() = name.data();
    words.push_back(nullptr);
    const int failed = execute(program, words.data(), variables.pointers().data());
    if (plan.fails_quietly) {
        return EXIT_SUCCESS;
    }
    fatal("unable to run: " + name, failed);
}

}  // namespace

int run_program(int argc, char** argv, Program program) {
    const Parsed parsed = parse({argv, static_cast<std::size_t>(argc)}, program);
    if (parsed.usage) {
        if (!parsed.usage->problem.empty()) {
            complain(parsed.usage->problem);
        }
        complain(parsed.usage->text + "\n");
        return kExitUsage;
    }
    return change_and_run(parsed.plan);
}

}  // namespace mainstay::chpst
