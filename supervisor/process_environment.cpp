#include "supervisor/process_environment.h"

#include <algorithm>

#include "common/paths.h"

namespace mainstay::supervisor {
namespace {

void set_all(Environment& environment, const std::vector<std::string>& entries) {
    for (const std::string& entry : entries) {
        const std::size_t equals = entry.find('=');
        if (equals != std::string::npos) {
            set_variable(environment, std::string_view(entry).substr(0, equals),
                         std::string_view(entry).substr(equals + 1));
        }
    }
}

void set_known(Environment& environment, std::string_view name, std::string_view value) {
    if (!value.empty()) {
        set_variable(environment, name, value);
    }
}

}  // namespace

Environment process_environment(const Environment& common, const UserVariables& user,
                                std::string_view environment_file, const SpawnPlan& plan) {
    Environment environment = common;
    set_known(environment, "HOME", user.home);
    set_known(environment, "USER", user.name);
    set_known(environment, "LOGNAME", user.name);
    set_known(environment, "SHELL", user.shell);
    set_all(environment, parse_environment_file(environment_file));
    if (plan.settings) {
        for (const std::string& name : plan.settings->unset) {
            unset_variable(environment, name);
        }
        set_all(environment, plan.settings->environment);
    }
    set_all(environment, plan.environment);
    for (const std::string& name : plan.pid_variables) {
        unset_variable(environment, name);
    }
    for (const std::string& name : plan.pid_variables) {
        environment.push_back(name + "=" + std::string(kPidRoom, '\0'));
    }
    return environment;
}

std::vector<std::string> program_candidates(std::string_view program, std::string_view path) {
    if (program.find('/') != std::string_view::npos) {
        return {std::string(program)};
    }
    std::vector<std::string> candidates;
    path = path.empty() ? std::string_view(kDefaultPath) : path;
    while (!path.empty()) {
        const std::size_t end = std::min(path.find(':'), path.size());
        const std::string_view directory = path.substr(0, end);
        candidates.push_back(std::string(directory.empty() ? "." : directory) + "/" +
                             std::string(program));
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    return candidates;
}

}  // namespace mainstay::supervisor
