#include "common/result.h"

#include <catch2/catch.hpp>
#include <cerrno>
#include <memory>

using mainstay::Error;
using mainstay::Result;

namespace {

Result<int> half_of(int number) {
    if (number % 2 != 0) {
        return Error{"halve", EINVAL};
    }
    return number / 2;
}

Result<int> quarter_of(int number) {
    TRY(const int half, half_of(number));
    return half_of(half);
}

Result<void> check_even(int number) {
    if (number % 2 != 0) {
        return Error{"check", ERANGE};
    }
    return {};
}

Result<void> check_both_even(int one, int other) {
    TRY_VOID(check_even(one));
    return check_even(other);
}

}  // namespace

TEST_CASE("a result is a value or an error", "[result]") {
    CHECK(*half_of(8) == 4);
    CHECK(half_of(7).error().code == EINVAL);
    CHECK(half_of(7).value_or(-1) == -1);
    CHECK(check_even(2).has_value());
    CHECK(check_even(3).error().code == ERANGE);
    CHECK(check_both_even(2, 4).has_value());
    CHECK(check_both_even(3, 4).error().code == ERANGE);
    CHECK(check_both_even(2, 5).error().code == ERANGE);
}

TEST_CASE("TRY hands the first error up", "[result]") {
    CHECK(*quarter_of(8) == 2);
    CHECK(quarter_of(6).error().code == EINVAL);
    CHECK(quarter_of(5).error().code == EINVAL);
}

TEST_CASE("a result may hold what can only be moved", "[result]") {
    Result<std::unique_ptr<int>> result(std::make_unique<int>(5));
    const std::unique_ptr<int> owned = *std::move(result);
    CHECK(*owned == 5);
}

TEST_CASE("errors have words", "[error]") {
    CHECK(std::string(mainstay::errno_text(ENOENT)) == "No such file or directory");
    CHECK(std::string(mainstay::errno_text(99999)) == "error");
}
