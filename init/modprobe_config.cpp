#include "init/modprobe_config.h"

#include <array>

namespace mainstay::init {
namespace {

// A backslash and the newline after it are blanks, too.
constexpr std::string_view kBlanks = " \t\r\n\\";

bool is_in_list(std::string_view list, std::string_view name) noexcept {
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        if (is_same_module(list.substr(0, comma), name)) {
            return true;
        }
        list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    }
    return false;
}

bool add(ModuleOptions& options, std::string_view before, std::string_view text,
         std::string_view after) noexcept {
    const std::size_t blank = options.empty() ? 0 : 1;
    if (options.size() + blank + before.size() + text.size() + after.size() >
        ModuleOptions::capacity()) {
        return false;
    }
    options.append(blank != 0 ? " " : "").append(before).append(text).append(after);
    return true;
}

/// "NAME.OPTION=value" as "OPTION=value", in quotes again where it has blanks.
bool add_word(ModuleOptions& options, const CmdlineWord& word, std::string_view key) noexcept {
    if (!word.has_value) {
        return add(options, key, {}, {});
    }
    ModuleOptions before(key);
    const bool is_quoted = word.value.find(' ') != std::string_view::npos;
    before.append(is_quoted ? "=\"" : "=");
    return add(options, before, word.value, is_quoted ? "\"" : "");
}

}  // namespace

std::string_view ModprobeConfig::take_line(std::string_view& rest) noexcept {
    std::size_t end = rest.find('\n');
    while (end != std::string_view::npos && end > 0 && rest[end - 1] == '\\') {
        end = rest.find('\n', end + 1);
    }
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    return line;
}

std::string_view ModprobeConfig::take_blank_separated(std::string_view& rest) noexcept {
    const std::size_t begin = rest.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) {
        rest = {};
        return {};
    }
    rest.remove_prefix(begin);
    const std::string_view word = rest.substr(0, rest.find_first_of(kBlanks));
    rest.remove_prefix(word.size());
    return word;
}

bool ModprobeConfig::is_blacklisted(std::string_view name) const noexcept {
    bool found = false;
    for_each_line("blacklist", name, [&](std::string_view) { found = true; });
    std::string_view rest = cmdline_;
    while (const auto word = take_word(rest)) {
        if (word->key == "modprobe.blacklist" || word->key == "rd.driver.blacklist") {
            found = found || is_in_list(word->value, name);
        }
    }
    return found;
}

bool ModprobeConfig::is_disabled(std::string_view name) const noexcept {
    constexpr std::array<std::string_view, 6> kNothing{
        "/bin/true", "/bin/false", "/usr/bin/true", "/usr/bin/false", "true", "false"};
    bool disabled = false;
    for_each_line("install", name, [&](std::string_view command) {
        const std::string_view program = take_blank_separated(command);
        for (const std::string_view nothing : kNothing) {
            disabled = disabled || program == nothing;
        }
    });
    return disabled;
}

bool ModprobeConfig::collect_options(std::string_view name, ModuleOptions& options) const noexcept {
    bool fits = true;
    for_each_line("options", name, [&](std::string_view words) {
        const std::size_t begin = words.find_first_not_of(kBlanks);
        if (begin != std::string_view::npos) {
            const std::size_t end = words.find_last_not_of(kBlanks) + 1;
            fits = add(options, {}, words.substr(begin, end - begin), {}) && fits;
        }
    });
    std::string_view rest = cmdline_;
    while (const auto word = take_word(rest)) {
        const std::size_t dot = word->key.find('.');
        if (dot != std::string_view::npos && is_same_module(word->key.substr(0, dot), name)) {
            fits = add_word(options, *word, word->key.substr(dot + 1)) && fits;
        }
    }
    return fits;
}

std::string_view unknown_symbol(std::string_view record, std::string_view module) noexcept {
    constexpr std::string_view kSaid = ": Unknown symbol ";
    const std::size_t said = record.find(kSaid);
    if (said == std::string_view::npos) {
        return {};
    }
    std::string_view before = record.substr(0, said);
    before.remove_prefix(before.find(';') == std::string_view::npos ? 0 : before.find(';') + 1);
    if (!is_same_module(before, module)) {
        return {};
    }
    const std::string_view symbol = record.substr(said + kSaid.size());
    return symbol.substr(0, symbol.find_first_of(" \n"));
}

}  // namespace mainstay::init
