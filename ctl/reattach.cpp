#include "ctl/reattach.h"

#include <algorithm>
#include <utility>

namespace mainstay::ctl {
namespace {

using protocol::ExitCode;
using protocol::Goal;
using protocol::Request;
using protocol::Verb;

/// What is asked for instead, where saying it twice would do it twice.
void make_repeatable(Request& request) {
    if (request.verb == Verb::Restart) {
        // The supervisor may have begun with it: what is wanted at its end is said again.
        request.verb = Verb::Up;
    } else if (request.verb == Verb::Once || request.verb == Verb::TryRestart) {
        request.verb = Verb::Wait;
        request.goal = Goal::Ready;
    } else if (request.verb == Verb::Upgrade) {
        request.follow = true;  // what came of it, not another one
    }
}

bool starts_or_stops(Verb verb) noexcept {
    return verb == Verb::Up || verb == Verb::Down || verb == Verb::Once || verb == Verb::Restart ||
           verb == Verb::TryRestart;
}

}  // namespace

bool Reattachment::outlives_connection() const noexcept {
    const Verb verb = request_.verb;
    return verb == Verb::Upgrade || verb == Verb::Wait || verb == Verb::Check ||
           verb == Verb::Events || (verb == Verb::Log && request_.follow) ||
           (starts_or_stops(verb) && request_.wait);
}

/// A pattern is asked again as a whole: who answered before is not told twice.
bool Reattachment::is_first_of(const std::string& service, ExitCode exit) {
    const bool is_first = answered_.insert(service).second;
    if (is_first) {
        exit_ = worse_of(exit_, exit);
    }
    return is_first || !has_begun_again_;
}

bool Reattachment::take(const protocol::Reply& reply) {
    if (const auto* log = std::get_if<protocol::LogReply>(&reply)) {
        is_anew_ = is_anew_ || log->is_anew;
        if (!log->cursor.empty()) {
            cursors_[log->service] = log->cursor;
        }
        return true;
    }
    if (const auto* service = std::get_if<protocol::ServiceReply>(&reply)) {
        return is_first_of(service->view.name, ExitCode::Done);
    }
    if (const auto* error = std::get_if<protocol::ServiceError>(&reply)) {
        cursors_.erase(error->service);
        return is_first_of(error->view ? error->view->name : error->service,
                           exit_code(error->code));
    }
    return true;
}

ExitCode Reattachment::exit_with(ExitCode last) const noexcept {
    return has_begun_again_ ? worse_of(exit_, last) : last;
}

std::optional<Request> Reattachment::begin_again(std::optional<std::chrono::milliseconds> left) {
    has_begun_again_ = true;
    Request next = request_;
    if (next.timeout) {
        next.timeout = left;
    }
    make_repeatable(next);
    const bool had_names = !next.services.empty();
    std::erase_if(next.services,
                  [&](const std::string& name) { return answered_.count(name) != 0; });
    if (had_names && next.services.empty()) {
        return std::nullopt;
    }
    if (next.verb == Verb::Log) {
        next.resume.emplace();
        for (const auto& [service, cursor] : cursors_) {
            next.resume->push_back(cursor);
        }
    }
    return next;
}

}  // namespace mainstay::ctl
