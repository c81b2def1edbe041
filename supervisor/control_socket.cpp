#include "supervisor/control_socket.h"

#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <memory>

#include "supervisor/alive.h"

namespace mainstay::supervisor {
namespace {

constexpr mode_t kDirectoryMode = 0755;
constexpr mode_t kSocketMode = 0660;
constexpr int kBacklog = 128;

Result<sockaddr_un> address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) {
        return Error{"bind", path.empty() ? EINVAL : ENAMETOOLONG};
    }
    std::memcpy(address.sun_path, path.c_str(), path.size());
    return address;
}

const sockaddr* generic(const sockaddr_un& address) noexcept {
    return reinterpret_cast<const sockaddr*>(&address);
}

Result<UniqueFd> make_socket() {
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd.valid()) {
        return last_error("socket");
    }
    return fd;
}

/// The kernel connects to whatever listens, also where nobody is left who would answer: what a
/// supervisor that was killed had in hand, children on their way to their program, has its
/// descriptors for a moment longer. Whose credentials it names is the one who listened.
bool is_listener_alive(int probe) noexcept {
    ucred listener{};
    socklen_t size = sizeof listener;
    const bool is_known =
        ::getsockopt(probe, SOL_SOCKET, SO_PEERCRED, &listener, &size) == 0 && listener.pid > 0;
    return !is_known || is_alive(listener.pid);
}

Result<bool> somebody_answers(const sockaddr_un& address) {
    TRY(const UniqueFd probe, make_socket());
    if (::connect(probe.get(), generic(address), sizeof address) == 0) {
        return is_listener_alive(probe.get());
    }
    // A full backlog is a living supervisor that is busy.
    return errno == EAGAIN;
}

/// The directories above @p path, as mkdir -p.
Result<void> make_directories(const std::string& path) {
    for (std::size_t slash = path.find('/', 1); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
        const std::string directory = path.substr(0, slash);
        const bool made = ::mkdir(directory.c_str(), kDirectoryMode) == 0;
        if (!made && errno != EEXIST) {
            return last_error("mkdir");
        }
        if (made) {
            ::chmod(directory.c_str(), kDirectoryMode);  // whatever the umask is
        }
    }
    return {};
}

/// Binds under a name of its own and renames: nobody sees the socket before its rights are set.
Result<void> bind_and_show(int fd, const std::string& path, std::optional<gid_t> group) {
    const std::string hidden = path + "." + std::to_string(::getpid());
    TRY(const sockaddr_un address, address_of(hidden));
    ::unlink(hidden.c_str());
    const mode_t before = ::umask(0177);
    const bool bound = ::bind(fd, generic(address), sizeof address) == 0;
    const Error error = last_error("bind");
    ::umask(before);
    if (!bound) {
        return error;
    }
    // Without the right to give it to the group, its members just cannot look.
    const bool is_given = !group || ::chown(hidden.c_str(), static_cast<uid_t>(-1), *group) == 0;
    ::chmod(hidden.c_str(), is_given ? kSocketMode : 0600);
    const bool listens = ::listen(fd, kBacklog) == 0;
    if (!listens || ::rename(hidden.c_str(), path.c_str()) < 0) {
        const Error failed = last_error(listens ? "rename" : "listen");
        ::unlink(hidden.c_str());
        return failed;
    }
    return {};
}

struct CloseFile {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

}  // namespace

Result<ControlSocket> make_control_socket(const std::string& path, std::optional<gid_t> group) {
    TRY(const sockaddr_un address, address_of(path));
    TRY(const bool taken, somebody_answers(address));
    if (taken) {
        return Error{"bind", EADDRINUSE};
    }
    TRY_VOID(make_directories(path));
    TRY(UniqueFd fd, make_socket());
    TRY_VOID(bind_and_show(fd.get(), path, group));
    struct stat info {};
    if (::stat(path.c_str(), &info) < 0) {
        return last_error("stat");
    }
    return ControlSocket{std::move(fd), info.st_dev, info.st_ino};
}

Result<ControlSocket> inherited_control_socket(const std::string& path, int fd) {
    int listens = 0;
    socklen_t size = sizeof listens;
    if (fd < 0 || ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) < 0) {
        return last_error("getsockopt");
    }
    if (listens == 0) {
        return Error{"listen", EINVAL};
    }
    // Closed where it is of no use: whoever has connected to it would wait for ever.
    UniqueFd listener(fd);
    struct stat info {};
    if (::stat(path.c_str(), &info) < 0 || !S_ISSOCK(info.st_mode)) {
        return Error{"listen", ENOENT};
    }
    return ControlSocket{std::move(listener), info.st_dev, info.st_ino};
}

bool is_connected(int fd) noexcept {
    sockaddr_un peer{};
    socklen_t size = sizeof peer;
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the way of the socket interface
    return ::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) == 0 &&
           peer.sun_family == AF_UNIX;
}

bool is_in_place(const std::string& path, const ControlSocket& socket) noexcept {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 && info.st_dev == socket.device &&
           info.st_ino == socket.inode;
}

std::optional<gid_t> find_group(const std::string& name) {
    gid_t number = 0;
    const char* end = name.data() + name.size();
    const auto parsed = std::from_chars(name.data(), end, number);
    if (parsed.ec == std::errc() && parsed.ptr == end) {
        return number;
    }
    const std::unique_ptr<std::FILE, CloseFile> file(std::fopen("/etc/group", "re"));
    while (const group* entry = file ? ::fgetgrent(file.get()) : nullptr) {
        if (name == entry->gr_name) {
            return entry->gr_gid;
        }
    }
    return std::nullopt;
}

}  // namespace mainstay::supervisor
