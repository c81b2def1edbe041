#include "supervisor/control_scripts.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "fakes/fake_clock.h"
#include "fakes/fake_helpers.h"
#include "fakes/fake_os.h"
#include "unit/supervisor/temporary_tree.h"

using namespace std::chrono_literals;
using namespace mainstay;
using namespace mainstay::supervisor;

namespace {

const HelperEnd kDone{std::nullopt, {ExitStatus::Kind::Exited, 0, false}};
const HelperEnd kKilled{std::nullopt, {ExitStatus::Kind::Signaled, 9, false}};

struct Control {
    Control() {
        service.definition.path = tree.path();
        service.definition.has_control = true;
        scripts.tell_when_idle([this](ServiceId id) { idle.push_back(id); });
    }
    void add(char letter, mode_t mode = 0700) {
        const std::string file = std::string("control/") + letter;
        tree.write(file);
        ::chmod(tree.path(file).c_str(), mode);
    }
    bool run(char letter) {
        return scripts.run(service, letter, [this, letter](ScriptOutcome outcome) {
            ended += letter;
            ended += outcome == ScriptOutcome::Succeeded ? '+' : '-';
        });
    }

    TemporaryTree tree;
    std::string name = "web";
    Service service{7, 0, name};
    fakes::FakeHelpers helpers;
    fakes::FakeOutputs outputs;
    fakes::FakeClock clock;
    fakes::FakeJournal journal;
    ControlScripts scripts{{helpers, outputs, clock, journal}};
    std::string ended;
    std::vector<ServiceId> idle;
};

}  // namespace

TEST_CASE("control scripts: one after the other, and then idle", "[scripts]") {
    Control c;
    c.add('t');
    c.add('d');
    CHECK(c.run('t'));
    CHECK(c.run('d'));
    CHECK(c.helpers.last == 1);
    CHECK(c.scripts.is_busy(7));
    c.helpers.end(1, kDone);
    CHECK(c.ended == "t+");
    CHECK(c.idle.empty());
    REQUIRE(c.helpers.running.size() == 1);
    CHECK(c.helpers.running.at(2).plan.program == "./control/d");
    c.helpers.end(2, kKilled);
    CHECK(c.ended == "t+d-");
    CHECK(c.idle == std::vector<ServiceId>{7});
    CHECK_FALSE(c.scripts.is_busy(7));
    CHECK(c.clock.armed() == 0);
}

TEST_CASE("control scripts: none where there is none to be run", "[scripts]") {
    Control c;
    c.add('h', 0600);
    CHECK_FALSE(c.run('h'));
    CHECK_FALSE(c.run('t'));
    c.add('t');
    c.service.feeder = 3;
    CHECK_FALSE(c.run('t'));
    c.service.feeder = 0;
    c.service.definition.has_control = false;
    CHECK_FALSE(c.run('t'));
    CHECK(c.helpers.last == 0);
    CHECK_FALSE(c.scripts.is_busy(7));
}

TEST_CASE("control scripts: one that does not end is killed, and has failed", "[scripts]") {
    Control c;
    c.add('h');
    CHECK(c.run('h'));
    c.clock.advance(kScriptTimeout);
    CHECK(c.helpers.running.at(1).killed);
    REQUIRE(c.journal.messages.size() == 1);
    CHECK(c.journal.messages.front() == "web: control/h does not end; killed after 10 s");
    c.helpers.end(1, kKilled);
    CHECK(c.ended == "h-");
}

TEST_CASE("control scripts: one that cannot be run has failed", "[scripts]") {
    Control c;
    c.add('h');
    c.helpers.should_fail = true;
    CHECK(c.run('h'));
    CHECK(c.ended.empty());
    c.clock.advance(0s);
    CHECK(c.ended == "h-");
    c.helpers.should_fail = false;
    CHECK(c.run('h'));
    c.helpers.end(1, {ExecFault{"exec", "control/h", ENOEXEC}, {}});
    CHECK(c.ended == "h-h-");
    CHECK(c.journal.messages.size() == 2);
}

TEST_CASE("control scripts: not more wait than there is room for", "[scripts]") {
    Control c;
    c.add('h');
    for (std::size_t i = 0; i < kMostWaitingScripts; ++i) {
        CHECK(c.run('h'));
    }
    CHECK_FALSE(c.run('h'));
}
