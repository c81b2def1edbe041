#include "ctl/session.h"

#include <unistd.h>

#include <algorithm>
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
constexpr milliseconds kGrace{2'000};

/// How long a supervisor may take to come back: PID 1 starts it again at once, a second apart at
/// worst, and an upgrade takes less.
constexpr std::chrono::seconds kPatience{30};

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

std::optional<ExitCode> Session::take(Received received, Reattachment& open,
                                      const OnReply& on_reply) {
    if (const auto* done = std::get_if<Done>(&received.reply)) {
        return open.exit_with(done->exit);
    }
    if (const auto* refusal = std::get_if<Refusal>(&received.reply)) {
        return report(
            {exit_code(refusal->code), std::string(to_string(refusal->code)), refusal->message});
    }
    const bool is_news = open.take(received.reply);
    if (open.take_anew()) {
        output_.complain("svctl: the logs begin anew: what came in between may be missing\n");
    }
    if (auto* progress = std::get_if<ProgressReply>(&received.reply)) {
        progress_.update(std::move(*progress));
    } else if (!is_news) {
        return std::nullopt;
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
    auto trouble = client_.connect();
    if (trouble && client_.is_lost() && request.goal == protocol::Goal::Boot) {
        // Who waits for the end of the start may have come before its beginning.
        output_.complain("svctl: there is no supervisor yet; waiting for it\n");
        client_.set_limit(limit_of(invocation_));
        const auto still = client_.connect_again(kPatience);
        // That nobody came is what there is to say, not that nobody answered.
        trouble = still && still->exit == ExitCode::TimedOut ? trouble : still;
    }
    if (trouble) {
        return report(*trouble);
    }
    if (!invocation_.timeout) {
        client_.set_limit(limit_of(invocation_));
    }
    Reattachment open(request);
    if (const auto unsent = client_.send(request)) {
        return report(*unsent);
    }
    while (true) {
        auto next = receive();
        const auto* lost = std::get_if<Trouble>(&next);
        const auto exit = lost != nullptr
                              ? go_on(open, *lost)
                              : take(std::get<Received>(std::move(next)), open, on_reply);
        if (exit) {
            return *exit;
        }
    }
}

std::optional<ExitCode> Session::go_on(Reattachment& open, const Trouble& trouble) {
    if (!client_.is_lost() || !open.outlives_connection()) {
        return report(trouble);
    }
    progress_.hide();
    output_.flush();
    if (!open.expects_the_end()) {
        output_.complain("svctl: the supervisor went away; waiting for it\n");
    }
    while (true) {
        if (const auto still = client_.connect_again(kPatience)) {
            return report(*still);
        }
        const auto left = client_.time_left();
        const auto request = open.begin_again(
            left ? std::optional(std::max(*left - kGrace, milliseconds(1))) : left);
        if (!request) {
            return open.exit_with(ExitCode::Done);
        }
        const auto failed = client_.send(*request);
        if (!failed) {
            if (!open.expects_the_end()) {
                output_.complain("svctl: the supervisor is back\n");
            }
            return std::nullopt;
        }
        if (!client_.is_lost()) {
            return report(*failed);
        }
    }
}

}  // namespace mainstay::ctl
