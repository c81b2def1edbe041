#include "common/version.h"
#include "ctl/commands.h"
#include "ctl/format_json.h"
#include "ctl/text.h"

namespace mainstay::ctl {

using protocol::ExitCode;
using protocol::Greeting;

namespace {

std::string words_of(const Greeting& supervisor) {
    return "supervisor " + supervisor.version + " (commit " + supervisor.commit + ", protocol " +
           std::to_string(supervisor.protocol) + ", pid " + std::to_string(supervisor.pid) + ")";
}

}  // namespace

std::string own_version() {
    return std::string("svctl ") + kVersion + " (commit " + kCommit + ", protocol " +
           std::to_string(protocol::kVersion) + ")\n";
}

ExitCode run_upgrade(Session& session) {
    return session.ask([&](protocol::Reply&& reply) {
        if (const auto* version = std::get_if<protocol::VersionReply>(&reply)) {
            Output& output = session.output();
            const std::string line = words_of(version->supervisor) + " goes on";
            output.print(visible(line, output.style().charset) + "\n");
        }
    });
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
        output.print(visible(words_of(session.supervisor()), output.style().charset) + "\n");
    }
    return ExitCode::Done;
}

}  // namespace mainstay::ctl
