/// `init --self-test` (common/program_memory.h): shows that this program, here and now, can be
/// executed and works, before it is executed as PID 1.
#pragma once

#include <string_view>

namespace mainstay::init {

/// How the answer on standard output begins. What follows is for people.
inline constexpr std::string_view kSelfTestAnswer = "mainstay-init works: block ";

/// @returns the exit code: 0 after the answer, 1 after saying what is wrong
int self_test_main() noexcept;

}  // namespace mainstay::init
