#include "init/inittab_plan.h"

#include <array>
#include <catch2/catch.hpp>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

using mainstay::init::Action;
using mainstay::init::class_of;
using mainstay::init::Entry;
using mainstay::init::EntryClass;
using mainstay::init::InittabStyle;
using mainstay::init::kActionCount;
using mainstay::init::keeps_running;
using mainstay::init::kNoEntry;
using mainstay::init::match_entries;
using mainstay::init::next_of_class;

namespace {

Entry entry(std::string_view id, Action action, std::string_view process,
            std::string_view runlevels = {}) {
    return {id, runlevels, action, process, 1};
}

struct ClassRow {
    Action action;
    EntryClass in_runlevel;      ///< busybox's class too, where runlevels mean nothing
    EntryClass not_in_runlevel;  ///< with runlevels that do not name the current one
};

/// One row an action, in the order of the enum.
constexpr std::array kClasses{
    ClassRow{Action::Sysinit, EntryClass::Sysinit, EntryClass::Sysinit},
    ClassRow{Action::Wait, EntryClass::Wait, EntryClass::None},
    ClassRow{Action::Once, EntryClass::Once, EntryClass::None},
    ClassRow{Action::Respawn, EntryClass::Respawn, EntryClass::None},
    ClassRow{Action::Askfirst, EntryClass::Respawn, EntryClass::None},
    ClassRow{Action::CtrlAltDel, EntryClass::CtrlAltDel, EntryClass::None},
    ClassRow{Action::Shutdown, EntryClass::Shutdown, EntryClass::Shutdown},
    ClassRow{Action::Restart, EntryClass::Restart, EntryClass::Restart},
    ClassRow{Action::Supervise, EntryClass::Respawn, EntryClass::None},
    ClassRow{Action::Native, EntryClass::Native, EntryClass::Native},
    ClassRow{Action::Boot, EntryClass::Once, EntryClass::Once},
    ClassRow{Action::BootWait, EntryClass::Wait, EntryClass::Wait},
    ClassRow{Action::Off, EntryClass::None, EntryClass::None},
    ClassRow{Action::OnDemand, EntryClass::None, EntryClass::None},
    ClassRow{Action::InitDefault, EntryClass::None, EntryClass::None},
    ClassRow{Action::PowerWait, EntryClass::PowerFail, EntryClass::None},
    ClassRow{Action::PowerFail, EntryClass::PowerFail, EntryClass::None},
    ClassRow{Action::PowerOkWait, EntryClass::None, EntryClass::None},
    ClassRow{Action::PowerFailNow, EntryClass::None, EntryClass::None},
    ClassRow{Action::KbRequest, EntryClass::KbRequest, EntryClass::None},
};
static_assert(kClasses.size() == kActionCount);

struct Matched {
    std::vector<std::uint32_t> same_as;
    std::vector<bool> taken;
};

Matched match(const std::vector<Entry>& before, const std::vector<Entry>& after) {
    // Filled with what match_entries must overwrite.
    std::vector<std::uint32_t> same_as(after.size(), 12345);
    const auto taken = std::make_unique<bool[]>(before.size() + 1);
    const std::span<bool> taken_span(taken.get(), before.size());
    std::fill(taken_span.begin(), taken_span.end(), true);
    match_entries(before, after, same_as, taken_span);
    return {same_as, {taken_span.begin(), taken_span.end()}};
}

using Indexes = std::vector<std::uint32_t>;
using Flags = std::vector<bool>;

}  // namespace

TEST_CASE("the class of every action in both styles", "[inittab-plan]") {
    for (std::size_t i = 0; i < kClasses.size(); ++i) {
        const ClassRow& row = kClasses[i];
        INFO("action: " << to_string(row.action));
        REQUIRE(row.action == static_cast<Action>(i));
        for (const std::string_view runlevels : {"", "3", "12", "S", "nonsense"}) {
            const Entry busybox = entry("tty1", row.action, "/a", runlevels);
            CHECK(class_of(busybox, InittabStyle::Busybox, '3') == row.in_runlevel);
            CHECK(class_of(busybox, InittabStyle::Busybox, 'S') == row.in_runlevel);
            CHECK(class_of(busybox, InittabStyle::Busybox, '\0') == row.in_runlevel);
        }
        const auto sysv = [&](std::string_view runlevels, char runlevel) {
            return class_of(entry("a", row.action, "/a", runlevels), InittabStyle::Sysvinit,
                            runlevel);
        };
        CHECK(sysv("3", '3') == row.in_runlevel);
        CHECK(sysv("2345", '3') == row.in_runlevel);
        CHECK(sysv("2345", '5') == row.in_runlevel);
        CHECK(sysv("", '3') == row.in_runlevel);
        CHECK(sysv("2345", '1') == row.not_in_runlevel);
        CHECK(sysv("12", '3') == row.not_in_runlevel);
        CHECK(sysv("S", '3') == row.not_in_runlevel);
        for (char runlevel = '0'; runlevel <= '9'; ++runlevel) {
            INFO("runlevel: " << runlevel);
            CHECK(sysv("0123456789", runlevel) == row.in_runlevel);
            CHECK(sysv("", runlevel) == row.in_runlevel);
        }
    }
}

TEST_CASE("sysvinit's single-user runlevel", "[inittab-plan]") {
    const auto class_in_s = [](Action action, std::string_view runlevels) {
        return class_of(entry("a", action, "/a", runlevels), InittabStyle::Sysvinit, 'S');
    };
    SECTION("has the entries that name it, in capitals or not") {
        CHECK(class_in_s(Action::Wait, "S") == EntryClass::Wait);
        CHECK(class_in_s(Action::Wait, "s") == EntryClass::Wait);
        CHECK(class_in_s(Action::Respawn, "S2345") == EntryClass::Respawn);
        CHECK(class_in_s(Action::Respawn, "2345") == EntryClass::None);
        CHECK(class_of(entry("a", Action::Wait, "/a", "S"), InittabStyle::Sysvinit, 's') ==
              EntryClass::Wait);
    }
    SECTION("an empty field means the numbered ones only") {
        CHECK(class_in_s(Action::Respawn, "") == EntryClass::None);
        CHECK(class_in_s(Action::Wait, "") == EntryClass::None);
        CHECK(class_in_s(Action::Once, "") == EntryClass::None);
        CHECK(class_in_s(Action::CtrlAltDel, "") == EntryClass::None);
    }
    SECTION("but for power failures, which come at any time") {
        CHECK(class_in_s(Action::PowerFail, "") == EntryClass::PowerFail);
        CHECK(class_in_s(Action::PowerWait, "") == EntryClass::PowerFail);
    }
    SECTION("comes before boot and bootwait, not after") {
        CHECK(class_in_s(Action::Boot, "") == EntryClass::None);
        CHECK(class_in_s(Action::BootWait, "") == EntryClass::None);
    }
    SECTION("comes after sysinit") {
        CHECK(class_in_s(Action::Sysinit, "") == EntryClass::Sysinit);
        CHECK(class_in_s(Action::Native, "") == EntryClass::Native);
    }
}

TEST_CASE("a process goes on when its class stays, or both let it live", "[inittab-plan]") {
    constexpr std::array kAll{EntryClass::None,      EntryClass::Sysinit, EntryClass::Wait,
                              EntryClass::Once,      EntryClass::Respawn, EntryClass::CtrlAltDel,
                              EntryClass::Shutdown,  EntryClass::Restart, EntryClass::PowerFail,
                              EntryClass::KbRequest, EntryClass::Native};
    static_assert(static_cast<std::size_t>(EntryClass::Native) + 1 == kAll.size());
    for (const EntryClass before : kAll) {
        for (const EntryClass after : kAll) {
            const bool once_and_respawn =
                (before == EntryClass::Once && after == EntryClass::Respawn) ||
                (before == EntryClass::Respawn && after == EntryClass::Once);
            INFO("from " << int(before) << " to " << int(after));
            CHECK(keeps_running(before, after) == (before == after || once_and_respawn));
        }
    }
}

TEST_CASE("the next entry of a class", "[inittab-plan]") {
    const std::vector<Entry> entries{
        entry("a", Action::Respawn, "/r"),   entry("b", Action::Sysinit, "/s1"),
        entry("c", Action::Wait, "/w", "2"), entry("d", Action::Native, "hostname"),
        entry("e", Action::Sysinit, "/s2"),  entry("f", Action::Wait, "/w", "3"),
        entry("g", Action::Shutdown, "/d")};
    const auto next = [&](InittabStyle style, EntryClass wanted, std::size_t from) {
        return next_of_class(entries, style, '3', wanted, from);
    };
    const InittabStyle sysv = InittabStyle::Sysvinit;
    const InittabStyle busybox = InittabStyle::Busybox;

    SECTION("sysinit includes native, in file order") {
        CHECK(next(busybox, EntryClass::Sysinit, 0) == 1);
        CHECK(next(busybox, EntryClass::Sysinit, 1) == 1);
        CHECK(next(busybox, EntryClass::Sysinit, 2) == 3);
        CHECK(next(busybox, EntryClass::Sysinit, 4) == 4);
        CHECK(next(busybox, EntryClass::Sysinit, 5) == entries.size());
    }
    SECTION("native alone is native") {
        CHECK(next(busybox, EntryClass::Native, 0) == 3);
        CHECK(next(busybox, EntryClass::Native, 4) == entries.size());
    }
    SECTION("runlevels count in sysvinit's style") {
        CHECK(next(busybox, EntryClass::Wait, 0) == 2);
        CHECK(next(sysv, EntryClass::Wait, 0) == 5);
        CHECK(next(sysv, EntryClass::Wait, 6) == entries.size());
    }
    SECTION("beyond the end there is none") {
        CHECK(next(sysv, EntryClass::Shutdown, 6) == 6);
        CHECK(next(sysv, EntryClass::Shutdown, 7) == entries.size());
        CHECK(next(sysv, EntryClass::Shutdown, 1000) == entries.size());
        CHECK(next_of_class({}, sysv, '3', EntryClass::Wait, 0) == 0);
        CHECK(next(sysv, EntryClass::Restart, 0) == entries.size());
    }
}

TEST_CASE("matching an old and a new table", "[inittab-plan]") {
    const Entry a = entry("tty1", Action::Respawn, "/a");
    const Entry b = entry("tty2", Action::Respawn, "/b");
    const Entry c = entry("tty3", Action::Respawn, "/c");

    SECTION("unchanged") {
        const Matched matched = match({a, b, c}, {a, b, c});
        CHECK(matched.same_as == Indexes{0, 1, 2});
        CHECK(matched.taken == Flags{true, true, true});
    }
    SECTION("in another order") {
        const Matched matched = match({a, b, c}, {c, a, b});
        CHECK(matched.same_as == Indexes{2, 0, 1});
        CHECK(matched.taken == Flags{true, true, true});
    }
    SECTION("one removed") {
        const Matched matched = match({a, b, c}, {a, c});
        CHECK(matched.same_as == Indexes{0, 2});
        CHECK(matched.taken == Flags{true, false, true});
    }
    SECTION("one added") {
        const Matched matched = match({a, c}, {a, b, c});
        CHECK(matched.same_as == Indexes{0, kNoEntry, 1});
        CHECK(matched.taken == Flags{true, true});
    }
    SECTION("all removed, all new") {
        CHECK(match({a, b}, {}).taken == Flags{false, false});
        CHECK(match({}, {a, b}).same_as == Indexes{kNoEntry, kNoEntry});
        CHECK(match({}, {}).same_as.empty());
    }
    SECTION("another terminal or another process is another entry") {
        CHECK(match({entry("tty1", Action::Respawn, "/a")}, {entry("tty2", Action::Respawn, "/a")})
                  .same_as == Indexes{kNoEntry});
        CHECK(match({entry("tty1", Action::Respawn, "/a")}, {entry("tty1", Action::Respawn, "/b")})
                  .same_as == Indexes{kNoEntry});
    }
    SECTION("line, action and runlevels make no other entry") {
        Entry moved = entry("tty1", Action::Once, "/a", "45");
        moved.line = 99;
        CHECK(match({a}, {moved}).same_as == Indexes{0});
    }
    SECTION("duplicates are matched one to one") {
        const Matched fewer = match({a, a, a}, {a, a});
        CHECK(fewer.same_as == Indexes{0, 1});
        CHECK(fewer.taken == Flags{true, true, false});
        const Matched more = match({a, a}, {a, a, a});
        CHECK(more.same_as == Indexes{0, 1, kNoEntry});
        const Matched mixed = match({a, b, a}, {b, a, a});
        CHECK(mixed.same_as[0] == 1);
        CHECK(mixed.same_as[1] != mixed.same_as[2]);
        CHECK(mixed.taken == Flags{true, true, true});
    }
}

TEST_CASE("matching 10,000 entries", "[inittab-plan]") {
    constexpr std::uint32_t kMany = 10'000;
    std::vector<std::string> processes;
    processes.reserve(kMany);
    for (std::uint32_t i = 0; i < kMany; ++i) {
        processes.push_back("/bin/job " + std::to_string(i));
    }
    std::vector<Entry> before;
    before.reserve(kMany);
    for (const std::string& process : processes) {
        before.push_back(entry("", Action::Respawn, process));
    }
    SECTION("unchanged") {
        const Matched matched = match(before, before);
        for (std::uint32_t i = 0; i < kMany; ++i) {
            if (matched.same_as[i] != i) {
                FAIL("entry " << i << " is matched with " << matched.same_as[i]);
            }
        }
    }
    SECTION("reversed") {
        const std::vector<Entry> after(before.rbegin(), before.rend());
        const Matched matched = match(before, after);
        for (std::uint32_t i = 0; i < kMany; ++i) {
            if (matched.same_as[i] != kMany - 1 - i) {
                FAIL("entry " << i << " is matched with " << matched.same_as[i]);
            }
        }
    }
}

TEST_CASE("a sysvinit file starts in the highest level of its initdefault entry",
          "[inittab_plan]") {
    const auto level_of = [](std::string_view runlevels) {
        const std::array entries{Entry{"x", "5", Action::Respawn, "/bin/x", 1},
                                 Entry{"id", runlevels, Action::InitDefault, "", 2}};
        return mainstay::init::initial_runlevel(entries);
    };
    CHECK(level_of("3") == '3');
    CHECK(level_of("253") == '5');
    CHECK(level_of("s") == 'S');
    CHECK(level_of("") == '3');
    CHECK(mainstay::init::initial_runlevel({}) == '3');
}
