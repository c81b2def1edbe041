/// sv: what runit's program of that name does, by the files in supervise/, so that it drives
/// whoever keeps them: this project's supervisor or a runsv. Called by another name than sv it is
/// the init script of the service of that name.
#pragma once

#include <span>

namespace mainstay::ctl {

inline constexpr char kSvName[] = "sv";

/// @param words argv
/// @returns the exit code, as sv(8) has it
int run_sv(std::span<char* const> words);

}  // namespace mainstay::ctl
