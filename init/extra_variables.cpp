#include "init/extra_variables.h"

#include <algorithm>

namespace mainstay::init {
namespace {

constexpr std::string_view kAllowed = "INIT_";

std::string_view name_of(std::string_view variable) noexcept {
    return variable.substr(0, variable.find('='));
}

/// Takes the text before the next NUL off @p rest. One without its NUL is none.
std::string_view take_text(std::string_view& rest) noexcept {
    const std::size_t end = rest.find('\0');
    if (end == std::string_view::npos) {
        rest = {};
        return {};
    }
    const std::string_view text = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    return text;
}

}  // namespace

bool ExtraVariables::apply(std::string_view requests, Change change) noexcept {
    bool all_taken = true;
    for (std::string_view one = take_text(requests); !one.empty(); one = take_text(requests)) {
        const std::string_view name = name_of(one);
        const bool is_taken =
            name.substr(0, kAllowed.size()) == kAllowed && set(change == Change::Set ? one : name);
        all_taken = all_taken && is_taken;
    }
    return all_taken;
}

bool ExtraVariables::set(std::string_view variable) noexcept {
    const std::string_view name = name_of(variable);
    const std::string_view old = value_of(name);
    if (old.data() != nullptr) {
        // The one that is there ends with its value, and whatever follows moves into its place.
        char* const begin = text_.data() + (old.data() - text_.data()) - name.size() - 1;
        const char* const end = old.data() + old.size() + 1;
        std::copy(end, static_cast<const char*>(text_.data() + size_), begin);
        const auto freed = static_cast<std::size_t>(end - begin);
        size_ -= freed;
        std::fill_n(text_.data() + size_, freed, '\0');
        --count_;
    }
    if (name.size() == variable.size()) {
        return true;
    }
    if (count_ == kMaxExtraVariables || variable.size() + 1 > text_.size() - size_) {
        return false;
    }
    std::copy(variable.begin(), variable.end(), text_.data() + size_);
    size_ += variable.size() + 1;
    ++count_;
    return true;
}

std::string_view ExtraVariables::value_of(std::string_view name) const noexcept {
    std::string_view found;
    for_each([&](std::string_view variable) {
        if (name_of(variable) == name) {
            found = variable.substr(name.size() + 1);
        }
    });
    return found;
}

void ExtraVariables::restore(std::span<const char, kExtraVariablesSize> bytes) noexcept {
    *this = {};
    std::string_view rest(bytes.data(), bytes.size());
    for (std::string_view one = take_text(rest); !one.empty(); one = take_text(rest)) {
        (void)set(one);
    }
}

}  // namespace mainstay::init
