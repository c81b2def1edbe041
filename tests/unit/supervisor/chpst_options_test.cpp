#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "supervisor/chpst/options.h"

using namespace mainstay::chpst;

namespace {

/// Owns the words of a command line.
struct Line {
    explicit Line(std::vector<std::string> w) : words(std::move(w)) {
        for (std::string& word : words) {
            pointers.push_back(word.data());
        }
    }
    Parsed parse() {
        const std::string& path = words.front();
        return mainstay::chpst::parse(pointers, *program_of(path.substr(path.rfind('/') + 1)));
    }

    std::vector<std::string> words;
    std::vector<char*> pointers;
};

std::string usage_of(std::vector<std::string> words) {
    const Parsed parsed = Line(std::move(words)).parse();
    return parsed.usage ? parsed.usage->problem + "|" + parsed.usage->text.substr(0, 16) : "";
}

std::optional<std::uint64_t> limit_of(const Plan& plan, Limit limit) {
    return plan.limits[static_cast<std::size_t>(limit)];
}

}  // namespace

TEST_CASE("chpst: its names", "[chpst]") {
    CHECK(program_of("chpst") == Program::Chpst);
    CHECK(program_of("dsoftlimit") == Program::SoftLimit);
    CHECK_FALSE(program_of("supervisor"));
    CHECK_FALSE(program_of("d"));
}

TEST_CASE("chpst: every option", "[chpst]") {
    Line line({"chpst", "-vP012", "-u", "a",  "-U", "b", "-b", "c", "-e", "d", "-/",   "e",
               "-C",    "f",      "-n", "-5", "-l", "g", "-m", "1", "-o", "2", "-p",   "3",
               "-f",    "4",      "-c", "5",  "-r", "6", "-t", "7", "-d", "8", "prog", "-x"});
    const Parsed parsed = line.parse();
    REQUIRE_FALSE(parsed.usage);
    const Plan& plan = parsed.plan;
    CHECK((plan.is_verbose && plan.has_session && plan.closes[0] && plan.closes[2]));
    CHECK(std::string(plan.user) + plan.environment_user + plan.name + plan.environment +
              plan.root + plan.directory + plan.lock ==
          "abcdefg");
    CHECK((plan.nice == -5 && plan.waits_for_lock));
    CHECK(limit_of(plan, Limit::Stack) == 1);
    CHECK(limit_of(plan, Limit::Files) == 2);
    CHECK(limit_of(plan, Limit::Data) == 8);
    CHECK(plan.command.size() == 2);
}

TEST_CASE("chpst: what is wrong", "[chpst]") {
    CHECK(usage_of({"/x/chpst"}) == "|usage: chpst [-v");
    CHECK(usage_of({"chpst", "-q", "a"}) == "chpst: illegal option -- q|usage: chpst [-v");
    CHECK(usage_of({"chpst", "-o", "1k", "a"}) == "|usage: chpst [-v");
    CHECK(usage_of({"chpst", "-l", "a", "-L", "b", "c"}) == "|usage: chpst [-v");
    CHECK(usage_of({"chpst", "-n", "+x", "c"}) == "|usage: chpst [-v");
    CHECK(usage_of({"chpst", "-V", "c"}) == "|usage: chpst [-v");
    CHECK(usage_of({"denvdir", "a"}) == "|usage: envdir di");
    CHECK(usage_of({"setlock", "-q"}) == "setlock: illegal option -- q|usage: setlock [");
    CHECK(usage_of({"setlock"}) == "|usage: setlock [");
    CHECK(usage_of({"setlock", "a"}) == "|usage: setlock [");
    CHECK(usage_of({"softlimit", "-o"}).starts_with("softlimit: option requires an argument -- o"));
    CHECK(usage_of({"softlimit", "-o", "x", "a"}) == "|usage: softlimit");
    CHECK(usage_of({"pgrphack"}) == "|usage: pgrphack ");
}

TEST_CASE("chpst: as the programs of daemontools", "[chpst]") {
    Line set({"setuidgid", "web", "prog", "x"});
    CHECK(set.parse().plan.user == std::string("web"));
    Line env({"envuidgid", "web", "prog"});
    CHECK(env.parse().plan.environment_user == std::string("web"));
    Line lock({"setlock", "-nx", "file", "prog"});
    CHECK((lock.parse().plan.waits_for_lock && lock.parse().plan.fails_quietly));
    Line other({"setlock", "-nNxX", "file", "prog"});
    CHECK_FALSE((other.parse().plan.waits_for_lock || other.parse().plan.fails_quietly));
    Line limits({"softlimit", "-m", "=", "-s", "5", "prog"});
    const Plan plan = limits.parse().plan;
    CHECK(limit_of(plan, Limit::AddressSpace) == kMost);
    CHECK(limit_of(plan, Limit::Stack) == 5);
    Line group({"pgrphack", "prog"});
    CHECK(group.parse().plan.has_session);
}
