/// PURE. The types of values in service.conf: from words to what a definition holds. After a fault
/// the last argument may hold a part of the value: the draft that it belongs to is thrown away.
#pragma once

#include <charconv>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/enum_words.h"
#include "supervisor/conf_draft.h"
#include "supervisor/conf_lexer.h"

namespace mainstay::supervisor {

/// No service may have more descriptors kept (FDSTORE): with those of listen and its
/// notification-fd they are as many as a process can be given.
inline constexpr std::uint32_t kMostStored = 31;

/// What stands behind the =, with %i, %n and %% replaced.
struct ConfValue {
    std::size_t offset = 0;
    std::vector<ConfWord> words;  ///< none: an empty value
    std::string text;             ///< unsplit, for the keys that are text
};

/// Nothing: the value is right. Otherwise where it is not; an empty message stands for "it is not
/// what the key takes", which the caller can say.
using Taken = std::optional<ConfFault>;

/// The word of a value that has one; otherwise an empty text, which no type takes.
std::string_view word_of(const ConfValue& value) noexcept;

/// @returns nothing where anything but the number is in @p text, or it does not fit.
template <typename Number>
std::optional<Number> whole_number(std::string_view text, int base = 10) noexcept {
    Number number = 0;
    const char* last = text.data() + text.size();
    const auto [end, failure] = std::from_chars(text.data(), last, number, base);
    const bool is_whole = failure == std::errc() && end == last;
    return is_whole ? std::optional<Number>(number) : std::nullopt;
}

/// Of a value that must be one word.
Taken take_word(const ConfValue& value, std::string& into);

template <typename Enum>
Taken take_enum(const ConfValue& value, Enum& into) {
    std::string word;
    Taken fault = take_word(value, word);
    const auto parsed = parse_enum<Enum>(word);
    if (!fault && !parsed) {
        fault = ConfFault{value.offset, {}};
    }
    if (!fault) {
        into = *parsed;
    }
    return fault;
}

struct NumberRange {
    std::int64_t least;
    std::int64_t most;
};
Taken read_number(const ConfValue& value, NumberRange range, std::int64_t& into);

template <typename Number>
Taken take_number(const ConfValue& value, NumberRange range, Number& into) {
    std::int64_t number = 0;
    Taken fault = read_number(value, range, number);
    if (!fault) {
        into = static_cast<Number>(number);
    }
    return fault;
}

enum class Infinity : std::uint8_t { Allowed, Refused };

/// At least 1 ms.
Taken take_duration(const ConfValue& value, Infinity infinity, Duration& into);
Taken take_size(const ConfValue& value, std::uint64_t least, std::uint64_t most,
                std::uint64_t& into);
Taken take_size(const ConfValue& value, std::optional<std::uint64_t>& into);
/// A number, at least 1, or `infinity`.
Taken take_count(const ConfValue& value, std::optional<std::uint64_t>& into);
/// "150%".
Taken take_percent(const ConfValue& value, NumberRange range, std::uint32_t& into);
Taken take_bool(const ConfValue& value, bool& into);
Taken take_octal(const ConfValue& value, std::uint32_t most, std::uint32_t& into);
Taken take_signal(const ConfValue& value, int& into);
Taken take_text(const ConfValue& value, std::string& into);
Taken take_path(const ConfValue& value, std::string& into);
Taken take_command(const ConfValue& value, Command& into);

/// These append, and clear where the value is empty.
Taken take_service_names(const ConfValue& value, std::vector<std::string>& into);
Taken take_codes(const ConfValue& value, StatusSet& into);
Taken take_codes_and_signals(const ConfValue& value, StatusSet& into);
Taken take_environment(const ConfValue& value, std::vector<std::string>& into);
Taken take_groups(const ConfValue& value, std::optional<std::vector<std::string>>& into);
Taken take_capabilities(const ConfValue& value, std::uint64_t& into);
Taken take_capabilities(const ConfValue& value, std::optional<std::uint64_t>& into);
Taken take_securebits(const ConfValue& value, std::uint32_t& into);

/// One place, with its options.
Taken take_listen(const ConfValue& value, std::vector<ListenPoint>& into);

Taken take_account(const ConfValue& value, std::string& into);
Taken take_io_priority(const ConfValue& value, std::optional<IoPriority>& into);
Taken take_cpus(const ConfValue& value, std::vector<std::uint64_t>& into);

struct StreamWord {
    std::string_view word;  ///< with a colon at its end: an absolute path follows
    StreamTarget::Kind kind;
};
Taken take_stream(const ConfValue& value, std::initializer_list<StreamWord> words,
                  StreamTarget& into);

/// @param index into limit_infos()
Taken take_limit(const ConfValue& value, std::size_t index, std::vector<ResourceLimit>& into);

/// Values that concern several settings at once.
Taken take_ready(const ConfValue& value, ConfDraft& draft);
Taken take_failure_action(const ConfValue& value, ConfDraft& draft);
Taken take_env_file(const ConfValue& value, ConfDraft& draft);
Taken take_stdin(const ConfValue& value, ConfDraft& draft);
Taken take_stdout(const ConfValue& value, ConfDraft& draft);
Taken take_stderr(const ConfValue& value, ConfDraft& draft);
Taken take_cpu_max(const ConfValue& value, ConfDraft& draft);

}  // namespace mainstay::supervisor
