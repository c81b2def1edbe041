#include "init/module_index.h"

#include <fnmatch.h>

namespace mainstay::init {
namespace {

char plain(char c) noexcept {
    return c == '-' ? '_' : c;
}

std::string_view take_blank_separated(std::string_view& rest) noexcept {
    while (!rest.empty() && rest.front() == ' ') {
        rest.remove_prefix(1);
    }
    const std::string_view word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(word.size());
    return word;
}

/// Compares what stands before the first special character of a pattern: most of the thousands of
/// patterns of a file need no more than that.
bool may_match(std::string_view pattern, std::string_view text) noexcept {
    const std::string_view plain_part = pattern.substr(0, pattern.find_first_of("*?[\\"));
    return text.substr(0, plain_part.size()) == plain_part;
}

/// The dependencies of a modules.dep line stand with the one to be loaded first at the end.
Found fill_order(std::string_view path, std::string_view dependencies, LoadOrder& order) noexcept {
    LoadOrder reversed;
    if (!reversed.push_back(path)) {
        return Found::TooManyDependencies;
    }
    while (true) {
        const std::string_view dependency = take_blank_separated(dependencies);
        if (dependency.empty()) {
            break;
        }
        if (!reversed.push_back(dependency)) {
            return Found::TooManyDependencies;
        }
    }
    for (std::size_t i = reversed.size(); i > 0; --i) {
        (void)order.push_back(reversed[i - 1]);
    }
    return Found::Yes;
}

}  // namespace

bool is_same_module(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) {
        return false;
    }
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (plain(a[i]) != plain(b[i])) {
            return false;
        }
    }
    return true;
}

std::string_view module_name(std::string_view path) noexcept {
    const std::size_t slash = path.rfind('/');
    if (slash != std::string_view::npos) {
        path.remove_prefix(slash + 1);
    }
    return path.substr(0, path.find(".ko"));
}

std::string_view ModuleIndex::take_line(std::string_view& rest) noexcept {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() < rest.size() ? line.size() + 1 : line.size());
    return line;
}

Found ModuleIndex::find(std::string_view name, LoadOrder& order) const noexcept {
    order.clear();
    if (name.empty()) {
        return Found::No;
    }
    for (std::string_view rest = dep_; !rest.empty();) {
        const std::string_view line = take_line(rest);
        const std::size_t colon = line.find(':');
        if (colon != std::string_view::npos &&
            is_same_module(module_name(line.substr(0, colon)), name)) {
            return fill_order(line.substr(0, colon), line.substr(colon + 1), order);
        }
    }
    for (std::string_view rest = builtin_; !rest.empty();) {
        if (is_same_module(module_name(take_line(rest)), name)) {
            return Found::Builtin;
        }
    }
    return Found::No;
}

std::string_view ModuleIndex::match_line(std::string_view line, const AliasText& alias) noexcept {
    if (take_blank_separated(line) != "alias") {
        return {};
    }
    const std::string_view pattern = take_blank_separated(line);
    if (pattern.empty() || pattern.size() > AliasText::capacity() ||
        !may_match(pattern, alias.view())) {
        return {};
    }
    if (::fnmatch(AliasText(pattern).c_str(), alias.c_str(), 0) != 0) {
        return {};
    }
    return take_blank_separated(line);
}

}  // namespace mainstay::init
