#include "supervisor/conf_parser.h"

#include <algorithm>
#include <utility>

#include "common/units.h"
#include "supervisor/conf_lexer.h"
#include "supervisor/conf_rules.h"

namespace mainstay::supervisor {
namespace {

constexpr std::size_t kMostProblems = 64;

/// Replaces %i, %n and %%. Each % of what is expanded is one of the raw value, in the same order:
/// by that a fault has its place, whatever quotes have gone.
class Expander {
  public:
    Expander(const ConfAssignment& assignment, const ConfContext& context)
        : assignment_(assignment), context_(context) {}

    Taken expand(std::string& text) {
        std::string expanded;
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (text[i] != '%') {
                expanded.push_back(text[i]);
                continue;
            }
            raw_at_ = assignment_.value.find('%', raw_at_) + 1;
            const std::size_t offset = assignment_.value_offset + raw_at_ - 1;
            const char letter = ++i < text.size() ? text[i] : '\0';
            if (letter == '%') {
                raw_at_ = assignment_.value.find('%', raw_at_) + 1;
            }
            if (Taken fault = append(letter, offset, expanded)) {
                return fault;
            }
        }
        text = std::move(expanded);
        return {};
    }

  private:
    Taken append(char letter, std::size_t offset, std::string& expanded) const {
        if (letter == '%') {
            expanded.push_back('%');
        } else if (letter == 'n') {
            expanded.append(context_.name);
        } else if (letter == 'i' && context_.instance) {
            expanded.append(*context_.instance);
        } else if (letter == 'i') {
            return ConfFault{offset,
                             "%i is the instance of a template, and this is none; write %% for a "
                             "percent sign"};
        } else {
            return ConfFault{offset,
                             "only %i, %n and %% mean something; write %% for a percent sign"};
        }
        return {};
    }

    const ConfAssignment& assignment_;
    const ConfContext& context_;
    std::size_t raw_at_ = 0;
};

bool names_something(ConfKey key) noexcept {
    return (key >= ConfKey::Members && key <= ConfKey::Conflicts) ||
           (key >= ConfKey::User && key <= ConfKey::SupplementaryGroups);
}

/// What can be meant of any service.
bool is_for_all(ConfKey key) noexcept {
    return (key >= ConfKey::Restart && key <= ConfKey::RestartLimitInterval) ||
           (key >= ConfKey::StartTimeout && key <= ConfKey::FinishTimeout) ||
           key == ConfKey::Leftovers || (key >= ConfKey::LogMemory && key <= ConfKey::LogTimestamp);
}

bool names_a_program(ConfKey key) noexcept {
    return (key >= ConfKey::Exec && key <= ConfKey::ExecCheck) || key == ConfKey::OnFailureAction;
}

/// What is wrong with a value, where the type could not say it better.
std::string refusal(const ConfKeyInfo& info, const ConfValue& value, std::size_t offset) {
    std::string found;
    for (const ConfWord& word : value.words) {
        const bool is_meant = info.arity == Arity::Scalar || word.offset == offset;
        if (is_meant) {
            found.append(found.empty() ? "" : " ").append(word.text);
        }
    }
    std::string message(info.name);
    message += found.empty() ? " has no value; it takes " : ": '" + shown(found) + "' is not ";
    message.append(info.allowed).append("; for example ").append(info.name).append(" = ");
    return message.append(info.example);
}

template <typename T>
void keep(std::shared_ptr<const T>& own, T value) {
    if (own && *own == value) {
        return;
    }
    own = value == T() ? nullptr : std::make_shared<const T>(std::move(value));
}

ConfDraft draft_of(const Definition& definition) {
    ConfDraft draft;
    draft.description = definition.description.text();
    draft.policy = definition.policy;
    draft.readiness = definition.readiness;
    draft.leftovers = definition.leftovers;
    draft.reload_signal = definition.reload_signal;
    draft.programs = definition.programs();
    draft.relations = definition.relations();
    draft.process = definition.process();
    draft.cgroup = definition.cgroup();
    draft.log = definition.log();
    draft.listen = definition.listen();
    return draft;
}

class Parser {
  public:
    Parser(std::span<const ConfFile> files, const ConfContext& context, Definition& definition)
        : files_(files), context_(context), definition_(definition), draft_(draft_of(definition)) {}

    ConfOutcome parse() {
        for (file_ = 0; file_ < files_.size(); ++file_) {
            read_file();
        }
        finish_draft();
        // A value that was refused would be missed by the rules: one mistake, not two.
        const Extent extent = has_refused_ ? Extent::RolesOnly : Extent::Everything;
        for (RuleFault& fault : check_rules(draft_, given_, context_, extent)) {
            add_problem(given_[index_of(fault.key)].value_or(ConfPlace()),
                        std::move(fault.message));
        }
        std::stable_sort(outcome_.problems.begin(), outcome_.problems.end(), comes_before);
        if (outcome_.problems.empty()) {
            store();
        }
        return std::move(outcome_);
    }

  private:
    void add_problem(const ConfPlace& at, std::string message) {
        outcome_.problems.push_back(
            {Severity::Error, files_[at.file].path, at.place, std::move(message)});
    }

    ConfPlace place(std::size_t offset) { return {file_, places_.place_of(offset)}; }

    void read_file() {
        const std::size_t known = outcome_.problems.size();
        given_in_file_.fill(false);
        places_ = PlaceFinder(files_[file_].text);
        LexedConf lexed = lex_conf(files_[file_].text);
        for (ConfFault& fault : lexed.faults) {
            add_problem(place(fault.offset), std::move(fault.message));
        }
        for (const ConfAssignment& assignment : lexed.assignments) {
            take(assignment);
        }
        const auto first = outcome_.problems.begin() + static_cast<std::ptrdiff_t>(known);
        std::stable_sort(first, outcome_.problems.end(), comes_before);
        if (outcome_.problems.size() > known + kMostProblems) {
            const std::size_t more = outcome_.problems.size() - known - kMostProblems;
            const Place last = outcome_.problems[known + kMostProblems].place;
            outcome_.problems.resize(known + kMostProblems);
            add_problem({file_, last}, "and " + std::string(counted(more, "more error").view()));
        }
    }

    void take(const ConfAssignment& assignment) {
        const ConfKeyInfo* info = find_conf_key(assignment.key);
        if (info == nullptr) {
            add_unknown(assignment);
            return;
        }
        const ConfPlace at = place(assignment.key_offset);
        if (context_.use == ConfUse::Defaults && !is_for_all(info->key)) {
            add_problem(at, std::string(info->name) +
                                " is for each service to say; here are restart, restart-..., "
                                "start-timeout, stop-timeout, finish-timeout, leftovers and "
                                "log-...");
            return;
        }
        std::optional<ConfPlace>& given = given_[index_of(info->key)];
        if (info->arity == Arity::Scalar && given_in_file_[index_of(info->key)]) {
            add_problem(at, std::string(info->name) + " is given twice, first in line " +
                                std::to_string(given->place.line));
            return;
        }
        given = at;
        given_in_file_[index_of(info->key)] = true;
        ConfValue value;
        Taken fault = prepare(assignment, *info, value);
        if (!fault) {
            fault = info->take(value, draft_);
        }
        has_refused_ = has_refused_ || fault;
        if (fault) {
            add_problem(place(fault->offset),
                        fault->message.empty() ? refusal(*info, value, fault->offset)
                                               : std::string(info->name) + ": " + fault->message);
        } else {
            add_mentions(info->key, value.words);
        }
    }

    void add_mentions(ConfKey key, const std::vector<ConfWord>& words) {
        // `on-failure-action = exec PROGRAM …`
        const std::size_t first = key == ConfKey::OnFailureAction ? 1 : 0;
        const std::size_t end = names_something(key)   ? words.size()
                                : names_a_program(key) ? std::min(first + 1, words.size())
                                                       : 0;
        for (std::size_t i = first; i < end; ++i) {
            outcome_.mentions.push_back({key, words[i].text, place(words[i].offset)});
        }
    }

    void add_unknown(const ConfAssignment& assignment) {
        const ConfPlace at = place(assignment.key_offset);
        std::string message = "there is no key '" + shown(assignment.key) + "'";
        const std::string_view nearest = nearest_conf_key(assignment.key);
        message += nearest.empty() ? "; see service.conf(5) for those there are"
                                   : "; did you mean " + std::string(nearest) + "?";
        add_problem(at, std::move(message));
    }

    Taken prepare(const ConfAssignment& assignment, const ConfKeyInfo& info,
                  ConfValue& value) const {
        value.offset = assignment.value_offset;
        Expander expander(assignment, context_);
        if (info.reading == Reading::Text) {
            value.text = joined_text(assignment);
            return expander.expand(value.text);
        }
        SplitValue split = split_words(assignment);
        if (!split.faults.empty()) {
            return std::move(split.faults.front());
        }
        value.words = std::move(split.words);
        if (info.reading == Reading::Percent) {
            return {};
        }
        for (ConfWord& word : value.words) {
            if (Taken fault = expander.expand(word.text)) {
                return fault;
            }
        }
        return {};
    }

    bool is_given(ConfKey key) const noexcept { return given_[index_of(key)].has_value(); }

    /// What follows from several keys, and from what was left out.
    void finish_draft() {
        Policy& policy = draft_.policy;
        policy.has_setup = !draft_.programs.setup.empty();
        policy.has_stop_program = !draft_.programs.stop.empty();
        policy.has_finish = !draft_.programs.finish.empty();
        policy.on_demand = std::any_of(draft_.listen.begin(), draft_.listen.end(),
                                       [](const ListenPoint& point) { return point.on_demand; });
        if (policy.type == ServiceType::Oneshot && !is_given(ConfKey::Restart)) {
            policy.restart = RestartPolicy::Never;
        }
        ProcessSettings& process = draft_.process;
        if (!process.terminal.empty()) {
            const StreamTarget terminal = {StreamTarget::Kind::Terminal, {}};
            process.input = is_given(ConfKey::Stdin) ? process.input : terminal;
            process.output = is_given(ConfKey::Stdout) ? process.output : terminal;
            process.error = is_given(ConfKey::Stderr) ? process.error : terminal;
        }
        for (std::string& variable : draft_.environment) {
            const std::string name = variable.substr(0, variable.find('='));
            std::erase_if(process.environment,
                          [&](const std::string& known) { return known.starts_with(name + "="); });
            std::erase(process.unset, name);
            process.environment.push_back(std::move(variable));
        }
    }

    void store() {
        definition_.description = draft_.description;
        definition_.policy = draft_.policy;
        definition_.readiness = draft_.readiness;
        definition_.leftovers = draft_.leftovers;
        definition_.reload_signal = draft_.reload_signal;
        keep(definition_.own_programs, std::move(draft_.programs));
        keep(definition_.own_relations, std::move(draft_.relations));
        keep(definition_.own_process, std::move(draft_.process));
        keep(definition_.own_cgroup, draft_.cgroup);
        keep(definition_.own_log, draft_.log);
        keep(definition_.own_listen, std::move(draft_.listen));
    }

    std::span<const ConfFile> files_;
    const ConfContext& context_;
    Definition& definition_;
    ConfDraft draft_;
    GivenKeys given_{};
    std::array<bool, kConfKeyCount> given_in_file_{};
    std::size_t file_ = 0;
    PlaceFinder places_{{}};
    bool has_refused_ = false;  ///< a value of a known key
    ConfOutcome outcome_;
};

}  // namespace

std::string_view to_string(RoleFile file) noexcept {
    switch (file) {
        case RoleFile::Run:
            return kRunFile;
        case RoleFile::Setup:
            return kSetupFile;
        case RoleFile::Finish:
            return kFinishFile;
        case RoleFile::Check:
            return kCheckFile;
        case RoleFile::NotificationFd:
            return kNotificationFile;
        case RoleFile::DownSignal:
            return kDownSignalFile;
        case RoleFile::TimeoutKill:
            return kStopTimeoutFile;
        case RoleFile::TimeoutFinish:
            return kFinishTimeoutFile;
    }
    return "";
}

ConfOutcome apply_conf(std::span<const ConfFile> files, const ConfContext& context,
                       Definition& definition) {
    return Parser(files, context, definition).parse();
}

}  // namespace mainstay::supervisor
