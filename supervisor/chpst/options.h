/// PURE. The command lines of runit's chpst and of the programs of daemontools that it also is, as
/// one plan: what the process shall be before it becomes its program.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace mainstay::chpst {

/// Which program it is called as; a leading d of the name does not count.
enum class Program : std::uint8_t {
    Chpst,
    SetUidGid,
    EnvUidGid,
    EnvDir,
    PgrpHack,
    SetLock,
    SoftLimit,
};
std::optional<Program> program_of(std::string_view name) noexcept;

/// In the order in which they are set.
enum class Limit : std::uint8_t {
    Data,
    Stack,
    LockedMemory,
    AddressSpace,
    Files,
    Processes,
    FileSize,
    Core,
    Resident,
    CpuTime,
};
inline constexpr std::size_t kLimits = 10;
/// As much as the hard limit allows.
inline constexpr std::uint64_t kMost = UINT64_MAX;

struct Plan {
    Program program = Program::Chpst;
    const char* user = nullptr;              ///< null: the caller's
    const char* environment_user = nullptr;  ///< whose numbers go into UID and GID
    const char* name = nullptr;              ///< argv[0]; null: the program's
    const char* environment = nullptr;       ///< directory
    const char* root = nullptr;
    const char* directory = nullptr;
    const char* lock = nullptr;
    bool waits_for_lock = false;
    bool fails_quietly = false;  ///< setlock -x: without the lock it is a success
    bool is_verbose = false;
    bool has_session = false;
    std::array<bool, 3> closes{};  ///< standard input, output, error
    int nice = 0;
    std::array<std::optional<std::uint64_t>, kLimits> limits;
    std::span<char* const> command;  ///< at least one word
};

struct Usage {
    std::string problem;  ///< a line before it; may be empty
    std::string text;     ///< "usage: chpst …"
};

struct Parsed {
    Plan plan;
    std::optional<Usage> usage;  ///< the command line is wrong
};

/// @param words argv
Parsed parse(std::span<char* const> words, Program program);

}  // namespace mainstay::chpst
