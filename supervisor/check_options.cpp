#include "supervisor/check_options.h"

#include <algorithm>
#include <array>
#include <string>

#include "common/nearest.h"

namespace mainstay::supervisor {
namespace {

constexpr std::string_view kCheck = "--check";
constexpr std::string_view kRoot = "--root";
constexpr std::string_view kJson = "--json";
constexpr std::string_view kEndOfOptions = "--";
constexpr std::array kKnown = {kCheck, kRoot, kJson};

class Reader {
  public:
    explicit Reader(std::span<const std::string_view> arguments) : arguments_(arguments) {}

    Invocation read() {
        while (next_ < arguments_.size() && problem_.empty()) {
            take(arguments_[next_++]);
        }
        if (!problem_.empty()) {
            return UsageError{problem_};
        }
        const bool is_relative = !check_.directory.empty() && check_.directory.front() != '/';
        if (!check_.root.empty() && is_relative) {
            check_.directory.insert(0, "/");
        }
        return check_;
    }

  private:
    void take(std::string_view argument) {
        const std::string_view name = argument.substr(0, argument.find('='));
        if (only_operands_ || !argument.starts_with('-')) {
            take_directory(argument);
        } else if (argument == kEndOfOptions) {
            only_operands_ = true;
        } else if (argument == kJson) {
            check_.format = ReportFormat::Json;
        } else if (name == kRoot) {
            take_root(argument);
        } else if (argument != kCheck) {
            problem_ = "--check does not take " + std::string(argument);
            const std::string_view nearest = nearest_word(name, kKnown);
            problem_ += nearest.empty() ? "" : "; did you mean " + std::string(nearest) + "?";
        }
    }

    void take_directory(std::string_view argument) {
        if (argument.empty()) {
            problem_ = "DIR is empty";
        } else if (!check_.directory.empty()) {
            problem_ = "more than one DIR: " + check_.directory + " and " + std::string(argument);
        }
        check_.directory = argument;
    }

    void take_root(std::string_view argument) {
        if (argument.size() > kRoot.size()) {
            check_.root = argument.substr(kRoot.size() + 1);
        } else if (next_ < arguments_.size()) {
            check_.root = arguments_[next_++];
        }
        if (check_.root.empty()) {
            problem_ = "--root needs a DIR";
        }
    }

    std::span<const std::string_view> arguments_;
    std::size_t next_ = 0;
    bool only_operands_ = false;
    Check check_;
    std::string problem_;
};

}  // namespace

bool asks_for_check(std::span<const std::string_view> arguments) noexcept {
    const auto end = std::find(arguments.begin(), arguments.end(), kEndOfOptions);
    return std::find(arguments.begin(), end, kCheck) != end;
}

Invocation parse_check(std::span<const std::string_view> arguments) {
    if (std::find(arguments.begin(), arguments.end(), "--help") != arguments.end()) {
        return ShowHelp{};
    }
    return Reader(arguments).read();
}

}  // namespace mainstay::supervisor
