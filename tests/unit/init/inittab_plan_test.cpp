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
using mainstay::init::EntryState;
using mainstay::init::InittabStyle;
using mainstay::init::is_of_class;
using mainstay::init::kActionCount;
using mainstay::init::keeps_running;
using mainstay::init::kEntryClassCount;
using mainstay::init::kNoEntry;
using mainstay::init::match_entries;
using mainstay::init::names_level;

namespace {

Entry entry(std::string_view id, Action action, std::string_view process,
            std::string_view runlevels = {}) {
    return {id, runlevels, action, process, 1, {}, false, false};
}

struct ClassRow {
    Action action;
    EntryClass busybox;  ///< where runlevels mean nothing
    EntryClass in_runlevel;
    EntryClass not_in_runlevel;  ///< with runlevels that do not name the current one
};

/// One row an action, in the order of the enum.
constexpr std::array kClasses{
    ClassRow{Action::Sysinit, EntryClass::Sysinit, EntryClass::None, EntryClass::None},
    ClassRow{Action::Wait, EntryClass::Wait, EntryClass::Wait, EntryClass::None},
    ClassRow{Action::Once, EntryClass::Once, EntryClass::Once, EntryClass::None},
    ClassRow{Action::Respawn, EntryClass::Respawn, EntryClass::Respawn, EntryClass::None},
    ClassRow{Action::Askfirst, EntryClass::Respawn, EntryClass::Respawn, EntryClass::None},
    ClassRow{Action::CtrlAltDel, EntryClass::CtrlAltDel, EntryClass::CtrlAltDel, EntryClass::None},
    ClassRow{Action::Shutdown, EntryClass::Shutdown, EntryClass::Shutdown, EntryClass::Shutdown},
    ClassRow{Action::Restart, EntryClass::Restart, EntryClass::Restart, EntryClass::Restart},
    ClassRow{Action::Supervise, EntryClass::Respawn, EntryClass::Respawn, EntryClass::None},
    ClassRow{Action::Native, EntryClass::Native, EntryClass::None, EntryClass::None},
    ClassRow{Action::Boot, EntryClass::Once, EntryClass::None, EntryClass::None},
    ClassRow{Action::BootWait, EntryClass::Wait, EntryClass::None, EntryClass::None},
    ClassRow{Action::Off, EntryClass::None, EntryClass::None, EntryClass::None},
    ClassRow{Action::OnDemand, EntryClass::None, EntryClass::Respawn, EntryClass::None},
    ClassRow{Action::InitDefault, EntryClass::None, EntryClass::None, EntryClass::None},
    ClassRow{Action::PowerWait, EntryClass::PowerFail, EntryClass::PowerFail, EntryClass::None},
    ClassRow{Action::PowerFail, EntryClass::PowerFail, EntryClass::PowerFail, EntryClass::None},
    ClassRow{Action::PowerOkWait, EntryClass::PowerOk, EntryClass::PowerOk, EntryClass::None},
    ClassRow{Action::PowerFailNow, EntryClass::PowerLow, EntryClass::PowerLow, EntryClass::None},
    ClassRow{Action::KbRequest, EntryClass::KbRequest, EntryClass::KbRequest, EntryClass::None},
};
static_assert(kClasses.size() == kActionCount);

struct Matched {
    std::vector<std::uint32_t> same_as;
    std::vector<bool> taken;
};

Matched match(const std::vector<Entry>& before, const std::vector<Entry>& after,
              InittabStyle style = InittabStyle::Busybox) {
    // Filled with what match_entries must overwrite.
    std::vector<std::uint32_t> same_as(after.size(), 12345);
    const auto taken = std::make_unique<bool[]>(before.size() + 1);
    const std::span<bool> taken_span(taken.get(), before.size());
    std::fill(taken_span.begin(), taken_span.end(), true);
    match_entries(before, after, style, same_as, taken_span);
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
            for (const char level : {'3', 'S', '#', '*', '\0'}) {
                CHECK(class_of(busybox, {InittabStyle::Busybox, level}) == row.busybox);
            }
        }
        const auto sysv = [&](std::string_view runlevels, char runlevel) {
            return class_of(entry("a", row.action, "/a", runlevels),
                            {InittabStyle::Sysvinit, runlevel});
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
        return class_of(entry("a", action, "/a", runlevels), {InittabStyle::Sysvinit, 'S'});
    };
    SECTION("has the entries that name it, in capitals or not") {
        CHECK(class_in_s(Action::Wait, "S") == EntryClass::Wait);
        CHECK(class_in_s(Action::Wait, "s") == EntryClass::Wait);
        CHECK(class_in_s(Action::Respawn, "S2345") == EntryClass::Respawn);
        CHECK(class_in_s(Action::Respawn, "2345") == EntryClass::None);
    }
    SECTION("an empty field means the numbered ones only") {
        CHECK(class_in_s(Action::Respawn, "") == EntryClass::None);
        CHECK(class_in_s(Action::Wait, "") == EntryClass::None);
        CHECK(class_in_s(Action::Once, "") == EntryClass::None);
    }
    SECTION("but for what an event starts") {
        CHECK(class_in_s(Action::CtrlAltDel, "") == EntryClass::CtrlAltDel);
        CHECK(class_in_s(Action::PowerFail, "") == EntryClass::PowerFail);
        CHECK(class_in_s(Action::PowerWait, "") == EntryClass::PowerFail);
        CHECK(class_in_s(Action::PowerFail, "2345") == EntryClass::None);
    }
}

TEST_CASE("sysvinit's time before the first runlevel", "[inittab-plan]") {
    const auto class_at = [](char level, Action action, std::string_view runlevels) {
        return class_of(entry("a", action, "/a", runlevels), {InittabStyle::Sysvinit, level});
    };
    CHECK(class_at('#', Action::Sysinit, "") == EntryClass::Sysinit);
    CHECK(class_at('#', Action::Native, "3") == EntryClass::Native);
    CHECK(class_at('*', Action::Sysinit, "") == EntryClass::None);
    CHECK(class_at('*', Action::Boot, "2") == EntryClass::Once);
    CHECK(class_at('*', Action::BootWait, "") == EntryClass::Wait);
    CHECK(class_at('#', Action::Boot, "") == EntryClass::None);
    for (const char level : {'#', '*'}) {
        CHECK(class_at(level, Action::Wait, "") == EntryClass::None);
        CHECK(class_at(level, Action::Respawn, "0123456789S") == EntryClass::None);
        // An event does not come again when the level does.
        CHECK(class_at(level, Action::CtrlAltDel, "12345") == EntryClass::CtrlAltDel);
    }
}

TEST_CASE("what is demanded runs in every level but the single-user one", "[inittab-plan]") {
    const auto class_at = [](char level, Action action) {
        return class_of(entry("a", action, "/a", "ab"), {InittabStyle::Sysvinit, level, true});
    };
    for (const char level : {'0', '3', '9'}) {
        CHECK(class_at(level, Action::OnDemand) == EntryClass::Respawn);
        CHECK(class_at(level, Action::Once) == EntryClass::Once);
    }
    for (const char level : {'S', '#', '*'}) {
        CHECK(class_at(level, Action::OnDemand) == EntryClass::None);
    }
    CHECK(names_level(entry("a", Action::OnDemand, "/a", "aB"), 'A'));
    CHECK(names_level(entry("a", Action::OnDemand, "/a", "aB"), 'b'));
    CHECK_FALSE(names_level(entry("a", Action::OnDemand, "/a", "aB"), 'c'));
    CHECK_FALSE(names_level(entry("a", Action::Wait, "/a", ""), '3'));
}

TEST_CASE("a process goes on when its entry's class stays, or both let it live", "[inittab-plan]") {
    for (std::size_t i = 0; i < kEntryClassCount; ++i) {
        for (std::size_t j = 0; j < kEntryClassCount; ++j) {
            const auto before = static_cast<EntryClass>(i);
            const auto after = static_cast<EntryClass>(j);
            const bool once_and_respawn =
                (before == EntryClass::Once && after == EntryClass::Respawn) ||
                (before == EntryClass::Respawn && after == EntryClass::Once);
            INFO("from " << i << " to " << j);
            CHECK(keeps_running({Action::Once, before}, {Action::Respawn, after},
                                InittabStyle::Busybox) == (before == after || once_and_respawn));
        }
    }
}

TEST_CASE("in sysvinit's style another action or a level without it ends a process",
          "[inittab-plan]") {
    const EntryState once{Action::Once, EntryClass::Once};
    const EntryState respawn{Action::Respawn, EntryClass::Respawn};
    const EntryState away{Action::Respawn, EntryClass::None};
    const auto keeps = [](EntryState before, EntryState after) {
        return keeps_running(before, after, InittabStyle::Sysvinit);
    };
    CHECK(keeps(respawn, respawn));
    CHECK_FALSE(keeps(once, respawn));
    CHECK_FALSE(keeps(respawn, away));
    CHECK(keeps(away, respawn));
    CHECK(keeps(away, away));
}

TEST_CASE("sysinit includes native", "[inittab-plan]") {
    CHECK(is_of_class(EntryClass::Native, EntryClass::Sysinit));
    CHECK(is_of_class(EntryClass::Native, EntryClass::Native));
    CHECK_FALSE(is_of_class(EntryClass::Sysinit, EntryClass::Native));
    CHECK_FALSE(is_of_class(EntryClass::Wait, EntryClass::Sysinit));
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
    SECTION("in sysvinit's style the id alone tells, but for the shared one") {
        const InittabStyle sysv = InittabStyle::Sysvinit;
        CHECK(match({entry("1", Action::Respawn, "/a")}, {entry("1", Action::Respawn, "/b")}, sysv)
                  .same_as == Indexes{0});
        CHECK(match({entry("1", Action::Respawn, "/a")}, {entry("2", Action::Respawn, "/a")}, sysv)
                  .same_as == Indexes{kNoEntry});
        CHECK(match({entry("~~", Action::Wait, "/a"), entry("~~", Action::Wait, "/b")},
                    {entry("~~", Action::Wait, "/b")}, sysv)
                  .same_as == Indexes{1});
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
        const std::array entries{
            Entry{"x", "5", Action::Respawn, "/bin/x", 1, {}, false, false},
            Entry{"id", runlevels, Action::InitDefault, "", 2, {}, false, false}};
        return mainstay::init::initial_runlevel(entries);
    };
    CHECK(level_of("3") == '3');
    CHECK(level_of("253") == '5');
    CHECK(level_of("s") == 'S');
    CHECK(level_of("") == '3');
    CHECK(level_of("x") == '3');
    CHECK(level_of("0") == '0');
    CHECK(mainstay::init::initial_runlevel({}) == '3');
}
