/// The lint: `init --check [INITTAB]`.
#pragma once

namespace mainstay::init {

/// Prints `file:line: message` for each thing that is wrong. @returns 0 without errors, 1 with, 2
/// where the file cannot be read
int check_main(const char* path) noexcept;

}  // namespace mainstay::init
