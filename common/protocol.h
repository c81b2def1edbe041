/// PURE. The lines that supervisor and svctl exchange over the control socket (docs/protocol.md):
/// plain structs on this side, text on the other. One line is one JSON object.
///
/// Parsing is strict and total: any bytes give a value or a Refusal, JSON exceptions do not leave
/// the .cpp files (std::bad_alloc may: it is caught where a session is). Unknown fields are
/// ignored, so fields may be added; a known field of a wrong type is refused. Lines are encoded
/// with their newline; bytes that are not UTF-8 become U+FFFD.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/service_view.h"

namespace mainstay::protocol {

inline constexpr int kVersion = 1;
inline constexpr std::size_t kMaxRequestLine = std::size_t{64} * 1024;
inline constexpr std::size_t kMaxReplyLine = std::size_t{1024} * 1024;
inline constexpr int kMaxConnections = 64;
inline constexpr int kMaxConnectionsPerUid = 16;

using RequestId = std::uint64_t;
inline constexpr RequestId kMaxRequestId = (RequestId{1} << 53U) - 1;  ///< exact in any JSON reader

enum class Verb : std::uint8_t {
    Status,
    List,
    Deaths,
    Log,
    Events,
    Wait,
    IsUp,
    IsReady,
    Version,
    Up,
    Down,
    Restart,
    TryRestart,
    Once,
    Reload,
    Reset,
    Signal,
    Check,
    Notify,
    Enable,
    Disable,
    Rescan,
    Add,
    Remove,
    Upgrade,
};
std::string_view to_string(Verb verb) noexcept;

/// What a verb does to services, and so who may use it and what it must be given.
enum class VerbKind : std::uint8_t {
    Look,       ///< changes nothing; no service means all
    Ask,        ///< changes nothing, but is about services that must be named (is-up, wait)
    Act,        ///< changes services that must be named
    Configure,  ///< changes which services there are
};
VerbKind kind_of(Verb verb) noexcept;

/// How much a status tells of each service.
enum class Detail : std::uint8_t {
    Usual,  ///< Full and log lines for those that were named, Short where all are meant
    Short,  ///< what a table shows
    Full,   ///< all but log lines
};
std::string_view to_string(Detail detail) noexcept;

/// What Verb::Wait waits for.
enum class Goal : std::uint8_t {
    Ready,  ///< ready, or done
    Up,     ///< its program runs, ready or not, or is done
    Down,   ///< nothing of it runs
    Boot,   ///< the first start of every service has come to an outcome; takes no services
};
std::string_view to_string(Goal goal) noexcept;

/// Where a service is enabled.
enum class Place : std::uint8_t {
    Permanent,  ///< in the scanned directory
    Runtime,    ///< in one that does not outlive the machine's uptime
};
std::string_view to_string(Place place) noexcept;

/// Why a request, or its part that concerns one service, was not done.
enum class ErrorCode : std::uint8_t {
    BadRequest,          ///< not JSON, a field missing or of a wrong type or range
    TooLong,             ///< a line over the limit; the connection ends
    UnknownVerb,         ///< well-formed, but not a verb of this version
    UnknownService,      ///< no such service
    NotUp,               ///< it has no process to be signalled
    NotPermitted,        ///< this user may not
    ServiceFailed,       ///< the service did not get where it was asked to
    TimedOut,            ///< not there yet when the timeout ended; it goes on
    TooManyConnections,  ///< the connection ends
    ShuttingDown,        ///< nothing is started any more
    Internal,            ///< a failure of the supervisor itself, such as no memory
};
std::string_view to_string(ErrorCode code) noexcept;

/// What svctl exits with; also the "exit" of a reply.
enum class ExitCode : std::uint8_t {
    Done = 0,
    ServiceFailed = 1,
    Usage = 2,
    NotUp = 3,
    NoSuchService = 4,
    NotPermitted = 5,
    TimedOut = 6,
    NoSupervisor = 100,
};
ExitCode exit_code(ErrorCode code) noexcept;

/// Reads the "exit" of a reply; a number that this version does not know is a failure.
ExitCode exit_code_of(int number) noexcept;

/// The exit code of several services: the one that says more about what went wrong.
ExitCode worse_of(ExitCode a, ExitCode b) noexcept;

/// The first line of a connection, sent by the supervisor; also the answer to `version`.
struct Greeting {
    std::string version;  ///< SemVer of the supervisor
    std::string commit;
    int protocol = kVersion;
    std::int32_t pid = 0;  ///< of the supervisor

    friend bool operator==(const Greeting&, const Greeting&) = default;
};

inline constexpr std::uint32_t kUsualLogLines = 10;
inline constexpr std::uint32_t kMostLogLines = 100'000;
inline constexpr std::size_t kMostStatusText = 1024;

struct Request {
    RequestId id = 0;
    Verb verb = Verb::Status;
    std::vector<std::string> services;  ///< empty: all, where the verb allows that
    int signal = 0;                     ///< Verb::Signal: 1 to 64
    bool wait = true;                   ///< answer when the service has arrived, not at once
    bool progress = false;              ///< tell meanwhile what is waited for
    std::optional<std::chrono::milliseconds> timeout;  ///< for the wait; none: for ever
    Detail detail = Detail::Usual;                     ///< Verb::Status
    std::uint32_t lines = kUsualLogLines;              ///< Verb::Log: how many of the newest
    /// Verb::Log: and all that come. Verb::Upgrade: what came of the one that was begun.
    bool follow = false;
    /// Verb::Log with follow: goes on behind these cursors instead of with the newest lines.
    /// Without a value it is a first request; empty is one that goes on and knows of nothing yet.
    std::optional<std::vector<std::string>> resume;
    Goal goal = Goal::Ready;         ///< Verb::Wait
    Place place = Place::Permanent;  ///< Verb::Enable, Disable
    std::string path;                ///< Verb::Add, Enable: absolute path of a service directory
    bool ready = false;              ///< Verb::Notify: it is ready
    bool reloading = false;          ///< Verb::Notify: it reads its configuration again
    bool stopping = false;           ///< Verb::Notify: it is about to end
    std::optional<std::string> status_text;  ///< Verb::Notify: what it says of itself

    friend bool operator==(const Request&, const Request&) = default;
};

/// An error line: the end of the request, or of the connection where docs/protocol.md says so.
struct Refusal {
    std::optional<RequestId> id;  ///< none where the request's id could not be read
    ErrorCode code = ErrorCode::BadRequest;
    std::string message;  ///< one sentence: what, why, what to do

    friend bool operator==(const Refusal&, const Refusal&) = default;
};

/// What became of one service of a request.
struct ServiceReply {
    RequestId id = 0;
    ServiceView view;
};

/// The same, where it went wrong. Without a view there is no such service, or no right to see it.
struct ServiceError {
    RequestId id = 0;
    std::string service;
    ErrorCode code = ErrorCode::ServiceFailed;
    std::string message;  ///< a sentence; may be empty where the view says it all
    std::optional<ServiceView> view;
};

/// The answer to `version`.
struct VersionReply {
    RequestId id = 0;
    Greeting supervisor;
};

/// The first line of a status of all.
struct SystemReply {
    RequestId id = 0;
    SystemView system;
};

/// While a request with `progress` waits: one of those that it waits for.
struct ProgressReply {
    RequestId id = 0;
    std::uint32_t pending = 0;  ///< how many have not arrived, this one counted
    ServiceView view;
};

/// A piece of a service's output.
struct LogReply {
    RequestId id = 0;
    std::string service;
    std::vector<std::string> lines;  ///< oldest first; arbitrary bytes
    std::uint64_t lost_bytes = 0;    ///< that were overwritten before these lines
    std::string cursor = {};         ///< where the next line begins, for Request::resume
    bool is_anew = false;  ///< what the cursors of the request meant is gone: all that is there now
    std::string logger = {};  ///< the service that has its lines instead; empty: they are kept here

    friend bool operator==(const LogReply&, const LogReply&) = default;
};

enum class EventKind : std::uint8_t {
    Watching,  ///< the first one: whatever happens from now on is told
    State,     ///< a service came into another state
    Changed,   ///< something else about it: paused, reloading, its own words
    Added,     ///< a service is there that was not
    Removed,   ///< it is no more
    Boot,      ///< the boot is complete
    Lost,      ///< this client was too slow: so many events are missing here
};
std::string_view to_string(EventKind kind) noexcept;

struct EventReply {
    RequestId id = 0;
    EventKind kind = EventKind::Watching;
    std::chrono::milliseconds at{0};  ///< on the clock that counts from boot, suspend included
    std::optional<ServiceState> was;  ///< State: the state before
    std::uint32_t lost = 0;           ///< Lost
    std::string service;              ///< Removed
    std::optional<ServiceView> view;  ///< State, Changed, Added
};

/// What a verb that configures changed.
struct ChangeReply {
    RequestId id = 0;
    std::string service;
    std::string change;               ///< "enabled", "disabled", "added", "removed", "changed", …
    std::vector<std::string> fields;  ///< keys of service.conf that differ, of "changed"
    std::string path;                 ///< what was made or removed
    std::string target;               ///< where it leads
    std::string message;              ///< what else there is to say

    friend bool operator==(const ChangeReply&, const ChangeReply&) = default;
};

/// The last line of an answer.
struct Done {
    RequestId id = 0;
    ExitCode exit = ExitCode::Done;
};

using Reply = std::variant<ServiceReply, ServiceError, VersionReply, SystemReply, ProgressReply,
                           LogReply, EventReply, ChangeReply, Done, Refusal>;

std::string encode(const Greeting& greeting);
std::string encode(const Request& request);
std::string encode(const Refusal& refusal);
std::string encode(const ServiceReply& reply);
std::string encode(const ServiceError& error);
std::string encode(const VersionReply& reply);
std::string encode(const SystemReply& reply);
std::string encode(const ProgressReply& reply);
std::string encode(const LogReply& reply);
std::string encode(const EventReply& reply);
std::string encode(const ChangeReply& reply);
std::string encode(const Done& done);

/// The line of a ServiceReply at the end of @p out: for answers of a thousand of them.
void append_service(std::string& out, RequestId id, const ServiceView& view);

/// @param line without its newline, of a size the caller has limited
/// @returns the request, or the error line to answer with.
std::variant<Request, Refusal> parse_request(std::string_view line);

/// A line of the supervisor that is not of this protocol.
struct Malformed {
    std::string reason;
};

/// The first line: a greeting, or why the supervisor does not talk to us (too many connections). A
/// greeting of another protocol version is a Greeting; what to do then is for the caller to say.
std::variant<Greeting, Refusal, Malformed> parse_greeting(std::string_view line);

std::variant<Reply, Malformed> parse_reply(std::string_view line);

}  // namespace mainstay::protocol
