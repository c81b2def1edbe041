/// service.conf and an override: any text gives a definition or problems, each with a place in it.
#include <algorithm>
#include <array>
#include <string>

#include "input.h"
#include "supervisor/conf_parser.h"

using namespace mainstay::supervisor;  // NOLINT: every name of the code under test
using mainstay::fuzz::require;

namespace {

void check_place(Place place, std::string_view text) {
    require(place.line >= 1 && place.column >= 1);
    const auto newlines = std::count(text.begin(), text.end(), '\n');
    require(place.line <= static_cast<std::size_t>(newlines) + 1);
    require(place.column <= text.size() + 1);
}

void parse(std::string_view first, std::string_view second,
           std::optional<std::string_view> instance) {
    const std::array<ConfFile, 2> files = {ConfFile{"1", first}, ConfFile{"2", second}};
    RoleFiles roles;
    roles.add(RoleFile::Finish);
    Definition definition;
    const ConfOutcome outcome = apply_conf(files, {"web", instance, roles}, definition);
    require(outcome.problems.empty() || definition == Definition());
    require(outcome.problems.size() <= 2 * 65 + kConfKeyCount * 2);
    for (const Problem& problem : outcome.problems) {
        require(!problem.message.empty());
        check_place(problem.place, problem.file == "1" ? first : second);
    }
    for (const ConfMention& mention : outcome.mentions) {
        check_place(mention.at.place, files[mention.at.file].text);
    }
    // What was taken once is taken again, and means the same.
    if (outcome.problems.empty()) {
        Definition again;
        require(apply_conf(files, {"web", instance, roles}, again).problems.empty());
        require(again == definition);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest = mainstay::fuzz::text_of(data, size);
    const std::string_view first = mainstay::fuzz::take_part(rest);
    parse(first, rest, std::nullopt);
    parse(first, rest, "tty1");
    return 0;
}
