/// `supervisor --self-test`: shows that this program, here and now, can be executed and works,
/// before it takes a supervisor's place.
#pragma once

#include <string_view>

namespace mainstay::supervisor {

/// How the answer on standard output begins. What follows is for people: its version.
inline constexpr std::string_view kSelfTestAnswer = "mainstay-supervisor works: ";

/// @returns the exit code: 0 after the answer, 1 after saying what is wrong
int run_self_test();

}  // namespace mainstay::supervisor
