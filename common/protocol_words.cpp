#include <array>

#include "common/protocol.h"

namespace mainstay::protocol {
namespace {

/// From what says least about a failure to what says most.
constexpr std::array kBySeverity{
    ExitCode::Done,         ExitCode::NotUp,         ExitCode::TimedOut, ExitCode::ServiceFailed,
    ExitCode::NotPermitted, ExitCode::NoSuchService, ExitCode::Usage,    ExitCode::NoSupervisor,
};

}  // namespace

std::string_view to_string(Verb verb) noexcept {
    switch (verb) {
        case Verb::Status:
            return "status";
        case Verb::List:
            return "list";
        case Verb::Up:
            return "up";
        case Verb::Down:
            return "down";
        case Verb::Restart:
            return "restart";
        case Verb::Once:
            return "once";
        case Verb::Signal:
            return "signal";
        case Verb::Version:
            return "version";
    }
    return {};
}

std::string_view to_string(ErrorCode code) noexcept {
    switch (code) {
        case ErrorCode::BadRequest:
            return "bad-request";
        case ErrorCode::TooLong:
            return "too-long";
        case ErrorCode::UnknownVerb:
            return "unknown-verb";
        case ErrorCode::UnknownService:
            return "unknown-service";
        case ErrorCode::NotUp:
            return "not-up";
        case ErrorCode::NotPermitted:
            return "not-permitted";
        case ErrorCode::ServiceFailed:
            return "service-failed";
        case ErrorCode::TimedOut:
            return "timed-out";
        case ErrorCode::TooManyConnections:
            return "too-many-connections";
        case ErrorCode::ShuttingDown:
            return "shutting-down";
        case ErrorCode::Internal:
            return "internal";
    }
    return {};
}

ExitCode exit_code(ErrorCode code) noexcept {
    switch (code) {
        case ErrorCode::BadRequest:
        case ErrorCode::TooLong:
        case ErrorCode::UnknownVerb:
            return ExitCode::Usage;
        case ErrorCode::UnknownService:
            return ExitCode::NoSuchService;
        case ErrorCode::NotUp:
            return ExitCode::NotUp;
        case ErrorCode::NotPermitted:
            return ExitCode::NotPermitted;
        case ErrorCode::TimedOut:
            return ExitCode::TimedOut;
        case ErrorCode::ServiceFailed:
        case ErrorCode::ShuttingDown:
        case ErrorCode::Internal:
            return ExitCode::ServiceFailed;
        case ErrorCode::TooManyConnections:
            return ExitCode::NoSupervisor;
    }
    return ExitCode::ServiceFailed;
}

ExitCode worse_of(ExitCode a, ExitCode b) noexcept {
    ExitCode worst = ExitCode::Done;
    for (const ExitCode code : kBySeverity) {
        if (code == a || code == b) {
            worst = code;
        }
    }
    return worst;
}

ExitCode exit_code_of(int number) noexcept {
    for (const ExitCode code : kBySeverity) {
        if (static_cast<int>(code) == number) {
            return code;
        }
    }
    return ExitCode::ServiceFailed;
}

}  // namespace mainstay::protocol
