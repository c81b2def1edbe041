#include "supervisor/lint.h"

#include <algorithm>
#include <utility>

#include "common/nearest.h"
#include "supervisor/lint_cycles.h"
#include "supervisor/lint_programs.h"
#include "supervisor/name_pattern.h"
#include "supervisor/service_files.h"

namespace mainstay::supervisor {
namespace {

bool is_plain(char c) noexcept {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view("@._+:-").find(c) != std::string_view::npos;
}

bool is_relation(ConfKey key) noexcept {
    return key >= ConfKey::Members && key <= ConfKey::Conflicts;
}

class Lint {
  public:
    explicit Lint(const LintedTree& tree) : tree_(tree), found_(tree.problems) {
        for (std::size_t i = 0; i < tree.services.size(); ++i) {
            by_name_.emplace(tree.services[i].name, i);
        }
    }

    std::vector<Problem> run() {
        check_cycles();
        check_same_directory();
        for (const LintedService& service : tree_.services) {
            const std::size_t before = found_.size();
            found_.insert(found_.end(), service.problems.begin(), service.problems.end());
            check_name(service);
            check_names(service);
            check_programs(service);
            for (const std::string& path : service.idle_controls) {
                add(Severity::Warning, path, {}, "not executable, so it is not run; chmod +x");
            }
            if (service.enabled == Enabled::No && found_.size() > before) {
                add(Severity::Note, service.path, {}, "this service is not enabled");
            }
        }
        std::sort(found_.begin(), found_.end(), comes_before);
        found_.erase(std::unique(found_.begin(), found_.end()), found_.end());
        return std::move(found_);
    }

  private:
    void add(Severity severity, const std::string& file, Place place, std::string message) {
        found_.push_back({severity, file, place, std::move(message)});
    }

    void add(Severity severity, const LintedName& at, std::string message) {
        add(severity, at.file, at.place, std::move(message));
    }

    const LintedService* find(std::string_view name) const {
        const auto found = by_name_.find(name);
        return found == by_name_.end() ? nullptr : &tree_.services[found->second];
    }

    /// "getty@" for "getty@tty1", where there is such a template.
    const LintedService* find_template(const std::string& name) const {
        const std::string_view instance = instance_in(name);
        return instance.empty() ? nullptr : find(name.substr(0, name.size() - instance.size()));
    }

    // --- one service ------------------------------------------------------------------------

    void check_name(const LintedService& service) {
        std::string_view name = service.name;
        name = name.substr(0, name.find('/'));  // a logger's, "web/log"
        if (const std::string_view fault = fault_of_name(name); !fault.empty()) {
            add(Severity::Error, service.path, {}, "not a service: " + std::string(fault));
        } else if (!std::all_of(name.begin(), name.end(), is_plain)) {
            add(Severity::Warning, service.path, {},
                "an odd name; better is one of A-Z a-z 0-9 @ . _ + : and -");
        }
    }

    void check_names(const LintedService& service) {
        for (const LintedName& name : service.names) {
            if (is_relation(name.key)) {
                check_relation(service, name);
            } else if (name.key == ConfKey::User) {
                check_account(tree_.accounts.users, name, "user", "/etc/passwd");
            } else {
                check_account(tree_.accounts.groups, name, "group", "/etc/group");
            }
        }
    }

    void check_account(const std::optional<std::set<std::string, std::less<>>>& known,
                       const LintedName& name, const char* what, const char* file) {
        const bool is_number = name.name.find_first_not_of("0123456789") == std::string::npos;
        if (!known || is_number || known->find(name.name) != known->end()) {
            return;
        }
        add(Severity::Error, name,
            std::string("there is no ") + what + " '" + shown(name.name) + "' in " + file);
    }

    void check_relation(const LintedService& service, const LintedName& name) {
        const LintedService* target = find(name.name);
        const std::string key(info_of(name.key).name);
        if (target == nullptr && find_template(name.name) == nullptr) {
            add_unknown(key, name);
            return;
        }
        if (service.enabled == Enabled::No) {
            return;
        }
        const bool is_enabled = target != nullptr && target->enabled == Enabled::Yes;
        if (name.key == ConfKey::Conflicts && is_enabled) {
            add(Severity::Warning, name,
                "conflicts with " + name.name + ", and both are enabled: one will stop the other");
        } else if (!is_enabled && (name.key == ConfKey::Needs || name.key == ConfKey::Members)) {
            add(Severity::Error, name,
                key + " " + name.name + ", which is not enabled; enable it, too");
        } else if (!is_enabled && name.key == ConfKey::Wants) {
            add(Severity::Warning, name,
                "wants " + name.name + ", which is not enabled; it will not be started");
        }
    }

    void add_unknown(const std::string& key, const LintedName& name) {
        std::vector<std::string_view> known;
        for (const LintedService& service : tree_.services) {
            known.push_back(service.name);
        }
        std::string message = key + ": there is no service '" + shown(name.name) + "'";
        const std::string_view nearest = nearest_word(name.name, known);
        if (!nearest.empty()) {
            message += "; did you mean " + std::string(nearest) + "?";
        }
        add(Severity::Error, name, std::move(message));
    }

    void check_programs(const LintedService& service) {
        for (const LintedProgram& program : service.programs) {
            const auto fault = fault_of(program.facts);
            if (!fault) {
                continue;
            }
            // What PATH the service will have is not known for certain.
            const Severity severity = program.in_path_only ? Severity::Warning : Severity::Error;
            const std::string where = program.in_path_only ? " in the usual PATH" : "";
            add(severity, program.file, program.place, program.name + ": " + *fault + where);
        }
    }

    // --- all of them ------------------------------------------------------------------------

    void check_same_directory() {
        std::map<std::string_view, const LintedService*> first_of;
        for (const LintedService& service : tree_.services) {
            const bool is_instance = !service.definition.instance.empty();
            if (service.enabled == Enabled::No || is_instance) {
                continue;
            }
            const auto [first, is_new] = first_of.emplace(service.definition.resolved, &service);
            if (!is_new) {
                add(Severity::Warning, service.path, {},
                    "leads to the same directory as " + first->second->path +
                        "; two services would share its files; use a template instead");
            }
        }
    }

    /// Who must have started before whom. The edges of groups are their members.
    std::vector<std::vector<std::size_t>> edges() const {
        std::vector<std::vector<std::size_t>> all(tree_.services.size());
        for (std::size_t i = 0; i < all.size(); ++i) {
            const Relations& relations = tree_.services[i].definition.relations();
            for (const auto* names : {&relations.needs, &relations.after, &relations.members}) {
                for (const std::string& name : *names) {
                    const auto sooner = by_name_.find(name);
                    if (sooner != by_name_.end()) {
                        all[i].push_back(sooner->second);
                    }
                }
            }
            for (const std::string& name : relations.before) {
                const auto later = by_name_.find(name);
                if (later != by_name_.end()) {
                    all[later->second].push_back(i);
                }
            }
        }
        return all;
    }

    void check_cycles() {
        for (const std::vector<std::size_t>& cycle : find_cycles(edges())) {
            std::string text;
            for (const std::size_t node : cycle) {
                text.append(tree_.services[node].name).append(" -> ");
            }
            text.append(tree_.services[cycle.front()].name);
            const std::size_t next = cycle.size() > 1 ? cycle[1] : cycle[0];
            const LintedService& first = tree_.services[cycle.front()];
            const LintedService& second = tree_.services[next];
            const LintedName* at = place_of_edge(first, second);
            add(Severity::Error, at == nullptr ? first.path : at->file,
                at == nullptr ? Place() : at->place,
                "a cycle, in which each waits for the next: " + text);
        }
    }

    /// Where it is said that @p first waits for @p second.
    static const LintedName* place_of_edge(const LintedService& first,
                                           const LintedService& second) {
        for (const LintedName& name : first.names) {
            const bool waits = name.key == ConfKey::Needs || name.key == ConfKey::After ||
                               name.key == ConfKey::Members;
            if (waits && name.name == second.name) {
                return &name;
            }
        }
        for (const LintedName& name : second.names) {
            if (name.key == ConfKey::Before && name.name == first.name) {
                return &name;
            }
        }
        return nullptr;
    }

    const LintedTree& tree_;
    std::map<std::string_view, std::size_t> by_name_;
    std::vector<Problem> found_;
};

}  // namespace

std::set<std::string, std::less<>> account_names(std::string_view text) {
    std::set<std::string, std::less<>> names;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        const std::size_t colon = line.find(':');
        if (colon != std::string_view::npos && colon > 0) {
            names.emplace(line.substr(0, colon));
        }
    }
    return names;
}

std::vector<Problem> lint(const LintedTree& tree) {
    return Lint(tree).run();
}

}  // namespace mainstay::supervisor
