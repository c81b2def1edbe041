/// One run of svctl against a supervisor: what all commands that ask it have in common.
#pragma once

#include <functional>
#include <optional>

#include "ctl/args.h"
#include "ctl/client.h"
#include "ctl/output.h"
#include "ctl/progress.h"
#include "ctl/reattach.h"

namespace mainstay::ctl {

class Session {
  public:
    Session(const Invocation& invocation, Output& output);

    const Invocation& invocation() const noexcept { return invocation_; }
    Output& output() noexcept { return output_; }
    const protocol::Greeting& supervisor() const noexcept { return client_.greeting(); }
    bool is_json() const noexcept { return invocation_.format == OutputFormat::Json; }

    using OnReply = std::function<void(protocol::Reply&&)>;

    /// Connects and asks what the invocation says. Each line of the answer but the last goes to
    /// @p on_reply; with --json each is printed instead. Failures of the whole are reported here.
    /// @returns what svctl is to exit with.
    protocol::ExitCode ask(const OnReply& on_reply);

    /// The same with another request than the invocation's; its id is set here.
    protocol::ExitCode ask(protocol::Request request, const OnReply& on_reply);

    /// Says why there is no answer. @returns its exit code.
    protocol::ExitCode report(const Trouble& trouble);

    /// Connects only. @returns why that failed.
    std::optional<Trouble> connect() { return client_.connect(); }

  private:
    /// Handles one line. @returns the exit code where it was the last one.
    std::optional<protocol::ExitCode> take(Received received, Reattachment& open,
                                           const OnReply& on_reply);
    std::variant<Received, Trouble> receive();

    /// Asks the next supervisor for what is still open. @returns the exit code where that is not
    /// to be.
    std::optional<protocol::ExitCode> go_on(Reattachment& open, const Trouble& trouble);

    const Invocation& invocation_;
    Output& output_;
    Client client_;
    Progress progress_;
};

}  // namespace mainstay::ctl
