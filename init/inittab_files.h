/// The text of an inittab: the file itself and, in sysvinit's style, what /etc/inittab.d adds.
#pragma once

#include <span>
#include <string_view>

#include "common/result.h"
#include "init/inittab.h"

namespace mainstay::init {

/// Reads a regular file; a fifo or a terminal in its place could make PID 1 wait.
Result<std::string_view> read_regular(const char* path, std::span<char> buffer) noexcept;

/// Where @p text, at the beginning of @p buffer, is of sysvinit's style: appends the files of the
/// directory @p path with `.d` at its end, those named *.tab, in the order of their names, each
/// after a mark that parse_inittab() knows. Allocates nothing.
/// @param report gets what cannot be read
/// @returns the whole text
std::string_view append_inittab_d(const char* path, std::string_view text, InittabStyle style,
                                  std::span<char> buffer, InittabReport& report) noexcept;

}  // namespace mainstay::init
