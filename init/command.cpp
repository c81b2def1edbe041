#include "init/command.h"

namespace mainstay::init {
namespace {

constexpr std::string_view kShellCharacters = "~`!$^&*()=|\\{}[];\"'<>?";
constexpr std::string_view kBlanks = " \t";

/// Appends a NUL-terminated copy of @p word and says where it stands.
const char* store(Command& command, std::string_view prefix, std::string_view word) noexcept {
    const char* start = command.text.c_str() + command.text.size();
    command.text.append(prefix).append(word).append(std::string_view("\0", 1));
    return start;
}

void use_shell(std::string_view prefix, std::string_view line, Command& command) noexcept {
    command.argv[0] = command.login ? "-/bin/sh" : "/bin/sh";
    command.argv[1] = "-c";
    command.argv[2] = store(command, prefix, line);
    command.path = "/bin/sh";
}

void split_words(std::string_view line, Command& command) noexcept {
    std::size_t count = 0;
    while (count < kMaxWords) {
        const std::size_t begin = line.find_first_not_of(kBlanks);
        if (begin == std::string_view::npos) {
            break;
        }
        line.remove_prefix(begin);
        const std::string_view word = line.substr(0, line.find_first_of(kBlanks));
        line.remove_prefix(word.size());
        const bool is_login_name = count == 0 && command.login;
        command.argv[count++] = store(command, is_login_name ? "-" : "", word);
    }
    command.path = count == 0 ? "" : command.argv[0] + (command.login ? 1 : 0);
}

}  // namespace

void parse_command(std::string_view process, CommandRules rules, Command& command) noexcept {
    command.text.clear();
    command.argv = {};
    command.login = !process.empty() && process.front() == '-';
    if (command.login) {
        process.remove_prefix(1);
    }
    const bool is_busybox = rules == CommandRules::Busybox;
    if (rules != CommandRules::SysvinitNoShell &&
        process.find_first_of(kShellCharacters) != std::string_view::npos) {
        use_shell(is_busybox ? "exec " : "", process, command);
    } else {
        split_words(is_busybox ? process : process.substr(0, process.find('#')), command);
    }
}

}  // namespace mainstay::init
