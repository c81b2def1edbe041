#include "supervisor/listening_socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "common/fd_io.h"
#include "supervisor/descriptor_reserve.h"

namespace mainstay::supervisor {
namespace {

using Kind = ListenPoint::Kind;

constexpr mode_t kDirectoryMode = 0755;
constexpr mode_t kPermissions = 07777;
constexpr char kInUse[] = "somebody else has it: another service, or a program beside us";
constexpr char kNoSuchAddress[] = "no network interface has this address (yet)";
constexpr char kIsNoSocket[] = "there is a file that is no socket; it is left alone: remove it";
constexpr char kIsNoFifo[] = "there is a file that is no fifo; it is left alone: remove it";

int type_of(Kind kind) noexcept {
    switch (kind) {
        case Kind::Tcp:
        case Kind::Unix:
            return SOCK_STREAM;
        case Kind::UnixSeqpacket:
            return SOCK_SEQPACKET;
        case Kind::Udp:
        case Kind::UnixDatagram:
        case Kind::Fifo:
            break;
    }
    return SOCK_DGRAM;
}

/// Any of the addresses that a socket may have, as the calls take it.
struct Address {
    union {
        sockaddr any;
        sockaddr_in ipv4;
        sockaddr_in6 ipv6;
        sockaddr_un file;
    };
    socklen_t size = 0;

    Address() noexcept { std::memset(&file, 0, sizeof file); }
};

Address address_of(const ListenPoint& point) noexcept {
    Address address;
    if (has_path(point.kind)) {
        address.file.sun_family = AF_UNIX;
        std::memcpy(address.file.sun_path, point.path.c_str(),
                    std::min(point.path.size(), kLongestSocketPath));
        address.size = sizeof address.file;
    } else if (point.address.find(':') != std::string::npos) {
        address.ipv6.sin6_family = AF_INET6;
        address.ipv6.sin6_port = htons(point.port);
        ::inet_pton(AF_INET6, point.address.c_str(), &address.ipv6.sin6_addr);
        address.size = sizeof address.ipv6;
    } else {
        address.ipv4.sin_family = AF_INET;
        address.ipv4.sin_port = htons(point.port);
        ::inet_pton(AF_INET, point.address.c_str(), &address.ipv4.sin_addr);
        address.size = sizeof address.ipv4;
    }
    return address;
}

/// The place that a descriptor leads to.
ListenPoint point_of_socket(int fd) {
    ListenPoint point;
    Address address;
    address.size = sizeof address.file;
    int type = 0;
    socklen_t size = sizeof type;
    if (::getsockname(fd, &address.any, &address.size) < 0 ||
        ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0) {
        return point;
    }
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (address.any.sa_family == AF_UNIX) {
        point.kind = type == SOCK_STREAM  ? Kind::Unix
                     : type == SOCK_DGRAM ? Kind::UnixDatagram
                                          : Kind::UnixSeqpacket;
        address.file.sun_path[kLongestSocketPath] = '\0';
        point.path = address.file.sun_path;
        return point;
    }
    point.kind = type == SOCK_STREAM ? Kind::Tcp : Kind::Udp;
    if (address.any.sa_family == AF_INET6) {
        ::inet_ntop(AF_INET6, &address.ipv6.sin6_addr, text.data(), text.size());
        point.port = ntohs(address.ipv6.sin6_port);
    } else {
        ::inet_ntop(AF_INET, &address.ipv4.sin_addr, text.data(), text.size());
        point.port = ntohs(address.ipv4.sin_port);
    }
    point.address = text.data();
    return point;
}

ListenPoint point_of_fifo(int fd) {
    ListenPoint point;
    point.kind = Kind::Fifo;
    point.path.resize(4096);
    const std::string link = "/proc/self/fd/" + std::to_string(fd);
    const ssize_t size = ::readlink(link.c_str(), point.path.data(), point.path.size());
    point.path.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return point;
}

void make_directories(const std::string& path) noexcept {
    for (std::size_t slash = path.find('/', 1); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
        // What fails here fails again when the file is made, and is told then.
        static_cast<void>(::mkdir(path.substr(0, slash).c_str(), kDirectoryMode));
    }
}

/// As if it were unwritable for others for as long as it takes to say who may do what.
class MaskedCreation {
  public:
    explicit MaskedCreation(mode_t mode) noexcept : before_(::umask(0777 & ~mode)) {}
    ~MaskedCreation() { ::umask(before_); }
    MaskedCreation(const MaskedCreation&) = delete;
    MaskedCreation& operator=(const MaskedCreation&) = delete;

  private:
    mode_t before_;
};

/// A datagram socket says so of a socket of any type, and disturbs nobody who listens: the kernel
/// looks for somebody first, then for the type (EPROTOTYPE).
bool has_nobody_behind(const ListenPoint& point) noexcept {
    const UniqueFd probe(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const Address address = address_of(point);
    return probe.valid() && ::connect(probe.get(), &address.any, address.size) < 0 &&
           errno == ECONNREFUSED;
}

bool is_socket_file(const std::string& path) noexcept {
    struct stat info {};
    return ::lstat(path.c_str(), &info) == 0 && S_ISSOCK(info.st_mode);
}

}  // namespace

ExecFault ListeningSocket::fault(int code, const char* reason) const {
    return {"listen", to_string(point_), code, reason};
}

Result<ListeningSocket, ExecFault> ListeningSocket::make(const ListenPoint& point,
                                                         UserFiles& users) {
    ListeningSocket made;
    made.point_ = point;
    if (auto opened = made.open(users); !opened) {
        made.remove();
        return opened.error();
    }
    return made;
}

Result<void, ExecFault> ListeningSocket::open(UserFiles& users) {
    auto opened = !has_path(point_.kind)      ? open_address()
                  : point_.kind == Kind::Fifo ? open_fifo()
                                              : open_path();
    if (!opened) {
        return opened;
    }
    if (is_in_reserve(fd())) {
        return descriptor_fault(Error{"listen", EMFILE});
    }
    note_file();
    if (auto set = set_owner_and_mode(users); !set) {
        return set;
    }
    if (has_connections(point_.kind) && ::listen(fd(), static_cast<int>(point_.backlog)) < 0) {
        return fault(errno, errno == EADDRINUSE ? kInUse : "");
    }
    return {};
}

Result<void, ExecFault> ListeningSocket::open_address() {
    const Address address = address_of(point_);
    fd_ = UniqueFd(::socket(address.any.sa_family, type_of(point_.kind) | SOCK_CLOEXEC, 0));
    if (!fd_.valid()) {
        return fault(errno);
    }
    // Connections of a former run that linger keep nobody out. For datagrams it would let two
    // programs have one port.
    const int on = 1;
    if (point_.kind == Kind::Tcp &&
        ::setsockopt(fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0) {
        return fault(errno);
    }
    if (::bind(fd(), &address.any, address.size) < 0) {
        return fault(errno, errno == EADDRINUSE      ? kInUse
                            : errno == EADDRNOTAVAIL ? kNoSuchAddress
                                                     : "");
    }
    return {};
}

Result<void, ExecFault> ListeningSocket::open_path() {
    make_directories(point_.path);
    struct stat info {};
    if (::lstat(point_.path.c_str(), &info) == 0 && !S_ISSOCK(info.st_mode)) {
        return fault(EEXIST, kIsNoSocket);
    }
    remove_stale_file(point_);
    fd_ = UniqueFd(::socket(AF_UNIX, type_of(point_.kind) | SOCK_CLOEXEC, 0));
    if (!fd_.valid()) {
        return fault(errno);
    }
    const Address address = address_of(point_);
    const MaskedCreation masked(point_.mode);
    if (::bind(fd(), &address.any, address.size) < 0) {
        const int code = errno;
        fd_.reset();  // what lies there is not ours
        return fault(code, code == EADDRINUSE ? kInUse : "");
    }
    return {};
}

/// Both ends of it, so that it neither blocks nor ends when nobody writes.
Result<void, ExecFault> ListeningSocket::open_fifo() {
    make_directories(point_.path);
    {
        const MaskedCreation masked(point_.mode);
        if (::mkfifo(point_.path.c_str(), point_.mode) < 0 && errno != EEXIST) {
            return fault(errno);
        }
    }
    struct stat info {};
    auto opened = open_file(point_.path.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK);
    if (!opened || ::fstat(opened->get(), &info) < 0 || !S_ISFIFO(info.st_mode)) {
        return fault(opened ? EEXIST : opened.error().code, opened ? kIsNoFifo : "");
    }
    if (::fcntl(opened->get(), F_SETFL, O_RDWR) < 0) {
        return fault(errno);
    }
    fd_ = std::move(*opened);
    return {};
}

/// Of a path that leads here; where somebody has put another file there meanwhile it is his.
Result<void, ExecFault> ListeningSocket::set_owner_and_mode(UserFiles& users) const {
    if (!has_path(point_.kind) || !is_in_place()) {
        return {};
    }
    const char* path = point_.path.c_str();
    if (!point_.user.empty() || !point_.group.empty()) {
        ProcessSettings owner;
        owner.user = point_.user;
        owner.group = point_.group;
        owner.supplementary_groups.emplace();
        TRY(const Identity identity, users.resolve(owner));
        if (::fchownat(AT_FDCWD, path, identity.uid, identity.gid, AT_SYMLINK_NOFOLLOW) < 0) {
            return fault(errno);
        }
    }
    struct stat info {};
    if (::lstat(path, &info) < 0 ||
        ((info.st_mode & kPermissions) != point_.mode && ::chmod(path, point_.mode) < 0)) {
        return fault(errno);
    }
    return {};
}

void ListeningSocket::note_file() noexcept {
    struct stat info {};
    if (has_path(point_.kind) && ::lstat(point_.path.c_str(), &info) == 0) {
        device_ = info.st_dev;
        inode_ = info.st_ino;
    }
}

ListeningSocket ListeningSocket::restored(UniqueFd fd) {
    ListeningSocket again;
    struct stat info {};
    const bool is_fifo = ::fstat(fd.get(), &info) == 0 && S_ISFIFO(info.st_mode);
    again.point_ = is_fifo ? point_of_fifo(fd.get()) : point_of_socket(fd.get());
    again.fd_ = std::move(fd);
    again.is_restored_ = true;
    if (is_fifo) {
        again.device_ = info.st_dev;
        again.inode_ = info.st_ino;
    } else if (is_socket_file(again.point_.path)) {
        again.note_file();
    }
    return again;
}

bool ListeningSocket::is_in_place() const noexcept {
    struct stat info {};
    return !has_path(point_.kind) || (::lstat(point_.path.c_str(), &info) == 0 &&
                                      info.st_dev == device_ && info.st_ino == inode_);
}

Result<void, ExecFault> ListeningSocket::adapt(const ListenPoint& wanted, UserFiles& users) {
    const bool is_as_wanted = !std::exchange(is_restored_, false) && point_ == wanted;
    point_ = wanted;
    if (is_as_wanted) {
        return {};
    }
    if (has_connections(point_.kind) && ::listen(fd(), static_cast<int>(point_.backlog)) < 0) {
        return fault(errno);
    }
    return set_owner_and_mode(users);
}

void ListeningSocket::remove() noexcept {
    if (valid() && has_path(point_.kind) && inode_ != 0 && is_in_place()) {
        ::unlink(point_.path.c_str());
    }
    fd_.reset();
}

void remove_stale_file(const ListenPoint& point) noexcept {
    const bool is_of_a_socket = has_path(point.kind) && point.kind != Kind::Fifo;
    if (is_of_a_socket && is_socket_file(point.path) && has_nobody_behind(point)) {
        ::unlink(point.path.c_str());
    }
}

}  // namespace mainstay::supervisor
