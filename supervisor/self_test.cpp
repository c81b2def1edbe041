#include "supervisor/self_test.h"

#include <cstdio>
#include <cstdlib>
#include <string>

#include "common/boot_link.h"
#include "common/program_memory.h"
#include "common/protocol.h"
#include "common/state_table.h"
#include "common/version.h"
#include "supervisor/conf_parser.h"
#include "supervisor/service.h"
#include "supervisor/state_record.h"

namespace mainstay::supervisor {
namespace {

bool reads_conf() {
    Definition good;
    Definition bad;
    const ConfContext context{"web", std::nullopt, RoleFiles()};
    const ConfFile right{"service.conf", "stop-timeout = 7 s\n"};
    const ConfFile wrong{"service.conf", "stop-timeout = soon\n"};
    return apply_conf({&right, 1}, context, good).problems.empty() &&
           apply_conf({&wrong, 1}, context, bad).problems.size() == 1;
}

bool reads_what_it_writes() {
    const std::string name = "web";
    Service service(1, 0, name);
    service.snapshot.state = ServiceState::Backoff;
    service.snapshot.restarts = 42;
    state_table::Slot slot;
    slot.service = 1;
    name.copy(slot.name.data(), slot.name.size());
    slot.record = to_record(service);
    const KnownService known = to_service(slot, state_table::Detail());
    return known.is_sound && known.name == name && known.snapshot.restarts == 42 &&
           known.snapshot.state == ServiceState::Backoff;
}

bool understands_requests() {
    const auto request = protocol::parse_request(R"({"id":1,"verb":"up","services":["web"]})");
    return std::holds_alternative<protocol::Request>(request) &&
           std::holds_alternative<protocol::Refusal>(protocol::parse_request("{"));
}

}  // namespace

int run_self_test() {
    touch_every_page();
    if (!reads_conf() || !reads_what_it_writes() || !understands_requests()) {
        std::fputs("supervisor: the self-test failed: this program is damaged; install it again\n",
                   stderr);
        return EXIT_FAILURE;
    }
    std::printf("%.*sMainstay %s (%s), table %u, link %u\n",
                static_cast<int>(kSelfTestAnswer.size()), kSelfTestAnswer.data(), kVersion, kCommit,
                static_cast<unsigned>(state_table::kVersion), static_cast<unsigned>(kLinkVersion));
    return std::fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace mainstay::supervisor
