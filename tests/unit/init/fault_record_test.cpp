#include "init/fault_record.h"

#include <catch2/catch.hpp>
#include <csignal>
#include <cstring>

using namespace mainstay::init;  // NOLINT: every name of the record under test
using mainstay::MonotonicTime;
using std::chrono::seconds;

namespace {

constexpr MonotonicTime kStart{std::chrono::hours(1)};

FaultCause cause(int signal) {
    FaultCause made{};
    made.signal = signal;
    made.address = 0x10;
    made.program_counter = 0x40a1b2;
    std::strncpy(made.build, "0.1.0 (abc)", sizeof made.build - 1);
    return made;
}

}  // namespace

TEST_CASE("one fault resumes, two within a minute keep only, three need a person", "[fault]") {
    FaultRecord record{};
    CHECK(judge(record, kStart) == Recovery::Resume);
    note_fault(record, cause(SIGSEGV), kStart);
    CHECK(judge(record, kStart) == Recovery::Resume);
    note_fault(record, cause(SIGSEGV), kStart + seconds(59));
    CHECK(judge(record, kStart + seconds(59)) == Recovery::KeepOnly);
    note_fault(record, cause(SIGBUS), kStart + seconds(60));
    CHECK(judge(record, kStart + seconds(60)) == Recovery::Emergency);
    CHECK(record.total == 3);
    CHECK(record.last.signal == SIGBUS);
}

TEST_CASE("faults a minute apart are each the first", "[fault]") {
    FaultRecord record{};
    for (int i = 0; i < 20; ++i) {
        const MonotonicTime now = kStart + seconds(61) * i;
        note_fault(record, cause(SIGSEGV), now);
        CHECK(judge(record, now) == Recovery::Resume);
    }
    CHECK(record.total == 20);
}

TEST_CASE("any number of faults at once stays an emergency", "[fault]") {
    FaultRecord record{};
    for (int i = 0; i < 20; ++i) {
        note_fault(record, cause(SIGSEGV), kStart);
    }
    CHECK(judge(record, kStart) == Recovery::Emergency);
    CHECK(record.recent_count == FaultRecord::kRecent);
}

TEST_CASE("a record that is damaged is used no further than it reaches", "[fault]") {
    FaultRecord record{};
    std::memset(&record, 0xff, sizeof record);
    CHECK(judge(record, kStart) == Recovery::Resume);
    note_fault(record, cause(SIGSEGV), kStart);
    CHECK(record.recent_count == FaultRecord::kRecent);
    CHECK(judge(record, kStart) == Recovery::Resume);
    // Times that are yet to come do not count.
    FaultRecord future{};
    note_fault(future, cause(SIGSEGV), kStart + seconds(100));
    note_fault(future, cause(SIGSEGV), kStart + seconds(100));
    CHECK(judge(future, kStart) == Recovery::Resume);
}

TEST_CASE("a fault is described with what it takes to find it", "[fault]") {
    FaultCause own = cause(SIGSEGV);
    CHECK(describe(own) == "SEGV at 0x10, program counter 0x40a1b2, Mainstay 0.1.0 (abc)");
    own.sender = 12;
    CHECK(describe(own) == "SEGV from pid 12, program counter 0x40a1b2, Mainstay 0.1.0 (abc)");
    own.sender = kUnseenSender;
    CHECK(describe(own) == "SEGV from outside, program counter 0x40a1b2, Mainstay 0.1.0 (abc)");
    own.build_id.fill(0xab);
    own.build_id.back() = 0x01;
    std::string its_id = ", build id ";
    for (std::size_t i = 1; i < own.build_id.size(); ++i) {
        its_id += "ab";
    }
    its_id += "01";
    CHECK(describe(own).view() ==
          "SEGV from outside, program counter 0x40a1b2, Mainstay 0.1.0 (abc)" + its_id);
    // The longest that there can be is not cut off.
    own.sender = 0;
    own.address = own.program_counter = ~std::uint64_t{0};
    std::memset(own.build, 'x', sizeof own.build);
    CHECK(describe(own).view().ends_with("xxx" + its_id));
}
