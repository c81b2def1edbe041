#include "common/version.h"
#include "ctl/commands.h"
#include "ctl/format_json.h"
#include "ctl/text.h"

namespace mainstay::ctl {

using protocol::ExitCode;
using protocol::Greeting;

std::string own_version() {
    return std::string("svctl ") + kVersion + " (commit " + kCommit + ", protocol " +
           std::to_string(protocol::kVersion) + ")\n";
}

ExitCode run_version(Session& session) {
    Output& output = session.output();
    const auto trouble = session.connect();
    if (session.is_json()) {
        const auto supervisor = trouble ? std::nullopt : std::optional(session.supervisor());
        output.print(format_json_version({kVersion, kCommit, protocol::kVersion, 0}, supervisor));
    } else {
        output.print(own_version());
    }
    if (trouble) {
        return session.report(*trouble);
    }
    if (!session.is_json()) {
        const Greeting& greeting = session.supervisor();
        const std::string line = "supervisor " + greeting.version + " (commit " + greeting.commit +
                                 ", protocol " + std::to_string(greeting.protocol) + ", pid " +
                                 std::to_string(greeting.pid) + ")";
        output.print(visible(line, output.style().charset) + "\n");
    }
    return ExitCode::Done;
}

}  // namespace mainstay::ctl
