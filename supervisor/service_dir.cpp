#include "supervisor/service_dir.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "supervisor/conf_lexer.h"
#include "supervisor/service_files.h"

namespace mainstay::supervisor {
namespace {

constexpr std::size_t kMaxSmallFile = 64;
constexpr std::size_t kMaxVariable = std::size_t{64} * 1024;
constexpr std::size_t kMostVariables = 1000;
constexpr std::size_t kMostOverrides = 64;
constexpr std::string_view kOverrideSuffix = ".conf";

/// The entries that mean something, role files first.
enum class Known : std::uint8_t {
    Down = kRoleFileCount,
    Conf,
    ConfDirectory,
    Environment,
    Control,
    Log,
};

struct KnownEntry {
    std::string_view name;
    unsigned number;
};

constexpr unsigned number_of(RoleFile file) noexcept {
    return static_cast<unsigned>(file);
}

constexpr unsigned number_of(Known known) noexcept {
    return static_cast<unsigned>(known);
}

constexpr std::array kKnown{
    KnownEntry{kRunFile, number_of(RoleFile::Run)},
    KnownEntry{kSetupFile, number_of(RoleFile::Setup)},
    KnownEntry{kFinishFile, number_of(RoleFile::Finish)},
    KnownEntry{kCheckFile, number_of(RoleFile::Check)},
    KnownEntry{kNotificationFile, number_of(RoleFile::NotificationFd)},
    KnownEntry{kDownSignalFile, number_of(RoleFile::DownSignal)},
    KnownEntry{kStopTimeoutFile, number_of(RoleFile::TimeoutKill)},
    KnownEntry{kFinishTimeoutFile, number_of(RoleFile::TimeoutFinish)},
    KnownEntry{kDownFile, number_of(Known::Down)},
    KnownEntry{kConfFile, number_of(Known::Conf)},
    KnownEntry{kConfDirectory, number_of(Known::ConfDirectory)},
    KnownEntry{kEnvironmentDirectory, number_of(Known::Environment)},
    KnownEntry{kControlDirectory, number_of(Known::Control)},
    KnownEntry{kLogDirectory, number_of(Known::Log)},
};

std::string in_directory(const char* file) {
    return std::string("./") + file;
}

class Reader {
  public:
    Reader(const FileTree& tree, const std::string& path, TemplateItself template_itself,
           ProgramSets& programs)
        : tree_(tree), template_itself_(template_itself), programs_(programs) {
        read_.definition.path = path;
        read_.definition.resolved = path;
    }

    ReadDirectory read() {
        auto directory = OpenDirectory::open(tree_, read_.definition.path);
        if (!directory) {
            const int code = directory.error().code;
            if (code != ENOENT && code != ENOTDIR) {
                refuse_unread(read_.definition.path, code);
            }
            return std::move(read_);
        }
        directory_ = &*directory;
        read_.definition.resolved = directory_->resolved_path();
        if (const auto listed = list_entries(); !listed) {
            refuse_unread(read_.definition.resolved, listed.error().code);
            return std::move(read_);
        }
        find_identity();
        read_defaults();
        read_files();
        read_environment();
        read_log();
        read_conf();
        std::stable_sort(read_.problems.begin(), read_.problems.end(), comes_before);
        return std::move(read_);
    }

  private:
    bool has(Known known) const noexcept { return (found_ & (1U << number_of(known))) != 0; }

    std::string path_of(std::string_view entry) const {
        return tree_.on_machine(read_.definition.resolved).append("/").append(entry);
    }

    void warn_of(std::string file, std::string message) {
        read_.problems.push_back({Severity::Error, std::move(file), {}, std::move(message)});
    }

    void refuse(std::string file, std::string message) {
        warn_of(std::move(file), std::move(message));
        read_.usable = false;
    }

    /// The system did not let it be read: perhaps no mistake of whoever wrote it.
    void refuse_unread(std::string file, int code) {
        refuse(std::move(file), errno_text(code));
        read_.try_again = read_.try_again || may_pass(code);
    }

    Result<void> list_entries() {
        TRY_VOID(directory_->for_each([&](const char* name, EntryKind kind) {
            const auto known = std::find_if(kKnown.begin(), kKnown.end(),
                                            [&](const auto& entry) { return entry.name == name; });
            if (known == kKnown.end()) {
                return;
            }
            const bool is_sure = kind != EntryKind::Link && kind != EntryKind::Unknown;
            if (is_sure || directory_->kind_behind(name) != EntryKind::Unknown) {
                found_ |= 1U << known->number;
            }
            log_is_link_ =
                log_is_link_ || (kind == EntryKind::Link && known->name == kLogDirectory);
        }));
        for (unsigned number = 0; number < kRoleFileCount; ++number) {
            if ((found_ & (1U << number)) != 0) {
                read_.files.add(static_cast<RoleFile>(number));
            }
        }
        return {};
    }

    /// The names by which the conf knows the service: its entry's, or SERVICE/log.
    void find_identity() {
        std::string_view owner_path = read_.definition.path;
        std::string_view owner_resolved = read_.definition.resolved;
        name_ = base_name(owner_path);
        if (name_ == kLogDirectory && is_of_a_service()) {
            owner_path = parent_path(owner_path);
            owner_resolved = parent_path(owner_resolved);
            name_ = std::string(base_name(owner_path)) + "/" + kLogDirectory;
        }
        const std::string_view owner = base_name(owner_path);
        if (!is_template_name(base_name(owner_resolved))) {
            return;
        }
        read_.definition.instance = instance_in(owner);
        if (!read_.definition.instance.empty()) {
            return;
        }
        read_.definition.instance = kSampleInstance;
        if (template_itself_ == TemplateItself::Refuse) {
            const std::string name(base_name(owner_resolved));
            refuse(tree_.on_machine(read_.definition.path),
                   "a template, which cannot run by itself; enable it by a symbolic link " + name +
                       "INSTANCE");
        }
    }

    bool is_of_a_service() const {
        const std::string up = std::string("../");
        return directory_->kind_behind((up + kRunFile).c_str()) != EntryKind::Unknown ||
               directory_->kind_behind((up + kConfFile).c_str()) != EntryKind::Unknown;
    }

    /// A mistake in there must not keep all services from being started: it is told, and the file
    /// is left out. A logger is to come back whatever is wanted of services.
    void read_defaults() {
        if (name_.find('/') != std::string::npos) {
            return;
        }
        const std::string path = tree_.on_machine(
            std::string(parent_path(read_.definition.resolved)) + "/" + kDefaultsFile);
        const auto text =
            directory_->read((std::string("../") + kDefaultsFile).c_str(), kMaxConfSize);
        if (!text) {
            const int code = text.error().code;
            if (code != ENOENT) {
                const std::string why = code == EFBIG ? "more than 64 KiB" : errno_text(code);
                warn_of(path, why + "; the file is left out");
            }
            return;
        }
        const std::array files{ConfFile{path, *text}};
        ConfContext context{name_, {}, {}};
        context.use = ConfUse::Defaults;
        ConfOutcome outcome = apply_conf(files, context, read_.definition);
        for (Problem& problem : outcome.problems) {
            problem.message += "; the whole file is left out";
            read_.problems.push_back(std::move(problem));
        }
    }

    void read_files() {
        Definition& definition = read_.definition;
        definition.has_down_file = has(Known::Down);
        definition.has_control = has(Known::Control);
        definition.own_programs = programs_.of(read_.files);
        definition.policy.has_setup = read_.files.has(RoleFile::Setup);
        definition.policy.has_finish = read_.files.has(RoleFile::Finish);
        read_small(RoleFile::TimeoutKill, parse_timeout_file, definition.policy.stop_timeout,
                   "a number of milliseconds; the stop timeout stays 10 s");
        read_small(RoleFile::TimeoutFinish, parse_timeout_file, definition.policy.finish_timeout,
                   "a number of milliseconds; the finish timeout stays 10 s");
        read_small(RoleFile::DownSignal, parse_signal_file, definition.policy.stop_signal,
                   "a signal; the stop signal stays TERM");
        if (read_small(RoleFile::NotificationFd, parse_notification_file,
                       definition.readiness.notification_fd,
                       "a number from 3 to 1023; the service counts as ready once it runs")) {
            definition.policy.readiness = Readiness::Descriptor;
        }
    }

    template <typename Value, typename Parse>
    bool read_small(RoleFile file, Parse parse, Value& into, const char* otherwise) {
        if (!read_.files.has(file)) {
            return false;
        }
        const std::string name(to_string(file));
        const auto text = directory_->read(name.c_str(), kMaxSmallFile);
        const auto value = text ? parse(*text) : std::nullopt;
        if (value) {
            into = *value;
        } else {
            warn_of(path_of(name),
                    text ? std::string("not ") + otherwise
                         : std::string(errno_text(text.error().code)) + "; should be " + otherwise);
        }
        return value.has_value();
    }

    void read_environment() {
        ProcessSettings process = read_.definition.process();
        if (!read_.definition.instance.empty()) {
            process.environment.push_back("INSTANCE=" + read_.definition.instance.text());
        }
        if (has(Known::Environment)) {
            read_variables(process);
        }
        if (!(process == ProcessSettings())) {
            read_.definition.own_process =
                std::make_shared<const ProcessSettings>(std::move(process));
        }
    }

    /// As chpst -e does it, which starts nothing where it cannot read all. A plain file of that
    /// name is none of ours: many a run script of runit reads one.
    void read_variables(ProcessSettings& process) {
        const auto directory = directory_->open_directory(kEnvironmentDirectory);
        if (!directory && directory.error().code == ENOTDIR) {
            return;
        }
        if (!directory) {
            refuse_unread(path_of(kEnvironmentDirectory), directory.error().code);
            return;
        }
        const auto entries = directory->entries();
        if (!entries) {
            refuse_unread(path_of(kEnvironmentDirectory), entries.error().code);
            return;
        }
        if (entries->size() > kMostVariables) {
            refuse(path_of(kEnvironmentDirectory), "more than 1000 variables");
            return;
        }
        for (const DirectoryEntry& entry : *entries) {
            read_variable(*directory, entry.name, process);
        }
    }

    void read_variable(const OpenDirectory& directory, const std::string& name,
                       ProcessSettings& process) {
        const std::string path = path_of(kEnvironmentDirectory) + "/" + name;
        if (name.find('=') != std::string::npos) {
            refuse(path, "the name of a variable cannot hold a =; rename the file");
            return;
        }
        const auto text = directory.read(name.c_str(), kMaxVariable);
        if (!text) {
            refuse_unread(path, text.error().code);
            return;
        }
        if (const auto value = parse_variable_file(*text)) {
            std::erase_if(process.environment,
                          [&](const std::string& known) { return known.starts_with(name + "="); });
            process.environment.push_back(name + "=" + *value);
        } else {
            process.unset.push_back(name);
        }
    }

    void read_log() {
        if (!has(Known::Log)) {
            if (log_is_link_) {
                warn_of(path_of(kLogDirectory),
                        "a symbolic link that leads nowhere; the output stays in memory");
            }
            return;
        }
        const auto log = directory_->open_directory(kLogDirectory);
        read_.definition.has_log = log.has_value();
        if (!log) {
            warn_of(path_of(kLogDirectory),
                    std::string(errno_text(log.error().code)) + "; the output stays in memory");
        } else if (log_is_link_) {
            read_.definition.log_target = log->resolved_path();
        }
    }

    void read_conf() {
        std::vector<std::string> texts;
        if (has(Known::Conf)) {
            add_conf(*directory_, kConfFile, path_of(kConfFile), texts);
        }
        if (has(Known::ConfDirectory)) {
            add_overrides(texts);
        }
        if (texts.empty()) {
            return;
        }
        std::vector<ConfFile> files;
        for (std::size_t i = 0; i < texts.size(); ++i) {
            files.push_back({read_.conf_paths[i], texts[i]});
        }
        ConfContext context{name_, {}, read_.files};
        if (!read_.definition.instance.empty()) {
            context.instance = read_.definition.instance.text();
        }
        ConfOutcome outcome = apply_conf(files, context, read_.definition);
        read_.usable = read_.usable && outcome.problems.empty();
        read_.mentions = std::move(outcome.mentions);
        read_.problems.insert(read_.problems.end(),
                              std::make_move_iterator(outcome.problems.begin()),
                              std::make_move_iterator(outcome.problems.end()));
    }

    void add_overrides(std::vector<std::string>& texts) {
        const auto directory = directory_->open_directory(kConfDirectory);
        const auto entries = directory ? directory->entries()
                                       : Result<std::vector<DirectoryEntry>>(directory.error());
        if (!entries) {
            refuse_unread(path_of(kConfDirectory), entries.error().code);
            return;
        }
        for (const DirectoryEntry& entry : *entries) {
            if (!entry.name.ends_with(kOverrideSuffix)) {
                continue;
            }
            if (texts.size() > kMostOverrides) {
                refuse(path_of(kConfDirectory), "more than 64 files");
                return;
            }
            add_conf(*directory, entry.name, path_of(kConfDirectory) + "/" + entry.name, texts);
        }
    }

    void add_conf(const OpenDirectory& directory, const std::string& name, std::string path,
                  std::vector<std::string>& texts) {
        auto text = directory.read(name.c_str(), kMaxConfSize);
        if (!text) {
            if (text.error().code == EFBIG) {
                refuse(std::move(path), "more than 64 KiB");
            } else {
                refuse_unread(std::move(path), text.error().code);
            }
            return;
        }
        texts.push_back(std::move(*text));
        read_.conf_paths.push_back(std::move(path));
    }

    const FileTree& tree_;
    TemplateItself template_itself_;
    ProgramSets& programs_;
    const OpenDirectory* directory_ = nullptr;
    unsigned found_ = 0;
    bool log_is_link_ = false;
    std::string name_;
    ReadDirectory read_;
};

}  // namespace

std::shared_ptr<const Programs> ProgramSets::of(RoleFiles files) {
    const std::size_t index = (files.has(RoleFile::Setup) ? 1U : 0U) +
                              (files.has(RoleFile::Finish) ? 2U : 0U) +
                              (files.has(RoleFile::Check) ? 4U : 0U);
    if (index == 0 || made_[index]) {
        return made_[index];
    }
    Programs programs;
    if (files.has(RoleFile::Setup)) {
        programs.setup = {in_directory(kSetupFile)};
    }
    if (files.has(RoleFile::Finish)) {
        programs.finish = {in_directory(kFinishFile)};
    }
    if (files.has(RoleFile::Check)) {
        programs.check = {in_directory(kCheckFile)};
    }
    made_[index] = std::make_shared<const Programs>(std::move(programs));
    return made_[index];
}

ReadDirectory read_service_directory(const FileTree& tree, const std::string& path,
                                     TemplateItself template_itself, ProgramSets& programs) {
    return Reader(tree, path, template_itself, programs).read();
}

LoadedDefinition ServiceDirs::load(const std::string& path) {
    ReadDirectory read = read_service_directory(tree_, path, TemplateItself::Refuse, programs_);
    LoadedDefinition loaded{std::move(read.definition), {}, read.usable, read.try_again};
    for (const Problem& problem : read.problems) {
        std::string sentence = to_sentence(problem);
        // What is wrong with the defaults of all is told once, not for each.
        if (base_name(problem.file) != kDefaultsFile || said_of_defaults_.insert(sentence).second) {
            loaded.problems.push_back(std::move(sentence));
        }
    }
    return loaded;
}

}  // namespace mainstay::supervisor
