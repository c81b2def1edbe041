/// Runs a program that belongs to Mainstay, found beside svctl.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/result.h"

namespace mainstay::ctl {

/// Where @p name is: in ../lib/mainstay beside the directory of svctl (installed), in that
/// directory itself (as it was built), or in PATH.
std::optional<std::string> find_program(const std::string& name);

/// What becomes of the program's standard output.
enum class ProgramOutput { Ours, Captured };

struct ProgramEnd {
    int exit = 0;        ///< its exit code; 128 + signal where it was killed
    std::string output;  ///< where it was captured
};

/// Runs it to its end. @p words are its arguments without its name.
Result<ProgramEnd> run_program(const std::string& path, const std::vector<std::string>& words,
                               ProgramOutput output);

}  // namespace mainstay::ctl
