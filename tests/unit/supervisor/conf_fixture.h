/// Reads texts as the service.conf of a service called web.
#pragma once

#include <string>
#include <vector>

#include "supervisor/conf_parser.h"

namespace mainstay::supervisor {

struct ReadConf {
    Definition definition;
    ConfOutcome outcome;

    /// "LINE:COLUMN MESSAGE" of each problem.
    std::vector<std::string> problems() const {
        std::vector<std::string> found;
        for (const Problem& problem : outcome.problems) {
            found.push_back(std::to_string(problem.place.line) + ":" +
                            std::to_string(problem.place.column) + " " + problem.message);
        }
        return found;
    }
};

inline ReadConf read_conf(std::vector<std::string> texts, RoleFiles files = {},
                          std::optional<std::string_view> instance = {}) {
    std::vector<ConfFile> conf_files;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        conf_files.push_back(
            {i == 0 ? "service.conf" : "service.conf.d/" + std::to_string(i) + ".conf", texts[i]});
    }
    ReadConf read;
    read.outcome = apply_conf(conf_files, {"web", instance, files}, read.definition);
    return read;
}

inline ReadConf read_conf(const std::string& text, RoleFiles files = {},
                          std::optional<std::string_view> instance = {}) {
    return read_conf(std::vector<std::string>{text}, files, instance);
}

inline RoleFiles role_file(RoleFile file) {
    RoleFiles files;
    files.add(file);
    return files;
}

}  // namespace mainstay::supervisor
