#include "ctl/session.h"

#include <unistd.h>

#include <utility>

#include "common/paths.h"
#include "common/units.h"
#include "ctl/format_json.h"
#include "ctl/terminal.h"
#include "ctl/text.h"

namespace mainstay::ctl {
namespace {

using protocol::Done;
using protocol::ExitCode;
using protocol::ProgressReply;
using protocol::Refusal;
using std::chrono::milliseconds;

constexpr protocol::RequestId kRequestId = 1;

/// How long a supervisor that is well may take to greet, or to say what it knows.
constexpr milliseconds kAnswerLimit{10'000};

/// The supervisor keeps --timeout itself, and can say then how far the services are; svctl gives
/// up by itself only when that does not come either.
constexpr milliseconds kGrace{500};

SocketPlace place_for(const Invocation& invocation) {
    return choose_socket(invocation.control, environment(kSocketVariable),
                         environment("XDG_RUNTIME_DIR"),
                         ::geteuid() == 0 ? User::Root : User::Other);
}

/// How long the conversation may take; none: for ever.
std::optional<milliseconds> limit_of(const Invocation& invocation) {
    const bool waits = (row_of(invocation.command).waits == Waits::Yes && invocation.wait) ||
                       invocation.command == Command::Events || invocation.follow;
    if (!invocation.timeout) {
        return waits ? std::nullopt : std::optional(kAnswerLimit);
    }
    if (*invocation.timeout >= kForever) {
        return std::nullopt;
    }
    return waits ? *invocation.timeout + kGrace : *invocation.timeout;
}

/// The same for connecting: nobody waits for ever for a greeting unless told to.
std::optional<milliseconds> greeting_limit_of(const Invocation& invocation) {
    return invocation.timeout ? limit_of(invocation) : std::optional(kAnswerLimit);
}

}  // namespace

Session::Session(const Invocation& invocation, Output& output)
    : invocation_(invocation), output_(output), client_(place_for(invocation)), progress_(output) {
    client_.set_limit(greeting_limit_of(invocation));
}

ExitCode Session::report(const Trouble& trouble) {
    if (is_json()) {
        output_.print(format_json_error(trouble.code, trouble.message));
    } else {
        const std::string message = visible(trouble.message, output_.error_style().charset);
        output_.complain("svctl: " + message + "\n");
    }
    return trouble.exit;
}

std::optional<ExitCode> Session::take(Received received, const OnReply& on_reply) {
    if (const auto* done = std::get_if<Done>(&received.reply)) {
        return done->exit;
    }
    if (const auto* refusal = std::get_if<Refusal>(&received.reply)) {
        return report(
            {exit_code(refusal->code), std::string(to_string(refusal->code)), refusal->message});
    }
    if (auto* progress = std::get_if<ProgressReply>(&received.reply)) {
        progress_.update(std::move(*progress));
    } else if (is_json()) {
        output_.print(format_json(received.line));
        output_.flush();
    } else {
        on_reply(std::move(received.reply));
    }
    return std::nullopt;
}

/// While nothing comes, the line that says what is waited for shows how time goes by.
std::variant<Received, Trouble> Session::receive() {
    while (const auto interval = progress_.interval()) {
        if (client_.wait(*interval)) {
            break;
        }
        progress_.tick();
    }
    auto received = client_.receive();
    const auto* line = std::get_if<Received>(&received);
    if (line == nullptr || !std::holds_alternative<ProgressReply>(line->reply)) {
        progress_.hide();
    }
    return received;
}

ExitCode Session::ask(const OnReply& on_reply) {
    return ask(make_request(invocation_, kRequestId), on_reply);
}

ExitCode Session::ask(protocol::Request request, const OnReply& on_reply) {
    request.id = kRequestId;
    request.progress = row_of(invocation_.command).waits == Waits::Yes && invocation_.wait &&
                       progress_.is_wanted();
    if (const auto trouble = client_.connect()) {
        return report(*trouble);
    }
    if (!invocation_.timeout) {
        client_.set_limit(limit_of(invocation_));
    }
    if (const auto trouble = client_.send(request)) {
        return report(*trouble);
    }
    while (true) {
        auto next = receive();
        if (const auto* trouble = std::get_if<Trouble>(&next)) {
            return report(*trouble);
        }
        if (const auto exit = take(std::get<Received>(std::move(next)), on_reply)) {
            return *exit;
        }
    }
}

}  // namespace mainstay::ctl
