#include "supervisor/conf_values.h"

#include <algorithm>
#include <limits>

#include "common/signals.h"
#include "common/units.h"
#include "supervisor/conf_names.h"

namespace mainstay::supervisor {
namespace {

constexpr Duration kLeastDuration = std::chrono::milliseconds(1);
constexpr std::size_t kMostOfAList = 1000;
constexpr std::size_t kLongestPath = 4095;  // PATH_MAX with its NUL

Taken wrong(const ConfValue& value) {
    return ConfFault{value.offset, {}};
}

Taken too_many(const ConfWord& word) {
    return ConfFault{word.offset, "more than 1000 of them"};
}

std::string digits_of(std::string_view text) {
    return std::string(text.substr(0, text.find_first_not_of("0123456789.")));
}

/// "10m" and "10 m", as others write minutes.
bool ends_in_a_lone_m(std::string_view text) {
    const std::string digits = digits_of(text);
    return !digits.empty() &&
           (text.substr(digits.size()) == "m" || text.substr(digits.size()) == " m");
}

std::optional<std::uint8_t> exit_code(std::string_view word) noexcept {
    return whole_number<std::uint8_t>(word);
}

}  // namespace

std::string_view word_of(const ConfValue& value) noexcept {
    return value.words.size() == 1 ? std::string_view(value.words.front().text)
                                   : std::string_view();
}

Taken take_word(const ConfValue& value, std::string& into) {
    if (value.words.size() > 1) {
        return ConfFault{value.words[1].offset,
                         "one word only; quotes around all of it make it one"};
    }
    if (word_of(value).empty()) {
        return wrong(value);
    }
    into = word_of(value);
    return {};
}

Taken read_number(const ConfValue& value, NumberRange range, std::int64_t& into) {
    const auto number = whole_number<std::int64_t>(word_of(value));
    if (!number || *number < range.least || *number > range.most) {
        return wrong(value);
    }
    into = *number;
    return {};
}

Taken take_duration(const ConfValue& value, Infinity infinity, Duration& into) {
    std::string text;  // "5 min" is two words
    for (const ConfWord& word : value.words) {
        text.append(text.empty() ? "" : " ").append(word.text);
    }
    const auto duration = parse_duration(text);
    if (!duration && ends_in_a_lone_m(text)) {
        return ConfFault{value.words.back().offset,
                         "\"m\" could be minutes or milliseconds: write " + digits_of(text) +
                             "min or " + digits_of(text) + "ms"};
    }
    if (!duration || *duration < kLeastDuration ||
        (infinity == Infinity::Refused && *duration >= kForever)) {
        return wrong(value);
    }
    into = *duration;
    return {};
}

Taken take_size(const ConfValue& value, std::uint64_t least, std::uint64_t most,
                std::uint64_t& into) {
    const auto size = parse_size(word_of(value));
    if (!size || *size < least || *size > most) {
        return wrong(value);
    }
    into = *size;
    return {};
}

Taken take_size(const ConfValue& value, std::optional<std::uint64_t>& into) {
    std::uint64_t size = 0;
    Taken fault = take_size(value, 1, std::numeric_limits<std::uint64_t>::max(), size);
    if (!fault) {
        into = size;
    }
    return fault;
}

Taken take_count(const ConfValue& value, std::optional<std::uint64_t>& into) {
    const auto number = whole_number<std::uint64_t>(word_of(value));
    if (word_of(value) == "infinity") {
        into = std::numeric_limits<std::uint64_t>::max();
    } else if (number && *number > 0) {
        into = number;
    } else {
        return wrong(value);
    }
    return {};
}

Taken take_percent(const ConfValue& value, NumberRange range, std::uint32_t& into) {
    const std::string_view word = word_of(value);
    if (word.empty() || word.back() != '%') {
        return wrong(value);
    }
    const auto number = whole_number<std::uint32_t>(word.substr(0, word.size() - 1));
    if (!number || *number < range.least || *number > range.most) {
        return wrong(value);
    }
    into = *number;
    return {};
}

Taken take_bool(const ConfValue& value, bool& into) {
    const std::string_view word = word_of(value);
    if (word != "yes" && word != "no") {
        return wrong(value);
    }
    into = word == "yes";
    return {};
}

Taken take_octal(const ConfValue& value, std::uint32_t most, std::uint32_t& into) {
    const auto number = whole_number<std::uint32_t>(word_of(value), 8);
    if (!number || *number > most) {
        return wrong(value);
    }
    into = *number;
    return {};
}

Taken take_signal(const ConfValue& value, int& into) {
    const auto signal = parse_signal(word_of(value));
    if (!signal) {
        return wrong(value);
    }
    into = *signal;
    return {};
}

Taken take_text(const ConfValue& value, std::string& into) {
    if (value.text.empty()) {
        return wrong(value);
    }
    into = value.text;
    return {};
}

Taken take_path(const ConfValue& value, std::string& into) {
    std::string path;
    if (Taken fault = take_word(value, path)) {
        return fault;
    }
    if (path.front() != '/' || path.size() > kLongestPath) {
        return wrong(value);
    }
    into = std::move(path);
    return {};
}

Taken take_command(const ConfValue& value, Command& into) {
    if (value.words.empty() || value.words.front().text.empty()) {
        return wrong(value);
    }
    into.clear();
    for (const ConfWord& word : value.words) {
        into.push_back(word.text);
    }
    return {};
}

Taken take_service_names(const ConfValue& value, std::vector<std::string>& into) {
    if (value.words.empty()) {
        into.clear();
    }
    for (const ConfWord& word : value.words) {
        if (word.text.empty() || word.text.front() == '.' ||
            word.text.find('/') != std::string::npos) {
            return ConfFault{word.offset, {}};
        }
        if (std::find(into.begin(), into.end(), word.text) == into.end()) {
            into.push_back(word.text);
        }
        if (into.size() > kMostOfAList) {
            return too_many(word);
        }
    }
    return {};
}

Taken take_codes(const ConfValue& value, StatusSet& into) {
    if (value.words.empty()) {
        into.clear();
    }
    for (const ConfWord& word : value.words) {
        const auto code = exit_code(word.text);
        if (!code) {
            return ConfFault{word.offset, {}};
        }
        into.add_code(*code);
    }
    return {};
}

Taken take_codes_and_signals(const ConfValue& value, StatusSet& into) {
    if (value.words.empty()) {
        into.clear();
    }
    for (const ConfWord& word : value.words) {
        // A number is an exit code here, never a signal.
        const bool is_number = word.text.find_first_not_of("0123456789") == std::string::npos;
        const auto code = exit_code(word.text);
        const auto signal = is_number ? std::nullopt : parse_signal(word.text);
        if (code) {
            into.add_code(*code);
        } else if (signal) {
            into.add_signal(*signal);
        } else {
            return ConfFault{word.offset, {}};
        }
    }
    return {};
}

Taken take_environment(const ConfValue& value, std::vector<std::string>& into) {
    if (value.words.empty()) {
        into.clear();
    }
    for (const ConfWord& word : value.words) {
        const std::size_t equals = word.text.find('=');
        if (equals == 0 || equals == std::string::npos) {
            return ConfFault{word.offset, {}};
        }
        const std::string_view name = std::string_view(word.text).substr(0, equals + 1);
        std::erase_if(into, [&](const std::string& known) { return known.starts_with(name); });
        into.push_back(word.text);
        if (into.size() > kMostOfAList) {
            return too_many(word);
        }
    }
    return {};
}

Taken take_listen(const ConfValue& value, std::vector<ListenPoint>& into) {
    if (value.words.empty()) {
        into.clear();
        return {};
    }
    ListenPoint point;
    if (Taken fault = parse_listen_point(value.words, point)) {
        return fault;
    }
    for (const ListenPoint& known : into) {
        if (is_same_place(known, point)) {
            return ConfFault{value.offset, to_string(point) + " is given already"};
        }
    }
    if (into.size() == kMostListenPoints) {
        return ConfFault{value.offset,
                         "more than " + std::to_string(kMostListenPoints) + " of them"};
    }
    into.push_back(std::move(point));
    return {};
}

Taken take_groups(const ConfValue& value, std::optional<std::vector<std::string>>& into) {
    if (value.words.empty() || !into) {
        into.emplace();
    }
    for (const ConfWord& word : value.words) {
        std::string group;
        if (take_account({word.offset, {word}, {}}, group)) {
            return ConfFault{word.offset, {}};
        }
        into->push_back(std::move(group));
    }
    return {};
}

Taken take_capabilities(const ConfValue& value, std::uint64_t& into) {
    std::uint64_t set = value.words.empty() ? 0 : into;
    for (const ConfWord& word : value.words) {
        const auto number = capability_by_name(word.text);
        if (!number) {
            return ConfFault{word.offset, {}};
        }
        set |= std::uint64_t{1} << *number;
    }
    into = set;
    return {};
}

Taken take_capabilities(const ConfValue& value, std::optional<std::uint64_t>& into) {
    std::uint64_t set = into.value_or(0);
    Taken fault = take_capabilities(value, set);
    if (!fault) {
        into = set;
    }
    return fault;
}

Taken take_securebits(const ConfValue& value, std::uint32_t& into) {
    std::uint32_t bits = value.words.empty() ? 0 : into;
    for (const ConfWord& word : value.words) {
        const auto bit = securebit_by_name(word.text);
        if (!bit) {
            return ConfFault{word.offset, {}};
        }
        bits |= *bit;
    }
    into = bits;
    return {};
}

}  // namespace mainstay::supervisor
