#include "supervisor/runit_wire.h"

#include <catch2/catch.hpp>
#include <csignal>
#include <string>
#include <utility>

using namespace mainstay;
using namespace mainstay::supervisor;

namespace {

const std::string kName = "web";

Service running() {
    Service service(1, 0, kName);
    service.snapshot.state = ServiceState::Ready;
    service.snapshot.wanted = Wanted::Up;
    service.snapshot.has_run = true;
    service.snapshot.pid = 77;
    return service;
}

int signal_of(char command) {
    const auto event = event_of_command(command, running());
    const auto* sent = event ? std::get_if<SendSignal>(&*event) : nullptr;
    return sent != nullptr ? sent->number : 0;
}

bool sends(char command, int signal) {
    return signal_of(command) == signal && control_letter(signal) == command;
}

}  // namespace

TEST_CASE("runit wire: every command, and no other byte", "[runit]") {
    CHECK(sends('t', SIGTERM));
    CHECK(sends('k', SIGKILL));
    CHECK(sends('p', SIGSTOP));
    CHECK(sends('c', SIGCONT));
    CHECK(sends('a', SIGALRM));
    CHECK(sends('h', SIGHUP));
    CHECK(sends('i', SIGINT));
    CHECK(sends('q', SIGQUIT));
    CHECK(sends('1', SIGUSR1));
    CHECK(sends('2', SIGUSR2));
    const Service service = running();
    Service logger = running();
    logger.feeder = 1;
    CHECK(std::holds_alternative<WantUp>(*event_of_command('u', logger)));
    CHECK(std::holds_alternative<WantOnce>(*event_of_command('o', service)));
    const auto down = event_of_command('d', logger);
    CHECK(std::get<WantDown>(*down).patience == Patience::Endless);
    const auto exit = event_of_command('x', service);
    CHECK(std::get<Retire>(*exit).patience == Patience::Endless);
    CHECK_FALSE(event_of_command('x', logger));
    int count = 0;
    for (int byte = 0; byte < 256; ++byte) {
        count += event_of_command(static_cast<char>(byte), service) ? 1 : 0;
    }
    CHECK(count == 18);
}

TEST_CASE("runit wire: what only s6-svc sends, and no script replaces", "[runit]") {
    CHECK(signal_of('b') == SIGABRT);
    CHECK(signal_of('y') == SIGWINCH);
    CHECK(control_letter(SIGABRT) == 0);
    CHECK(control_letter(SIGWINCH) == 0);
    Service service = running();
    CHECK(std::holds_alternative<TryRestart>(*event_of_command('r', service)));
    CHECK(std::holds_alternative<WantOnce>(*event_of_command('O', service)));
    service.snapshot.has_run = false;
    const auto stays = event_of_command('O', service);
    CHECK(std::get<WantDown>(*stays).patience == Patience::Endless);
    const auto lasting = [](char command) {
        const LastingCommand split = lasting_command(command);
        return std::pair(split.command, split.file);
    };
    CHECK(lasting('D') == std::pair('d', DownFile::Made));
    CHECK(lasting('U') == std::pair('u', DownFile::Removed));
    CHECK(lasting('Q') == std::pair('O', DownFile::Made));
    CHECK(lasting('o') == std::pair('o', DownFile::Stays));
}

TEST_CASE("runit wire: run, finish, down", "[runit]") {
    Service service = running();
    RunitStatus status = runit_status_of(service);
    CHECK(stat_text(status) == "run\n");
    CHECK(status.pid == 77);
    service.snapshot.has_run = false;
    service.snapshot.pid = 0;
    service.snapshot.state = ServiceState::Finishing;
    service.snapshot.auxiliary_pid = 78;
    status = runit_status_of(service);
    CHECK(status.state == RunitState::Finish);
    CHECK(status.pid == 78);
    service.snapshot.state = ServiceState::Backoff;
    status = runit_status_of(service);
    CHECK(status.state == RunitState::Down);
    CHECK(status.pid == 0);
    CHECK(status.want == RunitWant::Up);
}

TEST_CASE("runit wire: who rests can be told to come up", "[runit]") {
    Service service = running();
    service.snapshot.has_run = false;
    service.snapshot.pid = 0;
    for (const ServiceState state : {ServiceState::Failed, ServiceState::Done}) {
        service.snapshot.state = state;
        CHECK(runit_status_of(service).want == RunitWant::Down);
    }
}

TEST_CASE("runit wire: what is wanted, and what it was told", "[runit]") {
    Service service = running();
    service.snapshot.wanted = Wanted::Once;
    service.snapshot.paused = true;
    CHECK(stat_text(runit_status_of(service)) == "run, paused, want down\n");
    service.snapshot.sent_signal = SIGTERM;
    service.snapshot.paused = false;
    service.snapshot.retired = true;
    CHECK(stat_text(runit_status_of(service)) == "run, got TERM, want exit\n");
    service.stop_signal_replaced = true;
    CHECK(stat_text(runit_status_of(service)) == "run, want exit\n");
    // Another stop signal is as good as TERM.
    service.stop_signal_replaced = false;
    service.snapshot.retired = false;
    service.snapshot.sent_signal = SIGINT;
    CHECK(stat_text(runit_status_of(service)) == "run, want down\n");
    service.snapshot.state = ServiceState::Stopping;
    service.snapshot.stop_stage = StopStage::Terminate;
    CHECK(stat_text(runit_status_of(service)) == "run, got TERM, want down\n");
    service.snapshot.stop_stage = StopStage::Dependents;
    CHECK(stat_text(runit_status_of(service)) == "run, want down\n");
}

TEST_CASE("runit wire: who holds a lock", "[runit]") {
    constexpr std::string_view kLocks =
        "1: POSIX  ADVISORY  WRITE 11 08:1f:1234 0 EOF\n"
        "2: FLOCK  ADVISORY  READ 12 08:1f:12345 0 EOF\n"
        "3: FLOCK  ADVISORY  WRITE 13 08:1f:1234 0 EOF\n"
        "3: -> FLOCK  ADVISORY  WRITE 14 08:1f:1234 0 EOF\n";
    CHECK(holder_of_lock(kLocks, 8, 0x1f, 1234) == 13);
    CHECK(holder_of_lock(kLocks, 8, 0x1f, 12345) == 12);
    CHECK(holder_of_lock(kLocks, 8, 0x1e, 1234) == 0);
    CHECK(holder_of_lock(kLocks, 9, 0x1f, 1234) == 0);
    for (const char* odd :
         {"", "\n", "3: FLOCK", "3: FLOCK A W x 08:1f:1234", "3: FLOCK A W 7 08:1f",
          "3: FLOCK A W 7 1234", "3: FLOCK A W -7 08:1f:1234"}) {
        CHECK(holder_of_lock(odd, 8, 0x1f, 1234) == 0);
    }
}
