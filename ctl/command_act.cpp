#include <unistd.h>

#include <array>
#include <climits>
#include <cstdlib>

#include "ctl/commands.h"
#include "ctl/format_outcome.h"
#include "ctl/format_stream.h"
#include "ctl/format_table.h"

namespace mainstay::ctl {
namespace {

using protocol::ExitCode;
using protocol::Reply;

/// Prints what worked, complains of what did not.
class Printer {
  public:
    explicit Printer(Session& session)
        : output_(session.output()),
          order_{row_of(session.invocation().command).name, session.invocation().signal} {}

    void operator()(Reply&& reply) const {
        if (const auto* service = std::get_if<protocol::ServiceReply>(&reply)) {
            output_.print(format_success(order_, service->view, output_.style()));
        } else if (const auto* change = std::get_if<protocol::ChangeReply>(&reply)) {
            output_.print(format_change(*change, output_.style()));
        } else if (const auto* system = std::get_if<protocol::SystemReply>(&reply)) {
            output_.print(format_system(system->system, output_.style()));
        } else if (const auto* error = std::get_if<protocol::ServiceError>(&reply)) {
            output_.complain(format_failure(order_, *error, output_.error_style()));
        }
        output_.flush();
    }

  private:
    Output& output_;
    Order order_;
};

/// The supervisor has another working directory. What does not exist is for it to complain of.
std::string absolute(const std::string& path) {
    std::array<char, PATH_MAX> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): read next
    if (::realpath(path.c_str(), buffer.data()) != nullptr) {
        return buffer.data();
    }
    const bool is_relative = path.empty() || path.front() != '/';
    if (is_relative && ::getcwd(buffer.data(), buffer.size()) != nullptr) {
        return std::string(buffer.data()) + "/" + path;
    }
    return path;
}

}  // namespace

ExitCode run_act(Session& session) {
    return session.ask(Printer(session));
}

ExitCode run_ask(Session& session) {
    // Who asks by the exit code wants no words, but a name that is wrong is worth some.
    Output& output = session.output();
    return session.ask([&](Reply&& reply) {
        const auto* error = std::get_if<protocol::ServiceError>(&reply);
        if (error != nullptr && error->code != protocol::ErrorCode::NotUp) {
            output.complain(format_failure({"", 0}, *error, output.error_style()));
        }
    });
}

ExitCode run_configure(Session& session) {
    protocol::Request request = make_request(session.invocation(), 0);
    if (!request.path.empty()) {
        request.path = absolute(request.path);
    }
    return session.ask(std::move(request), Printer(session));
}

}  // namespace mainstay::ctl
