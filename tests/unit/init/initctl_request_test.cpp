#include "init/initctl_request.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <string>
#include <vector>

#include "init/extra_variables.h"

using namespace mainstay::init;  // NOLINT: every name of the code under test
using std::string_literals::operator""s;

namespace {

using Bytes = std::vector<std::byte>;

Bytes request(char level, std::uint32_t magic = kInitctlMagic) {
    InitctlRequest made{};
    made.magic = magic;
    made.command = static_cast<std::uint32_t>(InitctlCommand::RunLevel);
    made.level = static_cast<unsigned char>(level);
    made.patience = 7;
    Bytes bytes(sizeof made);
    std::memcpy(bytes.data(), &made, sizeof made);
    return bytes;
}

Bytes operator+(Bytes a, const Bytes& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

Bytes first(Bytes bytes, std::size_t size) {
    bytes.resize(size);
    return bytes;
}

struct Read {
    std::string levels;
    std::size_t skipped;
};

Read read(const Bytes& bytes) {
    InitctlReader reader(bytes);
    std::string levels;
    while (const auto found = reader.next()) {
        CHECK(found->patience == 7);
        levels.push_back(static_cast<char>(found->level));
    }
    return {levels, reader.skipped()};
}

}  // namespace

TEST_CASE("requests are read one after the other", "[initctl]") {
    CHECK(read({}).levels.empty());
    const Read two = read(request('3') + request('S'));
    CHECK(two.levels == "3S");
    CHECK(two.skipped == 0);
}

TEST_CASE("what is no request is passed over", "[initctl]") {
    CHECK(read(request('3', 42)).levels.empty());
    CHECK(read(request('3', 42)).skipped == kInitctlRequestSize);
    CHECK(read(first(request('3'), 383)).levels.empty());
    CHECK(read(first(request('3'), 383)).skipped == 383);
    CHECK(read(Bytes(1000)).skipped == 1000);
    CHECK(read(first(request('3'), 3)).skipped == 3);
}

TEST_CASE("a whole request after a broken one counts", "[initctl]") {
    for (std::size_t size = 0; size < kInitctlRequestSize; ++size) {
        const Read found = read(first(request('5'), size) + request('2') + request('4'));
        REQUIRE(found.levels == "24");
        REQUIRE(found.skipped == size);
    }
    CHECK(read(Bytes(17) + request('2')).levels == "2");
    CHECK(read(request('5', 42) + request('2')).levels == "2");
}

TEST_CASE("variables are set, replaced and taken away", "[variables]") {
    using Change = ExtraVariables::Change;
    ExtraVariables variables;
    CHECK(variables.value_of("INIT_HALT").empty());
    CHECK(variables.apply("INIT_HALT=HALT\0INIT_X=\0\0INIT_Y=1\0"s, Change::Set));
    CHECK(variables.value_of("INIT_HALT") == "HALT");
    CHECK(variables.value_of("INIT_X").data() != nullptr);
    CHECK(variables.value_of("INIT_Y").data() == nullptr);  // an empty one ends the list
    CHECK(variables.apply("INIT_HALT=POWEROFF\0"s, Change::Set));
    CHECK(variables.value_of("INIT_HALT") == "POWEROFF");
    CHECK(variables.value_of("INIT_X").data() != nullptr);
    CHECK(variables.apply("INIT_HALT\0"s, Change::Set));
    CHECK(variables.value_of("INIT_HALT").data() == nullptr);
    CHECK(variables.apply("INIT_X=1\0"s, Change::Unset));
    CHECK(variables.value_of("INIT_X").data() == nullptr);
    CHECK(variables.bytes()[0] == '\0');
}

TEST_CASE("only variables named INIT_ are taken, and those with their NUL", "[variables]") {
    using Change = ExtraVariables::Change;
    ExtraVariables variables;
    CHECK_FALSE(variables.apply("PATH=/tmp\0INIT_A=1\0"s, Change::Set));
    CHECK(variables.value_of("PATH").data() == nullptr);
    CHECK(variables.value_of("INIT_A") == "1");
    CHECK(variables.apply("INIT_B=1", Change::Set));
    CHECK(variables.value_of("INIT_B").data() == nullptr);
}

TEST_CASE("there is room for so many variables, and so many bytes", "[variables]") {
    ExtraVariables many;
    for (std::size_t i = 0; i < kMaxExtraVariables; ++i) {
        REQUIRE(many.set("INIT_" + std::to_string(i) + "=x"));
    }
    CHECK_FALSE(many.set("INIT_ONE_MORE=x"));
    CHECK(many.set("INIT_0=y"));
    CHECK(many.value_of("INIT_15") == "x");

    ExtraVariables big;
    CHECK(big.set("INIT_A=" + std::string(kExtraVariablesSize - 8, 'x')));
    CHECK_FALSE(big.set("B=1"));
    CHECK_FALSE(big.set("INIT_A=" + std::string(kExtraVariablesSize, 'x')));
}

TEST_CASE("variables outlive the program, whatever is read back", "[variables]") {
    ExtraVariables variables;
    REQUIRE(variables.set("INIT_HALT=HALT"));
    REQUIRE(variables.set("INIT_X=1"));
    ExtraVariables after;
    after.restore(variables.bytes());
    CHECK(after.value_of("INIT_HALT") == "HALT");
    CHECK(after.value_of("INIT_X") == "1");
    std::array<char, kExtraVariablesSize> garbage;
    garbage.fill('=');
    after.restore(garbage);
    CHECK(after.value_of("INIT_HALT").data() == nullptr);
}
