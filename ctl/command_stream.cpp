#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>

#include "common/fd_io.h"
#include "ctl/commands.h"
#include "ctl/format_json.h"
#include "ctl/format_outcome.h"
#include "ctl/format_stream.h"
#include "ctl/kernel_log.h"
#include "ctl/terminal.h"

namespace mainstay::ctl {
namespace {

using protocol::ExitCode;
using protocol::LogReply;

constexpr char kKernelLog[] = "/dev/kmsg";

/// Reads PID 1's messages out of the kernel's log.
class InitLog {
  public:
    Result<void> open() {
        TRY(fd_, open_file(kKernelLog, O_RDONLY | O_NONBLOCK));
        return {};
    }

    /// The next message of PID 1; nothing where there is none now.
    std::optional<std::string> next() {
        std::array<char, 8192> record;  // NOLINT(cppcoreguidelines-pro-type-member-init)
        while (true) {
            // One record a call; EPIPE: records were overwritten before they were read.
            const ssize_t size = ::read(fd_.get(), record.data(), record.size());
            if (size <= 0) {
                if (size < 0 && (errno == EPIPE || errno == EINTR)) {
                    continue;
                }
                return std::nullopt;
            }
            if (auto text = init_message({record.data(), static_cast<std::size_t>(size)})) {
                return text;
            }
        }
    }

    void wait_for_more() const noexcept {
        pollfd wanted{fd_.get(), POLLIN, 0};
        ::poll(&wanted, 1, -1);
    }

  private:
    UniqueFd fd_;
};

void print_lines(Session& session, const LogReply& log, Prefix prefix) {
    Output& output = session.output();
    output.print(session.is_json() ? format_json(encode(log))
                                   : format_log_lines(log, prefix, output.style()));
    output.flush();
}

ExitCode print_init_log(Session& session, Prefix prefix) {
    InitLog log;
    if (const auto opened = log.open(); !opened) {
        const bool is_forbidden = opened.error().code == EPERM || opened.error().code == EACCES;
        return session.report({is_forbidden ? ExitCode::NotPermitted : ExitCode::ServiceFailed,
                               "kernel-log",
                               std::string(kKernelLog) + ": " + errno_text(opened.error().code) +
                                   "; PID 1's messages are in the kernel's log"});
    }
    const Invocation& invocation = session.invocation();
    std::deque<std::string> newest;
    while (auto line = log.next()) {
        newest.push_back(std::move(*line));
        if (newest.size() > invocation.lines) {
            newest.pop_front();
        }
    }
    print_lines(session, {0, std::string(kInitLog), {newest.begin(), newest.end()}, 0}, prefix);
    while (invocation.follow && !session.output().has_failed()) {
        log.wait_for_more();
        while (auto line = log.next()) {
            print_lines(session, {0, std::string(kInitLog), {std::move(*line)}, 0}, prefix);
        }
    }
    return ExitCode::Done;
}

/// A pattern, or no name at all, may mean several.
Prefix prefix_for(const std::vector<std::string>& services) {
    const bool is_one =
        services.size() == 1 && services.front().find_first_of("*?[") == std::string::npos;
    return is_one ? Prefix::None : Prefix::Name;
}

}  // namespace

ExitCode run_log(Session& session) {
    const Invocation& invocation = session.invocation();
    const Prefix prefix = prefix_for(invocation.services);
    protocol::Request request = make_request(invocation, 0);
    auto& services = request.services;
    const auto init = std::find(services.begin(), services.end(), kInitLog);
    ExitCode exit = ExitCode::Done;
    if (init != services.end()) {
        services.erase(init);
        if (!services.empty() && invocation.follow) {
            return session.report({ExitCode::Usage, "usage",
                                   "@init can only be followed alone: it is not the supervisor "
                                   "that is asked"});
        }
        exit = print_init_log(session, prefix);
        if (services.empty()) {
            return exit;
        }
    }
    Output& output = session.output();
    const ExitCode others = session.ask(std::move(request), [&](protocol::Reply&& reply) {
        if (const auto* log = std::get_if<LogReply>(&reply)) {
            print_lines(session, *log, prefix);
            if (!log->logger.empty() && prefix == Prefix::None && !session.is_json()) {
                output.complain(format_logger(*log, output.error_style()));
            }
        } else if (const auto* error = std::get_if<protocol::ServiceError>(&reply)) {
            output.complain(format_failure({"log", 0}, *error, output.error_style()));
        }
    });
    return worse_of(exit, others);
}

ExitCode run_events(Session& session) {
    Output& output = session.output();
    return session.ask([&](protocol::Reply&& reply) {
        if (const auto* event = std::get_if<protocol::EventReply>(&reply)) {
            const auto age = boottime_now() - event->at;
            const auto ago = std::chrono::duration_cast<std::chrono::milliseconds>(age);
            output.print(format_event(*event, local_now(),
                                      std::max(ago, std::chrono::milliseconds(0)), output.style()));
            output.flush();
        } else if (const auto* error = std::get_if<protocol::ServiceError>(&reply)) {
            output.complain(format_failure({"events", 0}, *error, output.error_style()));
        }
    });
}

}  // namespace mainstay::ctl
