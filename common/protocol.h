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

enum class Verb : std::uint8_t { Status, List, Up, Down, Restart, Once, Signal, Version };
std::string_view to_string(Verb verb) noexcept;

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

struct Request {
    RequestId id = 0;
    Verb verb = Verb::Status;
    std::vector<std::string> services;  ///< empty: all, where the verb allows that
    int signal = 0;                     ///< Verb::Signal: 1 to 64
    bool wait = true;                   ///< answer when the service has arrived, not at once
    std::optional<std::chrono::milliseconds> timeout;  ///< for the wait; none: for ever

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

/// The last line of an answer.
struct Done {
    RequestId id = 0;
    ExitCode exit = ExitCode::Done;
};

using Reply = std::variant<ServiceReply, ServiceError, VersionReply, Done, Refusal>;

std::string encode(const Greeting& greeting);
std::string encode(const Request& request);
std::string encode(const Refusal& refusal);
std::string encode(const ServiceReply& reply);
std::string encode(const ServiceError& error);
std::string encode(const VersionReply& reply);
std::string encode(const Done& done);

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
