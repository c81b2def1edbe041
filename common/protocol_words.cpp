/// PURE. The words of the protocol: verbs, goals, codes of errors.
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
        case Verb::Deaths:
            return "deaths";
        case Verb::Log:
            return "log";
        case Verb::Events:
            return "events";
        case Verb::Wait:
            return "wait";
        case Verb::IsUp:
            return "is-up";
        case Verb::IsReady:
            return "is-ready";
        case Verb::Version:
            return "version";
        case Verb::Up:
            return "up";
        case Verb::Down:
            return "down";
        case Verb::Restart:
            return "restart";
        case Verb::TryRestart:
            return "try-restart";
        case Verb::Once:
            return "once";
        case Verb::Reload:
            return "reload";
        case Verb::Reset:
            return "reset";
        case Verb::Signal:
            return "signal";
        case Verb::Check:
            return "check";
        case Verb::Notify:
            return "notify";
        case Verb::Enable:
            return "enable";
        case Verb::Disable:
            return "disable";
        case Verb::Rescan:
            return "rescan";
        case Verb::Add:
            return "add";
        case Verb::Remove:
            return "remove";
        case Verb::Upgrade:
            return "upgrade";
    }
    return {};
}

VerbKind kind_of(Verb verb) noexcept {
    switch (verb) {
        case Verb::Status:
        case Verb::List:
        case Verb::Deaths:
        case Verb::Log:
        case Verb::Events:
        case Verb::Version:
            return VerbKind::Look;
        case Verb::Wait:
        case Verb::IsUp:
        case Verb::IsReady:
            return VerbKind::Ask;
        case Verb::Up:
        case Verb::Down:
        case Verb::Restart:
        case Verb::TryRestart:
        case Verb::Once:
        case Verb::Reload:
        case Verb::Reset:
        case Verb::Signal:
        case Verb::Check:
        case Verb::Notify:
            return VerbKind::Act;
        case Verb::Enable:
        case Verb::Disable:
        case Verb::Rescan:
        case Verb::Add:
        case Verb::Remove:
        case Verb::Upgrade:
            return VerbKind::Configure;
    }
    return VerbKind::Act;
}

std::string_view to_string(Detail detail) noexcept {
    switch (detail) {
        case Detail::Usual:
            return "usual";
        case Detail::Short:
            return "short";
        case Detail::Full:
            return "full";
    }
    return {};
}

std::string_view to_string(Goal goal) noexcept {
    switch (goal) {
        case Goal::Ready:
            return "ready";
        case Goal::Up:
            return "up";
        case Goal::Down:
            return "down";
        case Goal::Boot:
            return "boot";
    }
    return {};
}

std::string_view to_string(Place place) noexcept {
    switch (place) {
        case Place::Permanent:
            return "permanent";
        case Place::Runtime:
            return "runtime";
    }
    return {};
}

std::string_view to_string(EventKind kind) noexcept {
    switch (kind) {
        case EventKind::Watching:
            return "watching";
        case EventKind::State:
            return "state";
        case EventKind::Changed:
            return "changed";
        case EventKind::Added:
            return "added";
        case EventKind::Removed:
            return "removed";
        case EventKind::Boot:
            return "boot";
        case EventKind::Lost:
            return "lost";
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
