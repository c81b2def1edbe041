/// A program in memory, so that executing it waits for no disk, cannot be changed after it was
/// tested, and holds no file system. docs/decisions/0044.
#pragma once

#include "common/result.h"
#include "common/unique_fd.h"

namespace mainstay {

/// The word that has a program test itself and say that it works.
inline constexpr char kSelfTestWord[] = "--self-test";

/// An empty memfd to hold a program. @p name is what /proc shows of it.
Result<UniqueFd> make_program_memory(const char* name) noexcept;

/// Copies the file @p from into @p memory and seals it. May block: in a child only.
Result<void> copy_program(int from, int memory) noexcept;

/// Whether copy_program came to its end.
bool is_whole_program(int memory) noexcept;

/// Reads a byte of each page of the program that runs: a file that was cut off maps, and faults
/// where it ends. For self-tests.
void touch_every_page() noexcept;

}  // namespace mainstay
