#include "supervisor/svlogd/config.h"

#include <algorithm>

#include "common/runit_words.h"

namespace mainstay::svlogd {
namespace {

constexpr std::size_t kOldNameSize = 27;
constexpr std::uint64_t kKibi = 1024;
constexpr std::uint64_t kMinute = 60;
constexpr std::uint16_t kSyslogPort = 514;

/// The number and what stands behind it; as svlogd has it, no digits are 0.
std::uint64_t number_and_unit(std::string_view text, char& unit) noexcept {
    const LeadingNumber number = leading_number(text);
    unit = number.length < text.size() ? text[number.length] : '\0';
    return number.value;
}

std::uint64_t size_of(std::string_view text) noexcept {
    char unit = 0;
    const std::uint64_t number = number_and_unit(text, unit);
    return unit == 'm' ? number * kKibi * kKibi : unit == 'k' ? number * kKibi : number;
}

std::uint64_t seconds_of(std::string_view text) noexcept {
    char unit = 0;
    const std::uint64_t number = number_and_unit(text, unit);
    return unit == 'h' ? number * kMinute * kMinute : unit == 'm' ? number * kMinute : number;
}

/// @returns how much of the text is the address; 0: it is none
std::size_t read_address(std::string_view text, UdpAddress& address) noexcept {
    std::size_t at = 0;
    for (std::size_t i = 0; i < address.address.size(); ++i) {
        if (i > 0 && text.substr(at++, 1) != ".") {
            return 0;
        }
        const LeadingNumber part = leading_number(text.substr(std::min(at, text.size())));
        if (part.length == 0) {
            return 0;
        }
        address.address[i] = static_cast<std::uint8_t>(part.value);
        at += part.length;
    }
    return at;
}

void take_udp(std::string_view text, ReadConfig& read) {
    UdpAddress address;
    const std::size_t size = read_address(text, address);
    if (size == 0) {
        read.warnings.push_back("unable to scan ip address: " + std::string(text));
        return;
    }
    address.port = kSyslogPort;
    if (text.substr(size, 1) == ":") {
        const std::string_view port = text.substr(size + 1);
        const std::uint64_t number = leading_number(port).value;
        if (number == 0) {
            read.warnings.push_back("unable to scan port number: " + std::string(port));
            return;
        }
        address.port = static_cast<std::uint16_t>(number);
    }
    if (address.port != 0) {
        read.config.udp = address;
    }
}

void take_line(std::string_view line, ReadConfig& read) {
    Config& config = read.config;
    const std::string_view value = line.substr(1);
    switch (line.front()) {
        case '+':
        case '-':
        case 'e':
        case 'E':
            config.patterns.emplace_back(line);
            break;
        case 's':
            config.size_max = size_of(value);
            break;
        case 'n':
            config.keep_max = leading_number(value).value;
            break;
        case 'N':
            config.keep_min = leading_number(value).value;
            break;
        case 't':
            config.age_max = seconds_of(value);
            break;
        case '!':
            config.processor = value.empty() ? config.processor : std::string(value);
            break;
        case 'U':
            config.is_udp_only = true;
            take_udp(value, read);
            break;
        case 'u':
            take_udp(value, read);
            break;
        case 'p':
            config.prefix = value.empty() ? config.prefix : std::string(value);
            break;
        default:
            break;
    }
}

}  // namespace

ReadConfig parse_config(std::string_view text) {
    ReadConfig read;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        // A NUL ends a line as well, for what reads it.
        const std::string_view line = text.substr(0, end);
        if (const std::string_view seen = line.substr(0, line.find('\0')); !seen.empty()) {
            take_line(seen, read);
        }
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return read;
}

bool matches(std::string_view pattern, std::string_view line) noexcept {
    while (!pattern.empty()) {
        const char c = pattern.front();
        pattern.remove_prefix(1);
        if (c == '*') {
            if (pattern.empty()) {
                return true;
            }
            const std::size_t next = line.find(pattern.front());
            if (next == std::string_view::npos) {
                return false;
            }
            line.remove_prefix(next);
        } else if (c == '+') {
            if (pattern.empty() || line.empty() || line.front() != pattern.front()) {
                return false;
            }
            const std::size_t behind = line.find_first_not_of(pattern.front());
            // As svlogd has it: a run up to the end of the line matches whatever follows.
            if (behind == std::string_view::npos) {
                return true;
            }
            line.remove_prefix(behind);
            pattern.remove_prefix(1);
        } else {
            if (line.empty() || line.front() != c) {
                return false;
            }
            line.remove_prefix(1);
        }
    }
    return line.empty();
}

Selection select(const Config& config, std::string_view line) noexcept {
    Selection selection;
    for (const std::string& pattern : config.patterns) {
        if (!matches(std::string_view(pattern).substr(1), line)) {
            continue;
        }
        switch (pattern.front()) {
            case '+':
            case '-':
                selection.is_logged = pattern.front() == '+';
                break;
            default:
                selection.is_for_stderr = pattern.front() == 'e';
                break;
        }
    }
    return selection;
}

bool is_old_file(std::string_view name) noexcept {
    return name.size() == kOldNameSize && name.front() == '@';
}

Removal to_be_removed(const std::vector<std::string>& names, std::uint64_t keep) {
    Removal removal;
    std::uint64_t count = 0;
    for (const std::string& name : names) {
        if (!is_old_file(name)) {
            continue;
        }
        if (name.back() == 't') {
            removal.leftovers.push_back(name);
        }
        // Debian's: what is not processed yet is neither counted nor removed.
        if (name.back() != 's') {
            continue;
        }
        ++count;
        if (!removal.oldest || name < *removal.oldest) {
            removal.oldest = name;
        }
    }
    if (keep == 0 || count <= keep) {
        removal.oldest.reset();
    }
    return removal;
}

std::optional<std::string> to_be_sacrificed(const std::vector<std::string>& names,
                                            std::uint64_t keep) {
    std::optional<std::string> oldest;
    std::uint64_t count = 0;
    for (const std::string& name : names) {
        if (is_old_file(name)) {
            ++count;
            oldest = !oldest || name < *oldest ? name : *oldest;
        }
    }
    return count > keep ? oldest : std::nullopt;
}

bool is_full(std::uint64_t size, std::uint64_t line_max, const Config& config) noexcept {
    // A size that does not hold the longest line is that of `current` exactly.
    return config.size_max != 0 && config.size_max >= line_max &&
           size >= config.size_max - line_max;
}

}  // namespace mainstay::svlogd
