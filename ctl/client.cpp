#include "ctl/client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "ctl/socket_watch.h"

namespace mainstay::ctl {
namespace {

using protocol::Greeting;
using protocol::Malformed;
using protocol::Refusal;
using protocol::Reply;

constexpr std::size_t kChunk = std::size_t{64} * 1024;

/// PID 1 starts a supervisor that ended again at once, or a second later.
constexpr std::chrono::seconds kSuccessorPatience{2};

/// @returns nothing where @p path does not fit into a socket's address (unix(7): 107 bytes).
std::optional<sockaddr_un> address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path)) {
        return std::nullopt;
    }
    path.copy(address.sun_path, path.size());
    return address;
}

Trouble refused(const Refusal& refusal) {
    return {exit_code(refusal.code), std::string(to_string(refusal.code)), refusal.message};
}

}  // namespace

void Client::set_limit(std::optional<std::chrono::milliseconds> limit) {
    limit_ = limit;
    deadline_ = limit ? std::optional(monotonic_now() + *limit) : std::nullopt;
}

std::optional<std::chrono::milliseconds> Client::time_left() const {
    if (!deadline_) {
        return std::nullopt;
    }
    const Duration left = std::max(*deadline_ - monotonic_now(), Duration::zero());
    return std::chrono::ceil<std::chrono::milliseconds>(left);
}

Trouble Client::timed_out() const {
    return no_answer(place_, limit_.value_or(std::chrono::milliseconds(0)));
}

/// Sets SO_SNDTIMEO or SO_RCVTIMEO to the time that is left. Of connect(2) on a Unix socket it is
/// SO_SNDTIMEO that limits the wait for a full backlog (unix(7)).
std::optional<Trouble> Client::apply_limit(int socket_option) {
    timeval left{};  // zero: for ever
    if (deadline_) {
        const Duration duration = *deadline_ - monotonic_now();
        if (duration <= Duration::zero()) {
            return timed_out();
        }
        const auto microseconds =
            std::chrono::duration_cast<std::chrono::microseconds>(duration).count() + 1;
        left.tv_sec = microseconds / 1'000'000;
        left.tv_usec = microseconds % 1'000'000;
    }
    // Cannot fail for these options and a valid timeval (socket(7)).
    ::setsockopt(socket_.get(), SOL_SOCKET, socket_option, &left, sizeof(left));
    return std::nullopt;
}

std::optional<Trouble> Client::open_socket() {
    const std::optional<sockaddr_un> address = address_of(place_.path);
    if (!address) {
        return cannot_connect(place_, ENAMETOOLONG);
    }
    socket_ = UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket_.valid()) {
        return cannot_connect(place_, errno);
    }
    if (auto trouble = apply_limit(SO_SNDTIMEO)) {
        return trouble;
    }
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the way of the socket interface
    const auto* generic = reinterpret_cast<const sockaddr*>(&*address);
    while (::connect(socket_.get(), generic, sizeof(*address)) < 0) {
        if (errno == EAGAIN) {
            return timed_out();
        }
        if (errno != EINTR) {
            const int number = errno;
            is_lost_ = number == ENOENT || number == ENOTDIR || number == ECONNREFUSED;
            socket_.reset();
            return cannot_connect(place_, number);
        }
    }
    return std::nullopt;
}

std::optional<Trouble> Client::connect() {
    auto trouble = connect_once();
    const bool somebody_was_there = socket_.valid();
    return trouble && is_lost_ && somebody_was_there ? connect_again(kSuccessorPatience) : trouble;
}

std::optional<Trouble> Client::connect_once() {
    is_lost_ = false;
    greeted_ = false;
    next_.reset();
    lines_ = LineSplitter(protocol::kMaxReplyLine);
    if (auto trouble = open_socket()) {
        return trouble;
    }
    auto line = next_line();
    if (auto* trouble = std::get_if<Trouble>(&line)) {
        return std::move(*trouble);
    }
    auto first = protocol::parse_greeting(std::get<std::string_view>(line));
    if (const auto* malformed = std::get_if<Malformed>(&first)) {
        return not_a_supervisor(place_, "in its greeting, " + malformed->reason);
    }
    if (const auto* refusal = std::get_if<Refusal>(&first)) {
        return refused(*refusal);
    }
    greeting_ = std::get<Greeting>(std::move(first));
    greeted_ = true;
    if (greeting_.protocol != protocol::kVersion) {
        return other_protocol(place_, greeting_);
    }
    return std::nullopt;
}

std::optional<Trouble> Client::connect_again(Duration patience) {
    const std::optional<MonotonicTime> limit = deadline_;
    const MonotonicTime end = monotonic_now() + patience;
    deadline_ = limit ? std::min(*limit, end) : end;
    SocketWatch watch(place_.path);
    std::optional<Trouble> trouble = connect_once();
    while (trouble && is_lost_ && monotonic_now() < *deadline_) {
        watch.wait(*deadline_ - monotonic_now());
        if (*deadline_ <= monotonic_now()) {
            break;  // what was said last is why nobody is there, not that it is late
        }
        trouble = connect_once();
    }
    deadline_ = limit;
    if (trouble && limit && *limit <= monotonic_now()) {
        return timed_out();
    }
    return trouble;
}

std::optional<Trouble> Client::send(const protocol::Request& request) {
    const std::string line = encode(request);
    if (line.size() > protocol::kMaxRequestLine) {
        return Trouble{protocol::ExitCode::Usage, "too-long",
                       "too many services for one request: use a pattern, or split them up"};
    }
    std::string_view rest = line;
    while (!rest.empty()) {
        if (auto trouble = apply_limit(SO_SNDTIMEO)) {
            return trouble;
        }
        const ssize_t count = ::send(socket_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
        if (count >= 0) {
            rest.remove_prefix(static_cast<std::size_t>(count));
        } else if (errno == EAGAIN) {
            return timed_out();
        } else if (errno != EINTR) {
            is_lost_ = true;
            return ended_early(place_, errno);
        }
    }
    return std::nullopt;
}

std::optional<Trouble> Client::read_more() {
    if (auto trouble = apply_limit(SO_RCVTIMEO)) {
        return trouble;
    }
    std::array<char, kChunk> chunk;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled below
    const ssize_t count = ::recv(socket_.get(), chunk.data(), chunk.size(), 0);
    if (count > 0) {
        lines_.feed({chunk.data(), static_cast<std::size_t>(count)});
        return std::nullopt;
    }
    if (count < 0 && errno == EINTR) {
        return std::nullopt;
    }
    if (count < 0 && errno == EAGAIN) {
        return timed_out();
    }
    is_lost_ = true;
    if (!greeted_) {
        return ended_before_greeting(place_);
    }
    return ended_early(place_, count < 0 ? errno : 0);
}

bool Client::wait(std::chrono::milliseconds time) {
    if (!next_) {
        next_ = lines_.next();
    }
    const bool is_late = deadline_ && *deadline_ <= monotonic_now();
    if (next_ || is_late || lines_.is_too_long()) {
        return true;
    }
    pollfd wanted{socket_.get(), POLLIN, 0};
    return ::poll(&wanted, 1, static_cast<int>(time.count())) != 0;
}

std::variant<std::string_view, Trouble> Client::next_line() {
    if (const auto line = std::exchange(next_, std::nullopt)) {
        return *line;
    }
    while (true) {
        if (const auto line = lines_.next()) {
            return *line;
        }
        if (lines_.is_too_long()) {
            return not_a_supervisor(place_, "it sent a line without end");
        }
        if (auto trouble = read_more()) {
            return std::move(*trouble);
        }
    }
}

std::variant<Received, Trouble> Client::receive() {
    auto next = next_line();
    if (auto* trouble = std::get_if<Trouble>(&next)) {
        return std::move(*trouble);
    }
    const std::string_view line = std::get<std::string_view>(next);
    auto parsed = protocol::parse_reply(line);
    if (const auto* malformed = std::get_if<Malformed>(&parsed)) {
        return not_a_supervisor(place_, "in its answer, " + malformed->reason);
    }
    return Received{line, std::get<Reply>(std::move(parsed))};
}

}  // namespace mainstay::ctl
