#include "supervisor/control_server.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <exception>
#include <map>
#include <set>

#include "common/fd_io.h"
#include "supervisor/control_session.h"
#include "supervisor/control_socket.h"
#include "supervisor/peer.h"

namespace mainstay::supervisor {

namespace asio = boost::asio;
using Stream = asio::local::stream_protocol;

namespace {

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
/// How long not to accept after accept(2) failed for want of descriptors or memory.
constexpr std::chrono::milliseconds kPauseAfterFailure{100};
constexpr uid_t kRoot = 0;
constexpr Duration kFirstPause = std::chrono::seconds(1);
constexpr Duration kLongestPause = std::chrono::minutes(1);

std::string refusal_of(uid_t uid) {
    return encode(protocol::Refusal{
        std::nullopt, protocol::ErrorCode::TooManyConnections,
        "too many connections (of user " + std::to_string(uid) + ", or in all); try again later"});
}

}  // namespace

struct ControlServer::Impl : std::enable_shared_from_this<ControlServer::Impl> {
    Impl(Loop& l, Journal& j, ControlHandler& h, Settings s)
        : loop(l), journal(j), handler(h), settings(std::move(s)), acceptor(l.io()) {}

    Result<void> make();
    Result<void> take(ControlSocket made);
    void take_sessions();
    void make_again_if_lost();
    void try_again_later();
    void watch_for_loss();
    asio::awaitable<void> accept(std::uint64_t made);
    void begin_session(Stream::socket socket, ControlSession::Greeting greeting);
    int sessions_of(uid_t uid) const;
    bool is_full_for(uid_t uid, Rights rights) const;

    Loop& loop;
    Journal& journal;
    ControlHandler& handler;
    Settings settings;
    ControlSocket socket;  ///< its descriptor is the acceptor's
    Stream::acceptor acceptor;
    std::uint64_t times_made = 0;  ///< an accept loop ends when a newer one exists
    bool said_failure = false;
    bool ended = false;
    TimerId retry = kNoTimer;
    Duration next_pause = kFirstPause;

    UniqueFd inotify;
    int watched = -1;  ///< the directory of the socket
    bool is_no_longer_watched = false;
    UniqueFd mounts;
    Watch inotify_events;
    Watch mount_events;

    std::set<std::shared_ptr<ControlSession>> sessions;
    std::map<uid_t, int> by_uid;
};

Result<void> ControlServer::Impl::make() {
    auto made = make_control_socket(settings.path, settings.group);
    if (!made) {
        if (!std::exchange(said_failure, true)) {
            journal.error("control socket " + settings.path + ": " + made.error().action + ": " +
                          errno_text(made.error().code));
        }
        return made.error();
    }
    said_failure = false;
    return take(std::move(*made));
}

Result<void> ControlServer::Impl::take(ControlSocket made) {
    boost::system::error_code error;
    acceptor.close(error);
    acceptor.assign(Stream(), made.fd.get(), error);
    if (error) {
        return Error{"assign", error.value()};
    }
    static_cast<void>(made.fd.release());
    socket = std::move(made);
    ++times_made;
    asio::co_spawn(loop.io(), accept(times_made),
                   [self = shared_from_this()](const std::exception_ptr& failure) {
                       if (failure) {
                           self->journal.error("control connections are no longer accepted");
                       }
                   });
    return {};
}

void ControlServer::Impl::make_again_if_lost() {
    std::array<char, 4096> events;
    while (inotify.valid() && ::read(inotify.get(), events.data(), events.size()) > 0) {
    }
    if (ended || (times_made > 0 && is_in_place(settings.path, socket))) {
        return;
    }
    if (make()) {
        journal.warning("control socket " + settings.path + ": made again");
        next_pause = kFirstPause;
    } else {
        try_again_later();
    }
    watch_for_loss();
}

/// Nothing announces that there is memory again, or room on the file system.
void ControlServer::Impl::try_again_later() {
    loop.cancel(retry);
    retry = loop.call_after(next_pause, [self = weak_from_this()] {
        if (const auto server = self.lock()) {
            server->make_again_if_lost();
        }
    });
    next_pause = std::min<Duration>(2 * next_pause, kLongestPause);
}

/// The directory may be a new one each time; adding a watch that exists changes nothing.
void ControlServer::Impl::watch_for_loss() {
    const std::size_t slash = settings.path.rfind('/');
    const std::string directory = slash == std::string::npos ? "." : settings.path.substr(0, slash);
    if (inotify.valid() && !is_no_longer_watched) {
        watched = ::inotify_add_watch(
            inotify.get(), directory.empty() ? "/" : directory.c_str(),
            IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR);
    }
}

asio::awaitable<void> ControlServer::Impl::accept(std::uint64_t made) {
    const auto self = shared_from_this();
    while (!ended && made == times_made) {
        auto [error, connection] = co_await acceptor.async_accept(kAwait);
        if (!error) {
            begin_session(std::move(connection), ControlSession::Greeting::ToBeSaid);
            continue;
        }
        if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor) {
            break;
        }
        asio::steady_timer until_next(loop.io(), kPauseAfterFailure);
        co_await until_next.async_wait(kAwait);
    }
}

int ControlServer::Impl::sessions_of(uid_t uid) const {
    const auto found = by_uid.find(uid);
    return found == by_uid.end() ? 0 : found->second;
}

/// Those who may only look cannot take all the places: whoever is to act finds one.
bool ControlServer::Impl::is_full_for(uid_t uid, Rights rights) const {
    const int all = static_cast<int>(sessions.size());
    const int of_actors =
        sessions_of(settings.own_uid) + (settings.own_uid == kRoot ? 0 : sessions_of(kRoot));
    return all >= protocol::kMaxConnections ||
           sessions_of(uid) >= protocol::kMaxConnectionsPerUid ||
           (rights != Rights::Everything &&
            all - of_actors >= protocol::kMaxConnections - protocol::kMaxConnectionsPerUid);
}

void ControlServer::Impl::begin_session(Stream::socket connection,
                                        ControlSession::Greeting greeting) {
    // Asio accepts without: a program in our place would hold the connection open.
    ::fcntl(connection.native_handle(), F_SETFD, FD_CLOEXEC);
    const auto peer = peer_of(connection.native_handle());
    if (!peer) {
        return;
    }
    const Rights rights = rights_of(*peer, settings.own_uid, settings.group);
    if (is_full_for(peer->uid, rights)) {
        const std::string text = refusal_of(peer->uid);
        boost::system::error_code ignored;
        connection.non_blocking(true, ignored);
        connection.write_some(asio::buffer(text), ignored);
        return;
    }
    ++by_uid[peer->uid];
    // The session tells of its end from the loop, so after it has been put into the set.
    auto slot = std::make_shared<std::weak_ptr<ControlSession>>();
    auto session = ControlSession::start(std::move(connection),
                                         {handler,
                                          journal,
                                          {rights, peer->uid},
                                          [self = shared_from_this(), slot, uid = peer->uid] {
                                              self->sessions.erase(slot->lock());
                                              if (--self->by_uid[uid] == 0) {
                                                  self->by_uid.erase(uid);
                                              }
                                          }},
                                         greeting);
    *slot = session;
    sessions.insert(std::move(session));
}

ControlServer::ControlServer(Loop& loop, Journal& journal, ControlHandler& handler,
                             Settings settings)
    : impl_(std::make_shared<Impl>(loop, journal, handler, std::move(settings))) {}

ControlServer::~ControlServer() {
    stop();
}

/// Numbers that somebody else says: what is no socket of ours is left alone.
void ControlServer::Impl::take_sessions() {
    for (const int fd : settings.sessions) {
        Stream::socket connection(loop.io());
        boost::system::error_code error;
        if (is_connected(fd)) {
            connection.assign(Stream(), fd, error);
            begin_session(std::move(connection), ControlSession::Greeting::Said);
        }
    }
}

Result<void> ControlServer::start() {
    auto inherited = inherited_control_socket(impl_->settings.path, impl_->settings.listener);
    const auto made = inherited ? impl_->take(std::move(*inherited)) : impl_->make();
    if (!made && made.error().code == EADDRINUSE) {
        return made;
    }
    impl_->take_sessions();
    impl_->inotify = UniqueFd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (impl_->inotify.valid()) {
        impl_->inotify_events = impl_->loop.watch_readable(
            impl_->inotify.get(), [impl = impl_.get()] { impl->make_again_if_lost(); });
    }
    if (!made) {
        impl_->try_again_later();
    }
    impl_->watch_for_loss();
    if (auto mounts = open_file("/proc/self/mountinfo", O_RDONLY)) {
        impl_->mounts = std::move(*mounts);
        impl_->mount_events = impl_->loop.watch_exceptional(
            impl_->mounts.get(), [impl = impl_.get()] { impl->make_again_if_lost(); });
    }
    return {};
}

bool ControlServer::is_quiet() const noexcept {
    return std::none_of(impl_->sessions.begin(), impl_->sessions.end(),
                        [](const auto& session) { return session->is_busy(); });
}

int ControlServer::listener() const noexcept {
    const bool is_there = impl_->times_made > 0 && is_in_place(impl_->settings.path, impl_->socket);
    return is_there ? impl_->acceptor.native_handle() : -1;
}

std::vector<int> ControlServer::idle_sessions() const {
    std::vector<int> idle;
    for (const auto& session : impl_->sessions) {
        if (session->is_idle()) {
            idle.push_back(session->descriptor());
        }
    }
    return idle;
}

void ControlServer::stop_watching() {
    impl_->is_no_longer_watched = true;
    impl_->inotify_events.reset();
    ::inotify_rm_watch(impl_->inotify.get(), impl_->watched);
}

void ControlServer::make_again_if_lost() {
    impl_->make_again_if_lost();
}

void ControlServer::stop() {
    if (std::exchange(impl_->ended, true)) {
        return;
    }
    impl_->inotify_events.reset();
    impl_->mount_events.reset();
    if (impl_->times_made > 0 && is_in_place(impl_->settings.path, impl_->socket)) {
        ::unlink(impl_->settings.path.c_str());
    }
    boost::system::error_code ignored;
    impl_->acceptor.close(ignored);
    const auto sessions = impl_->sessions;
    for (const auto& session : sessions) {
        session->close_for_good();
    }
}

}  // namespace mainstay::supervisor
