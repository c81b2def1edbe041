/// Whose messages count, whom a service may name as its main process, what is said of strangers.
#include "supervisor/notify_sender.h"

#include <catch2/catch.hpp>
#include <map>

#include "supervisor/proc_text.h"
#include "supervisor/refusal_log.h"

using namespace std::chrono_literals;
using namespace mainstay;
using namespace mainstay::supervisor;

namespace {

constexpr std::uint32_t kUser = 1000;
constexpr std::uint32_t kOther = 2000;
constexpr RunProcesses kRun{7, 100, 100};

class FakeFamily final : public ProcessFamily {
  public:
    Kinship kinship(const Sender& process, const RunProcesses& run) override {
        CHECK(run == kRun);
        const auto found = kin.find(process.pid);
        return found == kin.end() ? Kinship::Gone : found->second;
    }
    ZombiesView zombies_below(std::int32_t /*pid*/) override { return {}; }
    std::optional<std::uint32_t> uid_of(std::int32_t pid) override {
        CHECK(pid == kRun.main);
        return uid;
    }

    std::map<std::int32_t, Kinship> kin = {{100, Kinship::Member},
                                           {101, Kinship::Member},
                                           {102, Kinship::Descendant},
                                           {103, Kinship::Stranger}};
    std::optional<std::uint32_t> uid = kUser;
};

}  // namespace

TEST_CASE("sender: with main only the main process is heard", "[notify]") {
    FakeFamily family;
    const auto judge = [&](std::int32_t pid, std::uint32_t uid) {
        return judge_sender({pid, uid, -1}, NotifySenders::Main, kRun, 99, family);
    };
    CHECK(judge(100, kUser) == SenderVerdict::Accepted);
    CHECK(judge(101, kUser) == SenderVerdict::Refused);
    CHECK(judge(101, 0) == SenderVerdict::Refused);
    CHECK(judge(99, kUser) == SenderVerdict::Late);
    CHECK(judge(0, 0) == SenderVerdict::Refused);
}

TEST_CASE("sender: with all every member is, and who is gone if it could do worse", "[notify]") {
    FakeFamily family;
    const auto judge = [&](std::int32_t pid, std::uint32_t uid) {
        return judge_sender({pid, uid, -1}, NotifySenders::All, kRun, 99, family);
    };
    CHECK(judge(100, kUser) == SenderVerdict::Accepted);
    CHECK(judge(101, kOther) == SenderVerdict::Accepted);
    CHECK(judge(102, kUser) == SenderVerdict::Refused);
    CHECK(judge(103, 0) == SenderVerdict::Refused);
    CHECK(judge(500, kUser) == SenderVerdict::Accepted);
    CHECK(judge(500, 0) == SenderVerdict::Accepted);
    CHECK(judge(500, kOther) == SenderVerdict::Refused);
    CHECK(judge(99, kOther) == SenderVerdict::Late);
    CHECK(judge(0, kUser) == SenderVerdict::Refused);
    family.uid = std::nullopt;
    CHECK(judge(500, kUser) == SenderVerdict::Refused);
}

TEST_CASE("sender: nobody is heard between two runs, or when nobody shall be", "[notify]") {
    FakeFamily family;
    CHECK(judge_sender({100, 0, -1}, NotifySenders::Nobody, kRun, 0, family) ==
          SenderVerdict::Refused);
    CHECK(judge_sender({101, 0, -1}, NotifySenders::All, {7, 0, 0}, 0, family) ==
          SenderVerdict::Refused);
    CHECK(judge_sender({101, 0, -1}, NotifySenders::All, {7, 0, 0}, 101, family) ==
          SenderVerdict::Late);
}

TEST_CASE("main pid: a member; a daemon that left on the word of root alone", "[notify]") {
    FakeFamily family;
    const auto may = [&](std::int32_t candidate, std::uint32_t uid) {
        return may_become_main(candidate, {100, uid, -1}, kOther, kRun, family);
    };
    CHECK(may(101, kUser));
    CHECK_FALSE(may(102, kUser));
    CHECK(may(102, 0));
    CHECK(may(102, kOther));  // the supervisor's own user
    CHECK_FALSE(may(103, 0));
    CHECK_FALSE(may(500, 0));
}

TEST_CASE("/proc/PID/stat: a command cannot pretend to be fields", "[proc]") {
    CHECK(parse_proc_stat("12 (sh) S 1 2 3 0 -1") == ProcStat{1, 2, 3});
    CHECK(parse_proc_stat("12 (a) R 9 9 9\n(b) S 4 5 6 34816 7") == ProcStat{4, 5, 6});
    CHECK(parse_proc_stat("12 () ) Z 4 0 0") == ProcStat{4, 0, 0});
    CHECK_FALSE(parse_proc_stat(""));
    CHECK_FALSE(parse_proc_stat("12 (sh"));
    CHECK_FALSE(parse_proc_stat("12 (sh) S 1 2"));
    CHECK_FALSE(parse_proc_stat("12 (sh) S 1 2 x"));
    CHECK_FALSE(parse_proc_stat("12 (sh) S -1 2 3"));
    CHECK_FALSE(parse_proc_stat("12 (sh) S 99999999999 2 3"));
}

TEST_CASE("the state of a process stands behind its name", "[proc]") {
    CHECK(parse_proc_state("12 (sh) S 1 2 3") == 'S');
    CHECK(parse_proc_state("12 (a) Z 9\n(b) R 4 5 6") == 'R');
    CHECK(parse_proc_state("12 () ) Z 4 0 0") == 'Z');
    for (const char* text : {"", "12 sh Z 1", "12 (sh)", "12 (sh) ZZ 1"}) {
        CHECK(parse_proc_state(text) == '\0');
    }
}

TEST_CASE("children are added as far as their numbers are whole", "[proc]") {
    std::vector<std::int32_t> children = {7};
    parse_proc_children("12 13 4194304 ", children);
    CHECK(children == std::vector<std::int32_t>{7, 12, 13, 4194304});
    parse_proc_children("", children);
    parse_proc_children("14 x -5 0 99999999999 15 16", children);
    CHECK(children == std::vector<std::int32_t>{7, 12, 13, 4194304, 14, 15});
}

TEST_CASE("/proc/PID/stat: when it was born, and whether it has become a program since", "[proc]") {
    const std::string before_flags = "4711 (a) Z 9) S 1 4711 4711 0 -1 ";
    const std::string before_start = " 1206 3 4 0 20 33 5 6 20 0 6 0 ";
    const auto birth = [&](const std::string& flags, const std::string& start) {
        return parse_proc_birth(before_flags + flags + before_start + start);
    };
    CHECK(birth("4194560", "123456 1 2\n") == ProcBirth{true, 123456});
    CHECK(birth("4194624", "123456 1 2\n") == ProcBirth{false, 123456});  // PF_FORKNOEXEC
    CHECK(birth("64", "18446744073709551615") == ProcBirth{false, ~std::uint64_t{0}});
    CHECK_FALSE(birth("x", "123456"));
    CHECK_FALSE(birth("99999999999", "123456"));
    CHECK_FALSE(birth("0", "12x"));
    CHECK_FALSE(birth("0", "-1"));
    CHECK_FALSE(birth("0", "\n"));
    CHECK_FALSE(parse_proc_birth(before_flags));
    CHECK_FALSE(parse_proc_birth("4711 (a"));
    CHECK_FALSE(parse_proc_birth(""));
}

TEST_CASE("/proc/PID/status: the effective user", "[proc]") {
    CHECK(parse_effective_uid("Name:\tx\nUid:\t1\t2\t3\t4\nGid:\t5") == 2);
    CHECK(parse_effective_uid("Name:\tUid: 9 9\nUid:\t0\t0\t0\t0\n") == 0);
    CHECK_FALSE(parse_effective_uid("Name:\tx\n"));
    CHECK_FALSE(parse_effective_uid("\nUid:\t1\n"));
    CHECK_FALSE(parse_effective_uid("\nUid:\t1\t-2\n"));
}

TEST_CASE("complaints: each once, and so many lines a minute", "[notify]") {
    RefusalLog log;
    MonotonicTime now{1h};
    CHECK(log.should_say(5, Complaint::Refused, now));
    CHECK_FALSE(log.should_say(5, Complaint::Refused, now));
    CHECK(log.should_say(0, Complaint::Refused, now));
    CHECK(log.should_say(5, Complaint::MainProcess, now));
    CHECK_FALSE(log.should_say(5, Complaint::MainProcess, now));
    unsigned said = 3;
    for (std::int32_t pid = 10; pid < 1000; ++pid) {
        said += log.should_say(pid, Complaint::Refused, now) ? 1 : 0;
    }
    CHECK(said == RefusalLog::kLinesAMinute);
    now += 1min;
    CHECK(log.should_say(2000, Complaint::Refused, now));
    // The newest are remembered over the minute.
    CHECK_FALSE(log.should_say(5, Complaint::Refused, now));
}
