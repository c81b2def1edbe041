/// A text of inittab with what was read from it, for its tests.
#pragma once

#include <catch2/catch.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "init/inittab.h"

namespace mainstay::init::test {

struct Problem {
    std::uint32_t line;
    std::string message;
};

class Collected final : public InittabReport {
  public:
    void problem(std::uint32_t line, std::string_view message) noexcept override {
        problems.push_back({line, std::string(message)});
    }
    std::vector<Problem> problems;
};

/// A text with what was read from it; the entries point into the text, so it stays in place.
struct Parsed {
    explicit Parsed(std::string content, std::optional<InittabStyle> forced = std::nullopt,
                    std::size_t room = 64)
        : text(std::move(content)),
          storage(room),
          table(parse_inittab(text, forced, storage, report)) {}
    Parsed(const Parsed&) = delete;
    Parsed& operator=(const Parsed&) = delete;

    std::size_t count() const { return table.entries.size(); }
    const Entry& operator[](std::size_t i) const { return table.entries[i]; }
    const std::vector<Problem>& problems() const { return report.problems; }

    std::string text;
    std::vector<Entry> storage;
    Collected report;
    ParsedInittab table;
};

inline constexpr std::string_view kSysvinitHead = "id:3:initdefault:\n";

/// A sysvinit file of the given lines; they start at line 2.
inline std::string sysvinit(std::string_view lines) {
    return std::string(kSysvinitHead).append(lines);
}

/// The lines of the reports, in order.
inline std::vector<std::uint32_t> lines_of(const Parsed& parsed) {
    std::vector<std::uint32_t> lines;
    for (const Problem& problem : parsed.problems()) {
        lines.push_back(problem.line);
    }
    return lines;
}

/// A bad line between two good ones: it alone is reported, and the good ones work.
inline void check_one_bad_line(const std::string& line, const std::string& says) {
    INFO("line: " << line);
    const Parsed parsed("::sysinit:/first\n" + line + "\n::respawn:/last\n");
    REQUIRE(parsed.problems().size() == 1);
    CHECK(parsed.problems()[0].line == 2);
    CHECK_THAT(parsed.problems()[0].message, Catch::Matchers::Contains(says));
    CHECK_THAT(parsed.problems()[0].message, Catch::Matchers::Contains("skipped"));
    REQUIRE(parsed.count() == 2);
    CHECK(parsed[0].process == "/first");
    CHECK(parsed[1].process == "/last");
    CHECK(parsed[1].line == 3);
}

inline void check_one_bad_sysvinit_line(const std::string& line, const std::string& says) {
    INFO("line: " << line);
    const Parsed parsed(sysvinit("si::sysinit:/first\n" + line + "\n1:2345:respawn:/last\n"));
    REQUIRE(parsed.problems().size() == 1);
    CHECK(parsed.problems()[0].line == 3);
    CHECK_THAT(parsed.problems()[0].message, Catch::Matchers::Contains(says));
    REQUIRE(parsed.count() == 3);
    CHECK(parsed[2].process == "/last");
    CHECK(parsed[2].line == 4);
}

}  // namespace mainstay::init::test
