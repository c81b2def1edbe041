/// PURE. One line of `listen` in a service.conf: where a service shall be reached, opened for it by
/// the supervisor and passed to it at its start (sd_listen_fds(3)).
///
///     PLACE [OPTION…]
///     PLACE   tcp:ADDR:PORT  udp:ADDR:PORT  unix:PATH  unix-dgram:PATH  unix-seqpacket:PATH
///             fifo:PATH
///     OPTION  name=NAME  mode=0660  user=USER  group=GROUP  backlog=N  on-demand=yes
///
/// ADDR is an address, an IPv6 one in brackets: a name would have to be looked up before there is a
/// network, and a static program cannot.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/conf_lexer.h"

namespace mainstay::supervisor {

struct ListenPoint {
    enum class Kind : std::uint8_t { Tcp, Udp, Unix, UnixDatagram, UnixSeqpacket, Fifo };
    Kind kind = Kind::Tcp;
    std::string address;     ///< of tcp and udp, as inet_ntop(3) writes it
    std::uint16_t port = 0;  ///< the same
    std::string path;        ///< of the others
    std::string name;        ///< in LISTEN_FDNAMES; empty: the service's
    std::string user;        ///< of the file; empty: the supervisor's
    std::string group;       ///< of the file; empty: the user's
    std::uint32_t mode = 0666;
    std::uint32_t backlog = 4096;  ///< SOMAXCONN of Linux 5.4 and later
    bool on_demand = false;        ///< the service is started by the first who comes

    friend bool operator==(const ListenPoint&, const ListenPoint&) = default;
};

/// No service has more.
inline constexpr std::size_t kMostListenPoints = 32;
/// sockaddr_un's, without its NUL.
inline constexpr std::size_t kLongestSocketPath = 107;

/// As it is written: "tcp:127.0.0.1:80", "unix:/run/web".
std::string to_string(const ListenPoint& point);
std::string_view to_string(ListenPoint::Kind kind) noexcept;

constexpr bool has_path(ListenPoint::Kind kind) noexcept {
    return kind != ListenPoint::Kind::Tcp && kind != ListenPoint::Kind::Udp;
}
/// Whether whoever comes is accepted, one connection after the other.
constexpr bool has_connections(ListenPoint::Kind kind) noexcept {
    return kind == ListenPoint::Kind::Tcp || kind == ListenPoint::Kind::Unix ||
           kind == ListenPoint::Kind::UnixSeqpacket;
}

/// Whether one descriptor serves both, whatever else is said of it.
bool is_same_place(const ListenPoint& a, const ListenPoint& b) noexcept;

/// @param words of the value, the place first; not empty
/// @returns a fault at the word that is wrong
std::optional<ConfFault> parse_listen_point(const std::vector<ConfWord>& words, ListenPoint& into);

/// Whether it can be one of LISTEN_FDNAMES: 1 to 255 printable characters, no blank, no colon.
bool is_descriptor_name(std::string_view name) noexcept;

/// What stands for a service that has not named its socket: its own name, as far as it can.
std::string default_descriptor_name(std::string_view service);

/// "waiting for a connection on tcp:127.0.0.1:80, unix:/run/web": those that start the service.
std::string words_of_waiting(const std::vector<ListenPoint>& points);

}  // namespace mainstay::supervisor
