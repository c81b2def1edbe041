#include "supervisor/lint_tree.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "common/fd_io.h"
#include "common/paths.h"
#include "supervisor/lint_programs.h"
#include "supervisor/service_dir.h"
#include "supervisor/service_files.h"

namespace mainstay::supervisor {
namespace {

constexpr std::size_t kMaxAccounts = std::size_t{4} * 1024 * 1024;
constexpr unsigned kExecutable = 0111;
constexpr std::array<const char*, 2> kDefinitionDirectories = {"/etc/sv", "/usr/lib/sv"};

ProgramState state_of(const struct stat& info) noexcept {
    if (S_ISDIR(info.st_mode)) {
        return ProgramState::Directory;
    }
    if (!S_ISREG(info.st_mode)) {
        return ProgramState::NoFile;
    }
    return (info.st_mode & kExecutable) != 0 ? ProgramState::Executable
                                             : ProgramState::NotExecutable;
}

ProgramState state_at(const FileTree& tree, const std::string& path) {
    const auto fd = tree.open(path, O_PATH);
    struct stat info {};
    if (fd && ::fstat(fd->get(), &info) == 0) {
        return state_of(info);
    }
    return tree.open(path, O_PATH | O_NOFOLLOW) ? ProgramState::Dangling : ProgramState::Missing;
}

ProgramFacts facts_at(const FileTree& tree, const std::string& path) {
    ProgramFacts facts;
    facts.state = state_at(tree, path);
    if (facts.state != ProgramState::Executable) {
        return facts;
    }
    std::array<char, kProgramHead> buffer;
    const auto fd = tree.open(path, O_RDONLY);
    const auto head = fd ? read_up_to(fd->get(), buffer) : Result<std::string_view>(fd.error());
    if (head) {
        facts.head = std::string(*head);
        const std::string interpreter(interpreter_in(*head));
        if (interpreter.starts_with('/')) {
            facts.interpreter = state_at(tree, interpreter);
        }
    }
    return facts;
}

/// A bare name as execvp(3) finds it; what is not found is Missing.
ProgramFacts facts_in_path(const FileTree& tree, const std::string& root, const std::string& name) {
    std::string_view rest = kDefaultPath;
    while (!rest.empty()) {
        const std::string_view directory = rest.substr(0, rest.find(':'));
        rest.remove_prefix(std::min(directory.size() + 1, rest.size()));
        const std::string path = std::string(root).append(directory).append("/").append(name);
        if (state_at(tree, path) == ProgramState::Executable) {
            return facts_at(tree, path);
        }
    }
    return {};
}

struct CommandOfKey {
    ConfKey key;
    Command Programs::*command;
};

constexpr std::array kCommands{
    CommandOfKey{ConfKey::Exec, &Programs::run},
    CommandOfKey{ConfKey::ExecSetup, &Programs::setup},
    CommandOfKey{ConfKey::ExecStop, &Programs::stop},
    CommandOfKey{ConfKey::ExecReload, &Programs::reload},
    CommandOfKey{ConfKey::ExecFinish, &Programs::finish},
    CommandOfKey{ConfKey::ExecCheck, &Programs::check},
    CommandOfKey{ConfKey::OnFailureAction, &Programs::on_failure},
};

class Gatherer {
  public:
    explicit Gatherer(const FileTree& tree) : tree_(tree) {}

    LintedTree gather(const std::string& directory, SearchIn which) {
        add_directory(directory, Enabled::Yes);
        if (which == SearchIn::System) {
            for (const char* definitions : kDefinitionDirectories) {
                add_directory(definitions, Enabled::No);
            }
        }
        add_loggers();
        facts_.accounts.users = accounts("passwd");
        facts_.accounts.groups = accounts("group");
        return std::move(facts_);
    }

  private:
    void add_problem(Severity severity, const std::string& path, std::string message) {
        facts_.problems.push_back({severity, tree_.on_machine(path), {}, std::move(message)});
    }

    void add_directory(const std::string& path, Enabled enabled) {
        const auto directory = OpenDirectory::open(tree_, path);
        if (!directory && directory.error().code == ENOENT && enabled == Enabled::No) {
            return;
        }
        const auto entries = directory ? directory->entries()
                                       : Result<std::vector<DirectoryEntry>>(directory.error());
        if (!entries) {
            add_problem(Severity::Error, path, errno_text(entries.error().code));
            return;
        }
        if (enabled == Enabled::Yes && is_a_service(*directory)) {
            add_problem(Severity::Error, path,
                        "a service directory itself; give the directory that holds it");
            return;
        }
        for (const DirectoryEntry& entry : *entries) {
            add_entry(*directory, entry, enabled);
        }
    }

    /// Where somebody asks about one service.
    static bool is_a_service(const OpenDirectory& directory) {
        return directory.kind_behind(kRunFile) == EntryKind::File ||
               directory.kind_behind(kConfFile) == EntryKind::File;
    }

    void add_entry(const OpenDirectory& directory, const DirectoryEntry& entry, Enabled enabled) {
        const std::string path = directory.path() + "/" + entry.name;
        const EntryKind kind = directory.kind_behind(entry.name.c_str());
        if (kind == EntryKind::Directory) {
            add_service(entry.name, path, enabled);
        } else if (kind == EntryKind::Unknown) {
            add_problem(Severity::Error, path, "a symbolic link that leads nowhere");
        } else if (enabled == Enabled::Yes && entry.name != kDefaultsFile) {
            add_problem(Severity::Warning, path, "not a directory, so not a service");
        }
    }

    /// Definitions that an entry leads to, or that one of the same name hides, are left out.
    bool is_left_out(const std::string& name, const std::string& resolved, Enabled enabled) const {
        return enabled == Enabled::No &&
               std::any_of(facts_.services.begin(), facts_.services.end(),
                           [&](const LintedService& known) {
                               return known.definition.resolved == resolved ||
                                      (known.enabled == Enabled::No && known.name == name);
                           });
    }

    void add_service(const std::string& name, const std::string& path, Enabled enabled) {
        ReadDirectory read = read_service_directory(
            tree_, path, enabled == Enabled::Yes ? TemplateItself::Refuse : TemplateItself::Sample,
            programs_);
        if (is_left_out(name, read.definition.resolved, enabled)) {
            return;
        }
        LintedService service;
        service.name = name;
        service.path = tree_.on_machine(path);
        service.enabled = enabled;
        add_programs(read, service);
        add_names(read, service);
        if (read.definition.has_control) {
            add_controls(read.definition.resolved, service);
        }
        if (read.definition.has_log && base_name(path) != kLogDirectory) {
            loggers_.push_back({name + "/" + kLogDirectory, path + "/" + kLogDirectory,
                                read.definition.log_target.text(), enabled});
        }
        service.definition = std::move(read.definition);
        service.problems = std::move(read.problems);
        facts_.services.push_back(std::move(service));
    }

    /// A link to a service is that service; everything else is a logger of its own.
    void add_loggers() {
        for (const Logger& logger : loggers_) {
            const bool is_shared =
                !logger.target.empty() &&
                std::any_of(facts_.services.begin(), facts_.services.end(),
                            [&](const LintedService& service) {
                                return service.definition.resolved == logger.target;
                            });
            if (!is_shared) {
                add_service(logger.name, logger.path, logger.enabled);
            }
        }
    }

    void add_programs(const ReadDirectory& read, LintedService& service) const {
        if (read.definition.policy.type == ServiceType::Group) {
            return;
        }
        for (const CommandOfKey& known : kCommands) {
            const Command& command = read.definition.programs().*known.command;
            // Where the conf has mistakes, what it would have said is not known.
            if (!command.empty() && (read.usable || read.files.has(RoleFile::Run))) {
                service.programs.push_back(program_of(read, known.key, command.front()));
            }
        }
    }

    LintedProgram program_of(const ReadDirectory& read, ConfKey key,
                             const std::string& word) const {
        const ProcessSettings& process = read.definition.process();
        const auto mention =
            std::find_if(read.mentions.rbegin(), read.mentions.rend(),
                         [&](const ConfMention& m) { return m.key == key && m.word == word; });
        LintedProgram program;
        if (mention == read.mentions.rend()) {
            const std::string path = read.definition.resolved + "/" + word.substr(2);
            program.name = word.substr(2);
            program.file = tree_.on_machine(path);
            program.facts = facts_at(tree_, path);
            return program;
        }
        program.name = word;
        program.file = read.conf_paths[mention->at.file];
        program.place = mention->at.place;
        if (word.starts_with('/')) {
            program.facts = facts_at(tree_, process.chroot + word);
        } else if (word.find('/') == std::string::npos) {
            program.in_path_only = true;
            program.facts = facts_in_path(tree_, process.chroot, word);
        } else {
            const std::string& directory =
                process.directory.empty() ? read.definition.resolved : process.directory;
            program.facts = facts_at(tree_, directory + "/" + word);
        }
        return program;
    }

    static void add_names(const ReadDirectory& read, LintedService& service) {
        for (const ConfMention& mention : read.mentions) {
            const bool is_name =
                mention.key >= ConfKey::Members && mention.key != ConfKey::OnFailureAction;
            if (is_name) {
                service.names.push_back({mention.key, mention.word,
                                         read.conf_paths[mention.at.file], mention.at.place});
            }
        }
    }

    void add_controls(const std::string& resolved, LintedService& service) const {
        const std::string path = resolved + "/" + kControlDirectory;
        const auto directory = OpenDirectory::open(tree_, path);
        const auto entries = directory ? directory->entries()
                                       : Result<std::vector<DirectoryEntry>>(directory.error());
        if (!entries) {
            return;
        }
        for (const DirectoryEntry& entry : *entries) {
            const std::string file = path + "/" + entry.name;
            if (state_at(tree_, file) == ProgramState::NotExecutable) {
                service.idle_controls.push_back(tree_.on_machine(file));
            }
        }
    }

    /// A file that is not there has no accounts; one that cannot be read may have any.
    std::optional<std::set<std::string, std::less<>>> accounts(const char* file) const {
        const auto directory = OpenDirectory::open(tree_, "/etc");
        const auto text = directory ? directory->read(file, kMaxAccounts)
                                    : Result<std::string>(directory.error());
        if (text) {
            return account_names(*text);
        }
        if (text.error().code == ENOENT) {
            return std::set<std::string, std::less<>>();
        }
        return std::nullopt;
    }

    struct Logger {
        std::string name;
        std::string path;
        std::string target;  ///< of a link
        Enabled enabled;
    };

    const FileTree& tree_;
    ProgramSets programs_;
    std::vector<Logger> loggers_;
    LintedTree facts_;
};

}  // namespace

LintedTree gather_facts(const FileTree& tree, const std::string& directory, SearchIn which) {
    return Gatherer(tree).gather(directory, which);
}

}  // namespace mainstay::supervisor
