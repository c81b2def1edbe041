/// PURE. What `init … -- COMMAND` is asked for, under its own name and under those of tini,
/// dumb-init and catatonit, whose options, variables and ways of reading a command line it keeps.
///
/// getopt_long(3) reads the words, so that what is an option is what those programs take for one:
/// it moves words about in argv, and it is not for two threads. Nothing here touches the system;
/// init/minimal_init acts on the outcome.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/clock.h"
#include "common/exit_status.h"
#include "common/fixed.h"
#include "common/signals.h"

namespace mainstay::init {

enum class ContainerStyle : std::uint8_t { Own, Tini, DumbInit, Catatonit };

/// By the name that the program is called by: nothing where that name alone does not say it.
std::optional<ContainerStyle> container_style(std::string_view name) noexcept;

/// Whether the words after the program's name ask for it: a `--`, which the kernel keeps for
/// itself, or `--services`.
bool asks_for_container(int argc, const char* const* argv) noexcept;

/// What becomes of each signal on its way to the command.
class SignalTable {
  public:
    /// @param to 0: it is not passed on
    void rewrite(int from, int to) noexcept;
    /// The same where nobody has said anything about @p from yet.
    void rewrite_by_default(int from, int to) noexcept;
    /// @returns 0 for a signal that is not passed on
    int translate(int number) const noexcept;

  private:
    static constexpr std::uint8_t kAsItIs = 255;
    static constexpr bool is_signal(int number) noexcept {
        return number >= 1 && number <= kSignalMax;
    }

    std::array<std::uint8_t, kSignalMax + 1> to_{make_identity()};
    static constexpr std::array<std::uint8_t, kSignalMax + 1> make_identity() noexcept {
        std::array<std::uint8_t, kSignalMax + 1> table{};
        table.fill(kAsItIs);
        return table;
    }
};

/// The exit codes that are to count as 0.
class ForgivenCodes {
  public:
    void add(std::uint8_t code) noexcept { forgiven_[code] = true; }
    /// What init ends with when its command has ended so: the code, 128 + the signal, or 0 for one
    /// that is forgiven.
    std::uint8_t exit_code(const ExitStatus& status) const noexcept;

  private:
    std::array<bool, 256> forgiven_{};
};

/// What goes to standard error or output beside failures: tini's numbers.
enum class Verbosity : std::uint8_t { Silent, Warnings, Info, Debug, Trace };

struct ContainerOptions {
    ContainerStyle style = ContainerStyle::Own;
    SignalTable signals;
    ForgivenCodes forgiven;
    Verbosity verbosity = Verbosity::Warnings;
    int parent_death_signal = 0;  ///< 0: none
    bool is_subreaper = false;    ///< where it is not PID 1
    bool to_group = false;        ///< signals go to the command's process group
    bool new_session = false;     ///< the command gets a session, and the terminal in it
    bool warns_of_reaped = false;
    bool pauses = false;  ///< catatonit -P: no command, ended by TERM or INT
    bool has_services = false;
    const char* service_directory = nullptr;  ///< the supervisor's default where it is not given
    std::optional<Duration> grace;  ///< for a command that is asked to stop, and for others
    char** command = nullptr;       ///< ends with a null pointer; none: nothing to run
};

/// The variables that are looked at; null where one is not set.
struct ContainerVariables {
    const char* tini_subreaper = nullptr;
    const char* tini_kill_process_group = nullptr;
    const char* tini_verbosity = nullptr;
    const char* dumb_init_debug = nullptr;
    const char* dumb_init_setsid = nullptr;
    const char* catatonit_debug = nullptr;
};

struct ContainerRequest {
    enum class Ask : std::uint8_t { Run, Help, Version, License, Refuse };

    Ask ask = Ask::Run;
    ContainerOptions options;
    /// Why it is refused, or what is ignored although it is wrong: a sentence without a newline.
    FixedString<256> complaint;
};

/// What the process ends with that could not become the command, as each of the programs has it.
/// @param code the errno of execve(2)
std::uint8_t exec_failure_code(ContainerStyle style, int code) noexcept;

/// @param argv as main() gets it; the words are put into another order, as getopt_long(3) does
ContainerRequest read_container_request(ContainerStyle style, int argc, char** argv,
                                        const ContainerVariables& variables) noexcept;

}  // namespace mainstay::init
