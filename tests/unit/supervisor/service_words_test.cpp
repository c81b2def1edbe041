/// What services say of themselves, and what becomes of it.
#include <catch2/catch.hpp>

#include "unit/supervisor/fixture.h"

using namespace std::chrono_literals;
using namespace mainstay;
using namespace mainstay::supervisor;

namespace {

struct Speaking : fakes::FakeSystem {
    explicit Speaking(Readiness kind) {
        directory("/sv/web").policy.readiness = kind;
        run("web");
    }

    ProcessKey key() const { return {service("web").id, service("web").snapshot.generation}; }
    void say(std::string_view text) { services.service_said(key(), *parse_notify(text)); }
};

}  // namespace

TEST_CASE("words: ready by a message, by a newline, and only of the run that says it", "[words]") {
    Speaking s(Readiness::Notify);
    CHECK(s.state("web") == ServiceState::Up);
    s.services.service_said({s.key().service, s.key().generation + 1}, *parse_notify("READY=1"));
    CHECK(s.state("web") == ServiceState::Up);
    s.say("READY=1");
    CHECK(s.state("web") == ServiceState::Ready);

    Speaking other(Readiness::Descriptor);
    other.services.service_is_ready(other.key());
    CHECK(other.state("web") == ServiceState::Ready);
}

TEST_CASE("words: reloading lasts until it is ready again", "[words]") {
    Speaking s(Readiness::Notify);
    s.say("READY=1");
    s.say("RELOADING=1\nMONOTONIC_USEC=1");
    CHECK(s.service("web").snapshot.reloading);
    s.say("READY=1");
    CHECK_FALSE(s.service("web").snapshot.reloading);
    CHECK(s.state("web") == ServiceState::Ready);
}

TEST_CASE("words: status and errors are kept, and told once a run", "[words]") {
    Speaking s(Readiness::Notify);
    CHECK(s.service("web").words == nullptr);
    s.say("STATUS=loading");
    s.say("READY=1");
    REQUIRE(s.service("web").words);
    CHECK(s.service("web").words->status == "loading");
    s.say("ERRNO=28");
    s.say("ERRNO=2");
    s.say("BUSERROR=org.x.Failed");
    CHECK(s.service("web").words->error == "D-Bus error org.x.Failed");
    CHECK(s.service("web").words->status == "loading");
    CHECK(s.journal.has("web: reports an error: No space left on device"));
    CHECK_FALSE(s.journal.has("No such file"));
    s.say("STATUS=");
    CHECK(s.service("web").words->status.empty());
}

TEST_CASE("words: the next run begins with none", "[words]") {
    Speaking s(Readiness::Notify);
    s.say("STATUS=loading");
    s.processes.end(s.pid("web"), fakes::exited(1), 10ms);
    REQUIRE(s.service("web").words);
    CHECK(s.service("web").words->status == "loading");
    s.clock.advance(1h);
    REQUIRE(s.pid("web") != 0);
    CHECK(s.service("web").words == nullptr);
}

TEST_CASE("words: a run gets its channel, and is closed with it", "[words]") {
    Speaking s(Readiness::Notify);
    const ProcessKey first = s.key();
    CHECK(s.readiness.is_open(first));
    CHECK(s.readiness.pids[first.service] == s.pid("web"));
    CHECK(s.readiness.running.count(first.service) == 1);
    s.processes.end(s.pid("web"), fakes::exited(1));
    CHECK_FALSE(s.readiness.is_open(first));
}

TEST_CASE("words: a run without the channel that it asks for is not started", "[words]") {
    fakes::FakeSystem s;
    s.readiness.should_fail = [] { return true; };
    s.services.add("web", "/sv/web");
    CHECK(s.pid("web") == 0);
    CHECK(s.state("web") == ServiceState::Backoff);
    CHECK(s.journal.has("/run/notify"));
}
