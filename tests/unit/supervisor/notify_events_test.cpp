#include "supervisor/notify_events.h"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace mainstay;
using namespace mainstay::supervisor;

namespace {

constexpr std::uint32_t kGeneration = 7;

NotifyEvents events(std::string_view text, bool is_reloading = false) {
    return events_of(*parse_notify(text), kGeneration, is_reloading);
}

/// The only event, which must be of this kind and generation.
template <typename Kind>
Kind only(const NotifyEvents& events) {
    REQUIRE(events.size() == 1);
    const auto* event = std::get_if<Kind>(&events[0]);
    REQUIRE(event != nullptr);
    CHECK(event->generation == kGeneration);
    return *event;
}

}  // namespace

TEST_CASE("notify events: each key by itself", "[notify]") {
    only<BecameReady>(events("READY=1"));
    only<ReloadEnded>(events("READY=1", true));
    only<ReloadBegan>(events("RELOADING=1\nMONOTONIC_USEC=1"));
    only<AnnouncedStop>(events("STOPPING=1"));
    only<WatchdogPing>(events("WATCHDOG=1"));
    only<WatchdogTriggered>(events("WATCHDOG=trigger"));
    CHECK(only<MainPid>(events("MAINPID=12")).pid == 12);
    CHECK(only<WatchdogSet>(events("WATCHDOG_USEC=5000000")).timeout == 5s);
    CHECK(only<ExtendTimeout>(events("EXTEND_TIMEOUT_USEC=5000000")).timeout == 5s);
    CHECK(events("STATUS=x\nERRNO=2\nFDSTORE=1\nNOTIFYACCESS=all").empty());
}

TEST_CASE("notify events: all at once fit, the main process first", "[notify]") {
    const NotifyEvents all =
        events("WATCHDOG=1\nREADY=1\nWATCHDOG_USEC=1\nEXTEND_TIMEOUT_USEC=1\nMAINPID=12\nSTATUS=x");
    REQUIRE(all.size() == NotifyEvents::capacity());
    CHECK(std::holds_alternative<MainPid>(all[0]));
    CHECK(std::holds_alternative<BecameReady>(all[3]));
    CHECK(std::holds_alternative<WatchdogPing>(all[4]));
}
