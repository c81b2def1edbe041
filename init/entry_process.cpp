#include "init/entry_process.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "common/fd_io.h"
#include "common/paths.h"
#include "common/version.h"
#include "init/command.h"
#include "init/host_notify.h"
#include "init/login_records.h"
#include "init/supervisor_link.h"
#include "init/terminal.h"

namespace mainstay::init {
namespace {

constexpr int kExitNotFound = 127;
constexpr int kExitNotExecutable = 126;
constexpr std::string_view kPrompt = "\nPlease press Enter to activate this console. ";

/// The supervisor never has a terminal of its own: a ctrl-C on the console is not meant for it. An
/// entry that names its terminal, waits for a key or is a login shell takes it; one that just runs
/// on the console claims it only if nobody else has it.
Claim claim_for(const Entry& entry, bool names_terminal) noexcept {
    if (entry.action == Action::Supervise) {
        return Claim::None;
    }
    const bool is_login = !entry.process.empty() && entry.process.front() == '-';
    if (names_terminal || entry.action == Action::Askfirst || is_login) {
        return Claim::Take;
    }
    return entry.action == Action::Respawn ? Claim::IfFree : Claim::None;
}

bool names_terminal(const Entry& entry, InittabStyle style) noexcept {
    return style == InittabStyle::Busybox && !entry.id.empty();
}

/// What somebody in the single-user level works with.
bool is_single_user_shell(const Entry& entry, const EntryContext& context) noexcept {
    return context.style == InittabStyle::Sysvinit && context.level.current == 'S' &&
           entry.action == Action::Wait;
}

Result<void> set_up_stdio(const Entry& entry, const EntryContext& context) noexcept {
    const bool is_named = names_terminal(entry, context.style);
    const Claim claim =
        is_single_user_shell(entry, context) ? Claim::Take : claim_for(entry, is_named);
    if (is_named) {
        return use_terminal(entry.id, claim);
    }
    if (context.inherit_stdio) {
        use_inherited_terminal(claim);
        return {};
    }
    // No console at all is no reason not to run: the entry then starts with PID 1's /dev/null.
    if (const auto used = use_terminal(console_name(), claim); !used) {
        context.log.warning("%s: /dev/%s: %s; starting without a terminal", place_of(entry).c_str(),
                            console_name().c_str(), errno_text(used.error().code));
    }
    return {};
}

/// Waits for Enter, or for the end of a terminal that is no more.
void ask_first() noexcept {
    if (!write_all(STDOUT_FILENO, kPrompt)) {
        return;
    }
    char c = 0;
    while (::read(STDIN_FILENO, &c, 1) == 1 && c != '\n') {
    }
}

/// "NAME=value" of a character.
void set_letter(const char* name, char letter) noexcept {
    const char value[] = {letter, '\0'};
    (void)::setenv(name, value, 1);
}

/// What sysvinit's scripts are told.
void set_variables(const EntryContext& context) noexcept {
    if (context.style == InittabStyle::Sysvinit) {
        FixedString<64> console("/dev/");
        set_letter("RUNLEVEL", shown_level(context.level));
        set_letter("PREVLEVEL", context.level.previous);
        (void)::setenv("CONSOLE", console.append(console_name()).c_str(), 1);
        FixedString<64> version("sysvinit-mainstay-");
        (void)::setenv("INIT_VERSION", version.append(kVersion).c_str(), 1);
        (void)::setenv("SHELL", "/bin/sh", 1);
    }
    context.variables.for_each([](std::string_view variable) {
        const std::string_view name = variable.substr(0, variable.find('='));
        (void)::setenv(FixedString<kExtraVariablesSize>(name).c_str(),
                       variable.data() + name.size() + 1, 1);
    });
}

CommandRules rules_of(const Entry& entry, InittabStyle style) noexcept {
    if (style == InittabStyle::Busybox) {
        return CommandRules::Busybox;
    }
    return entry.no_shell ? CommandRules::SysvinitNoShell : CommandRules::Sysvinit;
}

/// Returns where there is no such script, or it does not count.
void exec_initscript(const Entry& entry, const EntryContext& context) noexcept {
    constexpr char kShell[] = "/bin/sh";
    constexpr char kScript[] = "/etc/initscript";
    if (context.style == InittabStyle::Busybox || context.level.current == 'S' ||
        ::access(kScript, R_OK) != 0) {
        return;
    }
    const FixedString<8> id(entry.id);
    const FixedString<kMaxInittabLine + 1> levels(entry.runlevels);
    const FixedString<16> action(to_string(entry.action));
    const FixedString<kMaxInittabLine + 1> process(entry.process);
    ::execl(kShell, kShell, kScript, id.c_str(), levels.c_str(), action.c_str(), process.c_str(),
            nullptr);
}

[[noreturn]] void run_child(const Entry& entry, const EntryContext& context, int link_fd) noexcept {
    ::setsid();
    (void)::unsetenv(kNotifySocket);  // who is there speaks with PID 1 only
    if (const auto ready = set_up_stdio(entry, context); !ready) {
        context.log.error("%s: %.*s: /dev/%.*s: %s", place_of(entry).c_str(),
                          printable_length(entry.process), entry.process.data(),
                          printable_length(entry.id), entry.id.data(),
                          errno_text(ready.error().code));
        ::_exit(1);
    }
    if (context.style == InittabStyle::Sysvinit && !entry.no_record) {
        // Before the program runs: a getty looks for its own record.
        record_login_here(start_event(entry.id, ::getpid()));
    }
    if (entry.action == Action::Askfirst) {
        ask_first();
    }
    if (link_fd >= 0) {
        hand_over_link(link_fd);
    }
    set_variables(context);
    exec_initscript(entry, context);
    Command command;
    parse_command(entry.process, rules_of(entry, context.style), command);
    ::execvp(command.path, const_cast<char* const*>(command.argv.data()));
    const int code = errno;
    context.log.error("%s: exec %s: %s", place_of(entry).c_str(), command.path, errno_text(code));
    ::_exit(code == ENOENT ? kExitNotFound : kExitNotExecutable);
}

}  // namespace

FixedString<96> place_of(const Entry& entry) noexcept {
    FixedString<96> place;
    if (entry.line == 0) {
        place.append("default entry");
    } else {
        place.append(entry.file.empty() ? "inittab" : "inittab.d/").append(entry.file);
        place.append_format(":%u", entry.line);
    }
    return place;
}

bool takes_terminal(const Entry& entry, InittabStyle style) noexcept {
    return claim_for(entry, names_terminal(entry, style)) == Claim::Take;
}

Result<pid_t> start_entry(const Entry& entry, const EntryContext& context, int link_fd,
                          pid_t* born) noexcept {
    TRY(const pid_t pid, fork_child(context.limits, born));
    if (pid == 0) {
        run_child(entry, context, link_fd);
    }
    return pid;
}

void exec_in_place(const Entry& entry, InittabStyle style, Log& log) noexcept {
    Command command;
    parse_command(entry.process, rules_of(entry, style), command);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execvp(command.path, const_cast<char* const*>(command.argv.data()));
    log.error("%s: exec %s: %s", place_of(entry).c_str(), command.path, errno_text(errno));
    block_signals();
}

}  // namespace mainstay::init
