#include "supervisor/environment.h"

#include <algorithm>

#include "common/paths.h"

namespace mainstay::supervisor {
namespace {

constexpr std::string_view kBlanks = " \t\r";

std::string_view trimmed(std::string_view text) noexcept {
    const std::size_t first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string_view without_quotes(std::string_view value) noexcept {
    const bool quoted = value.size() >= 2 && (value.front() == '"' || value.front() == '\'') &&
                        value.back() == value.front();
    return quoted ? value.substr(1, value.size() - 2) : value;
}

bool has_name(std::string_view entry, std::string_view name) noexcept {
    return entry.size() > name.size() && entry.substr(0, name.size()) == name &&
           entry[name.size()] == '=';
}

void take_line(Environment& environment, std::string_view line) {
    constexpr std::string_view kExport = "export ";
    line = trimmed(line);
    if (line.empty() || line.front() == '#') {
        return;
    }
    if (line.substr(0, kExport.size()) == kExport) {
        line = trimmed(line.substr(kExport.size()));
    }
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos || equals == 0 ||
        line.substr(0, equals).find_first_of(kBlanks) != std::string_view::npos) {
        return;
    }
    set_variable(environment, line.substr(0, equals),
                 without_quotes(trimmed(line.substr(equals + 1))));
}

}  // namespace

void set_variable(Environment& environment, std::string_view name, std::string_view value) {
    std::string entry(name);
    entry.append("=").append(value);
    const auto found = std::find_if(environment.begin(), environment.end(),
                                    [&](const auto& e) { return has_name(e, name); });
    if (found == environment.end()) {
        environment.push_back(std::move(entry));
    } else {
        *found = std::move(entry);
    }
}

std::string_view get_variable(const Environment& environment, std::string_view name) noexcept {
    for (const std::string& entry : environment) {
        if (has_name(entry, name)) {
            return std::string_view(entry).substr(name.size() + 1);
        }
    }
    return {};
}

void unset_variable(Environment& environment, std::string_view name) {
    environment.erase(std::remove_if(environment.begin(), environment.end(),
                                     [&](const auto& e) { return has_name(e, name); }),
                      environment.end());
}

Environment parse_environment_file(std::string_view text) {
    Environment environment;
    while (!text.empty()) {
        const std::size_t newline = std::min(text.find('\n'), text.size());
        take_line(environment, text.substr(0, newline));
        text.remove_prefix(std::min(newline + 1, text.size()));
    }
    return environment;
}

Environment service_environment(Origin origin, const Environment& inherited,
                                std::string_view environment_file,
                                std::string_view control_socket) {
    Environment result;
    if (origin == Origin::Machine) {
        const std::string_view path = get_variable(inherited, "PATH");
        set_variable(result, "PATH", path.empty() ? kDefaultPath : path);
        for (const std::string& entry : parse_environment_file(environment_file)) {
            const std::size_t equals = entry.find('=');
            set_variable(result, std::string_view(entry).substr(0, equals),
                         std::string_view(entry).substr(equals + 1));
        }
    } else {
        result = inherited;
        if (get_variable(result, "PATH").empty()) {
            set_variable(result, "PATH", kDefaultPath);
        }
    }
    unset_variable(result, kLinkVariable);
    unset_variable(result, kLinkVersionVariable);
    unset_variable(result, kLinkRoleVariable);
    set_variable(result, kSocketVariable, control_socket);
    return result;
}

}  // namespace mainstay::supervisor
