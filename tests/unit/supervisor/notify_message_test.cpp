#include "supervisor/notify_message.h"

#include <catch2/catch.hpp>
#include <string>

#include "common/units.h"

using namespace std::chrono_literals;
using namespace mainstay;
using namespace mainstay::supervisor;

namespace {

NotifyMessage parse(std::string_view text) {
    const auto message = parse_notify(text);
    REQUIRE(message);
    return *message;
}

/// The key whose value makes no sense; empty where there is none.
std::string bad_key(std::string_view text) {
    const NotifyMessage message = parse(text);
    return message.bad_key == nullptr ? "" : message.bad_key;
}

}  // namespace

TEST_CASE("notify: where the service is; the last word counts", "[notify]") {
    CHECK(parse("READY=1").phase == NotifyPhase::Ready);
    CHECK(parse("READY=1\n").phase == NotifyPhase::Ready);
    CHECK(parse(std::string_view("READY=1\0", 8)).phase == NotifyPhase::Ready);
    CHECK(parse("RELOADING=1\nMONOTONIC_USEC=5").phase == NotifyPhase::Reloading);
    CHECK(parse("STOPPING=1").phase == NotifyPhase::Stopping);
    CHECK(parse("RELOADING=1\nREADY=1").phase == NotifyPhase::Ready);
    CHECK(parse("READY=1\nSTOPPING=1").phase == NotifyPhase::Stopping);
    CHECK(parse("READY=0").phase == NotifyPhase::None);
    CHECK(parse("READY=11").phase == NotifyPhase::None);
    CHECK(parse("ready=1").phase == NotifyPhase::None);
    CHECK(parse(" READY=1").phase == NotifyPhase::None);
}

TEST_CASE("notify: every key with its value", "[notify]") {
    const NotifyMessage message = parse(
        "STATUS=Serving 3 clients\nERRNO=2\nBUSERROR=org.x.Failed\nEXIT_STATUS=7\nMAINPID=4711\n"
        "WATCHDOG=1\nWATCHDOG_USEC=1500000\nEXTEND_TIMEOUT_USEC=30000000\nFDSTORE=1\nFDNAME=web\n"
        "MONOTONIC_USEC=12\nNOTIFYACCESS=all\nX_OF_A_LATER_VERSION=1");
    CHECK(message.status == "Serving 3 clients");
    CHECK(message.error_number == 2);
    CHECK(message.bus_error == "org.x.Failed");
    CHECK(message.exit_status == 7);
    CHECK(message.main_pid == 4711);
    CHECK(message.watchdog == NotifyWatchdog::Ping);
    CHECK(message.watchdog_timeout == 1500ms);
    CHECK(message.extend_timeout == 30s);
    CHECK(message.store == NotifyStore::Add);
    CHECK(message.descriptor_name == "web");
    CHECK(message.reload_began == MonotonicTime(12us));
    CHECK(message.senders == NotifySenders::All);
    CHECK(message.bad_key == nullptr);
    CHECK(parse("WATCHDOG=trigger").watchdog == NotifyWatchdog::Trigger);
    CHECK(parse("WATCHDOG=trigger\nWATCHDOG=1").watchdog == NotifyWatchdog::Trigger);
    CHECK(parse("FDSTOREREMOVE=1").store == NotifyStore::Remove);
    CHECK(parse("FDSTORE=1").polls);
    CHECK(parse("FDSTORE=1\nFDPOLL=1").polls);
    CHECK_FALSE(parse("FDPOLL=0\nFDSTORE=1").polls);
    CHECK(bad_key("FDPOLL=no") == "FDPOLL");
    CHECK(bad_key("FDNAME=a:b") == "FDNAME");
    CHECK(parse("FDNAME=a:b").descriptor_name.empty());
    CHECK(parse("NOTIFYACCESS=exec").senders == NotifySenders::Main);
    CHECK(parse("NOTIFYACCESS=none").senders == NotifySenders::Nobody);
}

TEST_CASE("notify: a key given twice counts as it stands first", "[notify]") {
    const NotifyMessage message = parse("STATUS=a\nSTATUS=b\nMAINPID=x\nMAINPID=3\nMAINPID=4");
    CHECK(message.status == "a");
    CHECK(message.main_pid == 3);
    CHECK(bad_key("MAINPID=x\nMAINPID=3") == "MAINPID");
}

TEST_CASE("notify: values that make no sense are left out and named", "[notify]") {
    const std::string text =
        GENERATE(as<std::string>{}, "ERRNO=0", "ERRNO=4096", "ERRNO=-2", "ERRNO=", "ERRNO=2x",
                 "EXIT_STATUS=256", "EXIT_STATUS=-1", "MAINPID=0", "MAINPID=-1",
                 "MAINPID=2147483648", "MAINPID= 1", "WATCHDOG=2", "WATCHDOG=", "WATCHDOG_USEC=-1",
                 "WATCHDOG_USEC=18446744073709551616", "EXTEND_TIMEOUT_USEC=1s",
                 "MONOTONIC_USEC=", "NOTIFYACCESS=everybody");
    NotifyMessage message = parse(text);
    CHECK(std::string(message.bad_key) == text.substr(0, text.find('=')));
    message.bad_key = nullptr;
    CHECK(message == NotifyMessage{});
}

TEST_CASE("notify: the largest times are for ever and do not overflow", "[notify]") {
    CHECK(parse("WATCHDOG_USEC=18446744073709551615").watchdog_timeout == kForever);
    CHECK(parse("EXTEND_TIMEOUT_USEC=9223372036854775807").extend_timeout == kForever);
    CHECK(parse("WATCHDOG_USEC=0").watchdog_timeout == 0s);
}

TEST_CASE("notify: a barrier is a request of its own", "[notify]") {
    NotifyMessage barrier;
    barrier.barrier = true;
    CHECK(parse("BARRIER=1") == barrier);
    CHECK(parse("READY=1\nBARRIER=1\nSTATUS=x") == barrier);
    CHECK(parse("BARRIER=2") == NotifyMessage{});
}

TEST_CASE("notify: what is no message", "[notify]") {
    CHECK_FALSE(parse_notify(""));
    CHECK_FALSE(parse_notify(std::string_view("\0", 1)));
    CHECK_FALSE(parse_notify(std::string_view("READY=1\0STATUS=x", 16)));
    CHECK_FALSE(parse_notify(std::string(kMaxNotifyMessage + 1, 'x')));
    CHECK(parse_notify(std::string(kMaxNotifyMessage, 'x')) == NotifyMessage{});
    CHECK(parse("\n\n=\n==1\nREADY\n\nREADY=1\n\n").phase == NotifyPhase::Ready);
}

TEST_CASE("notify: a status text is safe to show", "[notify]") {
    CHECK(parse("STATUS=").status == "");
    CHECK(parse("STATUS=a=b").status == "a=b");
    CHECK(parse("STATUS=gr\xc3\xbc\xc3\x9f").status == "gr\xc3\xbc\xc3\x9f");
    CHECK(parse("STATUS=\x1b[2Jx\ty\r\x7f").status == " [2Jx y  ");
    CHECK(parse("STATUS=a\xff\xc3").status == "a\xef\xbf\xbd\xef\xbf\xbd");
    CHECK(parse("STATUS=\xc2\x9b"
                "1m")
              .status == " 1m");
    CHECK(shown_text(std::string(4000, 'x')) == std::string(kMaxNotifyText, 'x'));
    // Cut between characters, not within one.
    CHECK(shown_text(std::string(kMaxNotifyText - 1, 'x') + "\xc3\xbc").size() ==
          kMaxNotifyText - 1);
    CHECK(shown_text(std::string(4000, '\xff')).size() <= kMaxNotifyText);
}
