/// The lint's view of programs: why the kernel would not execute them.
#include "supervisor/lint_programs.h"

#include <algorithm>

namespace mainstay::supervisor {
namespace {

constexpr std::string_view kScript = "#!";
constexpr std::string_view kElf = "\177ELF";

std::string_view why_not(ProgramState state) noexcept {
    switch (state) {
        case ProgramState::Executable:
            return {};
        case ProgramState::Missing:
            return "there is no such file";
        case ProgramState::Dangling:
            return "a symbolic link that leads nowhere";
        case ProgramState::Directory:
            return "a directory, not a program";
        case ProgramState::NoFile:
            return "not a regular file";
        case ProgramState::NotExecutable:
            return "not executable; chmod +x";
    }
    return {};
}

std::optional<std::string> script_fault(std::string_view head, ProgramState state) {
    const std::string_view line = head.substr(0, head.find('\n'));
    const std::string interpreter = shown(interpreter_in(head));
    if (interpreter.empty()) {
        return "its first line names no interpreter; write #!/bin/sh";
    }
    if (line.back() == '\r') {
        return "its first line ends in a carriage return, which the kernel takes for a part of "
               "it; save it with Unix line ends";
    }
    if (interpreter.front() != '/') {
        return "its interpreter '" + interpreter + "' is no absolute path";
    }
    if (state != ProgramState::Executable) {
        return "its interpreter " + interpreter + ": " + std::string(why_not(state));
    }
    return std::nullopt;
}

}  // namespace

std::string_view interpreter_in(std::string_view head) noexcept {
    if (!head.starts_with(kScript)) {
        return {};
    }
    head.remove_prefix(kScript.size());
    head = head.substr(0, head.find('\n'));
    head.remove_prefix(std::min(head.find_first_not_of(" \t"), head.size()));
    return head.substr(0, head.find_first_of(" \t"));
}

std::optional<std::string> fault_of(const ProgramFacts& facts) {
    if (const std::string_view why = why_not(facts.state); !why.empty()) {
        return std::string(why);
    }
    if (!facts.head) {
        return std::nullopt;
    }
    if (facts.head->starts_with(kScript)) {
        return script_fault(*facts.head, facts.interpreter);
    }
    if (facts.head->empty()) {
        return "an empty file";
    }
    if (!facts.head->starts_with(kElf)) {
        return "neither a program nor a script; its first line must begin with #!";
    }
    return std::nullopt;
}

}  // namespace mainstay::supervisor
