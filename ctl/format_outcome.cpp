#include "ctl/format_outcome.h"

#include "common/signals.h"
#include "ctl/describe.h"
#include "ctl/format_status.h"
#include "ctl/text.h"

namespace mainstay::ctl {
namespace {

using protocol::ErrorCode;
using protocol::ServiceError;

std::string signal_text(int signal) {
    const std::string_view name = signal_name(signal);
    return name.empty() ? "signal " + std::to_string(signal) : std::string(name);
}

/// What to say where the supervisor sent a code and no sentence.
std::string sentence_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::UnknownService:
            return "there is no such service; svctl list names those that there are";
        case ErrorCode::NotUp:
            return "it is not running";
        case ErrorCode::NotPermitted:
            return "not permitted; try it as root";
        case ErrorCode::ShuttingDown:
            return "the system is going down, nothing is started any more";
        case ErrorCode::BadRequest:
        case ErrorCode::TooLong:
        case ErrorCode::UnknownVerb:
        case ErrorCode::ServiceFailed:
        case ErrorCode::TimedOut:
        case ErrorCode::TooManyConnections:
        case ErrorCode::Internal:
            return "refused: " + std::string(to_string(code));
    }
    return {};
}

/// "up did not finish", "up did not finish in time", "up failed"
std::string what_happened(const Order& order, const ServiceError& error) {
    std::string text(order.command);
    if (error.code == ErrorCode::TimedOut) {
        text.append(" did not finish in time");
    } else {
        text.append(error.view->state == ServiceState::Failed ? " failed" : " did not finish");
    }
    return text;
}

/// Why: the supervisor's words where it has some, else what the view tells; and what comes next.
std::string why(const ServiceError& error) {
    if (error.message.empty()) {
        return trouble_text(*error.view);
    }
    std::string text = error.message;
    if (error.view->state == ServiceState::Backoff) {
        text.append(", ").append(next_start_text(*error.view, " restart"));
    }
    return text;
}

/// The sentence after the name, as it came: not yet made visible.
std::string failure_text(const Order& order, const ServiceError& error) {
    const bool is_outcome =
        error.code == ErrorCode::ServiceFailed || error.code == ErrorCode::TimedOut;
    if (is_outcome && error.view) {
        return what_happened(order, error) + ": " + why(error);
    }
    return error.message.empty() ? sentence_of(error.code) : error.message;
}

}  // namespace

std::string format_success(const Order& order, const ServiceView& view, const Style& style) {
    std::string line = view.name + ": ";
    if (order.signal != 0) {
        line.append(signal_text(order.signal)).append(" sent");
        if (view.pid != 0) {
            line.append(" to pid ").append(std::to_string(view.pid));
        }
    } else {
        line.append(to_string(view.state));
        const std::string more = view.state == ServiceState::Down ? "" : detail(view);
        if (!more.empty()) {
            line.append(", ").append(more);
        }
    }
    return visible(line, style.charset) + "\n";
}

std::string format_failure(const Order& order, const ServiceError& error, const Style& style) {
    std::string text =
        visible(error.service + ": " + failure_text(order, error), style.charset) + "\n";
    if (error.view && error.code != ErrorCode::NotUp) {
        text.append(format_log(*error.view, "log:", style));
    }
    return text;
}

}  // namespace mainstay::ctl
