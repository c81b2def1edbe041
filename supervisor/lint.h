/// PURE. What is wrong with a set of service definitions, beyond the mistakes within each: names
/// that lead nowhere, cycles, programs that cannot be executed, accounts that are not there.
/// lint_tree gathers the facts, check prints the findings.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/conf_keys.h"
#include "supervisor/definition.h"
#include "supervisor/problem.h"

namespace mainstay::supervisor {

/// What there is at a path that is to be executed.
enum class ProgramState : std::uint8_t {
    Executable,
    Missing,
    Dangling,  ///< a symbolic link that leads nowhere
    Directory,
    NoFile,         ///< a device, a fifo, a socket
    NotExecutable,  ///< no x bit
};

struct ProgramFacts {
    ProgramState state = ProgramState::Missing;
    /// The first bytes of an executable file, at most kProgramHead; nothing: not to be read.
    std::optional<std::string> head;
    ProgramState interpreter = ProgramState::Executable;  ///< of interpreter_in(head)
};
inline constexpr std::size_t kProgramHead = 256;

/// A program of a service, and where it is asked for.
struct LintedProgram {
    std::string file;  ///< of the message: the program itself, or the conf that names it
    Place place;
    std::string name;           ///< "run", or the word in the conf
    bool in_path_only = false;  ///< a bare name, looked for in the usual PATH
    ProgramFacts facts;
};

/// A name in a conf, with its place.
struct LintedName {
    ConfKey key;
    std::string name;
    std::string file;
    Place place;
};

enum class Enabled : std::uint8_t { Yes, No };

struct LintedService {
    std::string name;
    std::string path;  ///< on the machine, as entered; messages about the entry name it
    Enabled enabled = Enabled::Yes;
    Definition definition;
    std::vector<Problem> problems;  ///< of its reading
    std::vector<LintedName> names;
    std::vector<LintedProgram> programs;
    std::vector<std::string> idle_controls;  ///< paths of control/ files that are not executable
};

/// The accounts of the tree's etc/passwd and etc/group; nothing where the file is not there.
struct Accounts {
    std::optional<std::set<std::string, std::less<>>> users;
    std::optional<std::set<std::string, std::less<>>> groups;
};

/// The names of a file like passwd: what stands before the first colon of each line.
std::set<std::string, std::less<>> account_names(std::string_view text);

struct LintedTree {
    std::vector<LintedService> services;
    Accounts accounts;
    std::vector<Problem> problems;  ///< of the directories themselves
};

/// @returns everything that is wrong, in the order of files and places, with a note for each
/// service that is not enabled and has something wrong.
std::vector<Problem> lint(const LintedTree& tree);

}  // namespace mainstay::supervisor
