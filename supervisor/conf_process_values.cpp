/// PURE. The values of service.conf that have a small grammar of their own, or concern several
/// settings.
#include <algorithm>
#include <limits>

#include "common/units.h"
#include "supervisor/conf_names.h"
#include "supervisor/conf_values.h"

namespace mainstay::supervisor {
namespace {

constexpr std::uint64_t kInfinite = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint32_t kLargestId = std::numeric_limits<std::uint32_t>::max() - 1;
constexpr std::size_t kLongestAccount = 255;
constexpr unsigned kMostCpus = 8192;  // the largest NR_CPUS of the kernel
constexpr unsigned kBits = 64;
constexpr NumberRange kDescriptors = {3, 1023};
constexpr NumberRange kCpuPercents = {1, 819200};

bool is_account_byte(char c) noexcept {
    return static_cast<unsigned char>(c) > ' ' && c != ':' && c != '/' && c != ',';
}

std::optional<std::uint64_t> limit_of(std::string_view text, LimitUnit unit) noexcept {
    if (text == "infinity") {
        return kInfinite;
    }
    return unit == LimitUnit::Bytes ? parse_size(text) : whole_number<std::uint64_t>(text);
}

struct CpuRange {
    std::uint64_t first;
    std::uint64_t last;
};

std::optional<CpuRange> cpu_range(std::string_view text) noexcept {
    const std::size_t dash = text.find('-');
    const auto first = whole_number<std::uint64_t>(text.substr(0, dash));
    const auto last =
        dash == std::string_view::npos ? first : whole_number<std::uint64_t>(text.substr(dash + 1));
    if (!first || !last || *first > *last || *last >= kMostCpus) {
        return std::nullopt;
    }
    return CpuRange{*first, *last};
}

void add_cpus(CpuRange range, std::vector<std::uint64_t>& set) {
    set.resize(std::max<std::size_t>(set.size(), range.last / kBits + 1));
    for (std::uint64_t cpu = range.first; cpu <= range.last; ++cpu) {
        set[cpu / kBits] |= std::uint64_t{1} << (cpu % kBits);
    }
}

}  // namespace

Taken take_account(const ConfValue& value, std::string& into) {
    std::string name;
    if (Taken fault = take_word(value, name)) {
        return fault;
    }
    const bool is_number = name.find_first_not_of("0123456789") == std::string::npos;
    const auto number = whole_number<std::uint64_t>(name);
    const bool is_right = is_number ? number && *number <= kLargestId
                                    : name.size() <= kLongestAccount && name.front() != '-' &&
                                          std::all_of(name.begin(), name.end(), is_account_byte);
    if (!is_right) {
        return ConfFault{value.offset, {}};
    }
    into = std::move(name);
    return {};
}

Taken take_io_priority(const ConfValue& value, std::optional<IoPriority>& into) {
    const std::string_view word = word_of(value);
    if (word == "idle") {
        into = IoPriority{IoPriority::Class::Idle, 0};
        return {};
    }
    const std::size_t colon = std::min(word.find(':'), word.size());
    const std::string_view name = word.substr(0, colon);
    const std::string_view level = word.substr(std::min(colon + 1, word.size()));
    const bool is_known = name == "best-effort" || name == "realtime";
    if (!is_known || level.size() != 1 || level.front() < '0' || level.front() > '7') {
        return ConfFault{value.offset, {}};
    }
    into =
        IoPriority{name == "realtime" ? IoPriority::Class::Realtime : IoPriority::Class::BestEffort,
                   static_cast<std::uint8_t>(level.front() - '0')};
    return {};
}

Taken take_cpus(const ConfValue& value, std::vector<std::uint64_t>& into) {
    std::vector<std::uint64_t> set;
    std::string_view rest = word_of(value);
    for (;;) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        const auto range = cpu_range(rest.substr(0, comma));
        if (!range) {
            return ConfFault{value.offset, {}};
        }
        add_cpus(*range, set);
        if (comma == rest.size()) {
            break;
        }
        rest.remove_prefix(comma + 1);
    }
    into = std::move(set);
    return {};
}

Taken take_stream(const ConfValue& value, std::initializer_list<StreamWord> words,
                  StreamTarget& into) {
    std::string word;
    if (Taken fault = take_word(value, word)) {
        return fault;
    }
    for (const StreamWord& known : words) {
        const bool takes_path = known.word.back() == ':';
        if (!takes_path && word == known.word) {
            into = {known.kind, {}};
            return {};
        }
        if (takes_path && word.starts_with(known.word) && word.size() > known.word.size() &&
            word[known.word.size()] == '/') {
            into = {known.kind, word.substr(known.word.size())};
            return {};
        }
    }
    return ConfFault{value.offset, {}};
}

Taken take_limit(const ConfValue& value, std::size_t index, std::vector<ResourceLimit>& into) {
    const LimitInfo& info = limit_infos()[index];
    const std::string_view word = word_of(value);
    const std::size_t colon = word.find(':');
    const auto soft = limit_of(word.substr(0, colon), info.unit);
    const auto hard =
        colon == std::string_view::npos ? soft : limit_of(word.substr(colon + 1), info.unit);
    if (!soft || !hard) {
        return ConfFault{value.offset, {}};
    }
    if (*soft > *hard) {
        return ConfFault{value.offset, "the soft limit is above the hard one; write SOFT:HARD"};
    }
    std::erase_if(into, [&](const ResourceLimit& l) { return l.resource == info.resource; });
    into.push_back({info.resource, *soft, *hard});
    return {};
}

Taken take_ready(const ConfValue& value, ConfDraft& draft) {
    if (value.words.size() != 2 || value.words.front().text != "fd") {
        Taken fault = take_enum(value, draft.policy.readiness);
        if (!fault && draft.policy.readiness == Readiness::Descriptor) {
            return ConfFault{value.offset, {}};
        }
        return fault;
    }
    draft.policy.readiness = Readiness::Descriptor;
    const ConfWord& number = value.words[1];
    return take_number({number.offset, {number}, {}}, kDescriptors,
                       draft.readiness.notification_fd);
}

Taken take_failure_action(const ConfValue& value, ConfDraft& draft) {
    draft.programs.on_failure.clear();
    if (value.words.size() < 2 || value.words.front().text != "exec") {
        Taken fault = take_enum(value, draft.policy.on_failure);
        if (!fault && draft.policy.on_failure == FailureAction::Exec) {
            return ConfFault{value.offset, {}};
        }
        return fault;
    }
    draft.policy.on_failure = FailureAction::Exec;
    ConfValue command = value;
    command.words.erase(command.words.begin());
    return take_command(command, draft.programs.on_failure);
}

Taken take_env_file(const ConfValue& value, ConfDraft& draft) {
    ConfValue path = value;
    const bool may_be_missing = word_of(value).starts_with('-');
    if (may_be_missing) {
        path.words.front().text.erase(0, 1);
    }
    draft.process.env_file_may_be_missing = may_be_missing;
    return take_path(path, draft.process.env_file);
}

Taken take_stdin(const ConfValue& value, ConfDraft& draft) {
    using Kind = StreamTarget::Kind;
    return take_stream(value,
                       {{"null", Kind::Null},
                        {"file:", Kind::File},
                        {"tty", Kind::Terminal},
                        {"socket", Kind::Socket}},
                       draft.process.input);
}

Taken take_stdout(const ConfValue& value, ConfDraft& draft) {
    using Kind = StreamTarget::Kind;
    return take_stream(value,
                       {{"log", Kind::Log},
                        {"null", Kind::Null},
                        {"console", Kind::Console},
                        {"tty", Kind::Terminal},
                        {"file:", Kind::File},
                        {"append:", Kind::Append}},
                       draft.process.output);
}

Taken take_stderr(const ConfValue& value, ConfDraft& draft) {
    using Kind = StreamTarget::Kind;
    return take_stream(value,
                       {{"stdout", Kind::Output},
                        {"log", Kind::Log},
                        {"null", Kind::Null},
                        {"console", Kind::Console},
                        {"tty", Kind::Terminal},
                        {"file:", Kind::File},
                        {"append:", Kind::Append}},
                       draft.process.error);
}

Taken take_cpu_max(const ConfValue& value, ConfDraft& draft) {
    return take_percent(value, kCpuPercents, draft.cgroup.cpu_max.emplace());
}

}  // namespace mainstay::supervisor
