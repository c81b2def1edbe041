#include "ctl/args.h"

#include <span>

#include "common/signals.h"
#include "common/units.h"

namespace mainstay::ctl {
namespace {

using std::chrono::milliseconds;

std::string quoted(std::string_view word) {
    return "\"" + std::string(word) + "\"";
}

std::string joined(const std::vector<std::string_view>& words) {
    std::string text;
    for (const std::string_view word : words) {
        text.append(text.empty() ? "" : ", ").append(word);
    }
    return text;
}

/// Goes over the words once; what it found lies in its members.
class Parser {
  public:
    explicit Parser(std::span<const std::string_view> words) noexcept : words_(words) {}

    ParsedArgs parse() {
        while (next_ < words_.size() && !problem_) {
            const std::string_view word = words_[next_++];
            if (options_ended_ || word.size() < 2 || word.front() != '-') {
                operands_.push_back(word);
            } else if (word == "--") {
                options_ended_ = true;
            } else {
                take_option(word);
            }
        }
        if (!problem_ && !wants_version_) {
            take_operands();
        }
        if (problem_) {
            return UsageError{*problem_};
        }
        if (wants_version_) {
            return PrintOwnVersion{};
        }
        return invocation_;
    }

  private:
    void fail(std::string message) {
        if (!problem_) {
            problem_ = std::move(message);
        }
    }

    void take_option(std::string_view word) {
        const std::size_t equals = word.find('=');
        const std::string_view name = word.substr(0, equals);
        const bool has_value = equals != std::string_view::npos;
        if (name == "--control" || name == "--timeout") {
            if (!has_value && next_ == words_.size()) {
                fail(std::string(name) + " needs a value");
                return;
            }
            take_value(name, has_value ? word.substr(equals + 1) : words_[next_++]);
            return;
        }
        if (has_value) {
            fail("unknown option, or one that takes no value: " + quoted(word));
            return;
        }
        take_switch(name);
    }

    void take_value(std::string_view name, std::string_view value) {
        if (value.empty()) {
            fail(std::string(name) + " needs a value that is not empty");
        } else if (name == "--control") {
            invocation_.control = std::string(value);
        } else if (const auto timeout = parse_duration(value)) {
            invocation_.timeout = std::chrono::duration_cast<milliseconds>(*timeout);
        } else {
            fail("--timeout " + quoted(value) +
                 " is no time: give seconds, or a number with ms, s, min or h, or infinity");
        }
    }

    void take_switch(std::string_view name) {
        if (name == "--json") {
            invocation_.format = OutputFormat::Json;
        } else if (name == "--no-wait") {
            invocation_.wait = false;
        } else if (name == "--help" || name == "-h") {
            wants_help_ = true;
        } else if (name == "--version") {
            wants_version_ = true;
        } else {
            fail("unknown option " + quoted(name) +
                 ": there are --control, --json, --no-wait, --timeout, --help and --version");
        }
    }

    /// @returns the command that @p word names; fails where that is none or not one.
    std::optional<Command> resolve(std::string_view word) {
        const Lookup lookup = find_command(word);
        if (lookup.command) {
            return lookup.command;
        }
        if (!lookup.candidates.empty()) {
            fail("command " + quoted(word) + " is ambiguous: " + joined(lookup.candidates));
            return std::nullopt;
        }
        const std::string_view nearest = nearest_command(word);
        if (nearest.empty()) {
            fail("unknown command " + quoted(word) +
                 ": see svctl help; for the state of a service: svctl status SERVICE");
        } else {
            fail("unknown command " + quoted(word) + ": did you mean " + quoted(nearest) + "?");
        }
        return std::nullopt;
    }

    void take_operands() {
        std::span<const std::string_view> rest(operands_);
        if (!rest.empty()) {
            const std::optional<Command> command = resolve(rest.front());
            if (!command) {
                return;
            }
            invocation_.command = *command;
            rest = rest.subspan(1);
        }
        if (wants_help_) {
            if (!operands_.empty() && invocation_.command != Command::Help) {
                invocation_.topic = invocation_.command;
                rest = {};
            }
            invocation_.command = Command::Help;
        }
        take_arguments(row_of(invocation_.command), rest);
    }

    void take_arguments(const CommandRow& row, std::span<const std::string_view> rest) {
        if (!invocation_.wait && row.waits == Waits::No) {
            fail(std::string(row.name) + " does not wait: --no-wait has no meaning for it");
        }
        invocation_.signal = row.signal;
        switch (row.arguments) {
            case Arguments::None:
                refuse_surplus(row, rest);
                break;
            case Arguments::MaybeCommand:
                if (!rest.empty()) {
                    invocation_.topic = resolve(rest.front());
                    refuse_surplus(row, rest.subspan(1));
                }
                break;
            case Arguments::SignalAndServices:
                rest = take_signal(row, rest);
                take_services(row, rest);
                break;
            case Arguments::Services:
                take_services(row, rest);
                break;
            case Arguments::AnyServices:
                invocation_.services.assign(rest.begin(), rest.end());
                break;
        }
        refuse_empty_names();
    }

    void refuse_surplus(const CommandRow& row, std::span<const std::string_view> rest) {
        if (!rest.empty()) {
            fail(std::string(row.name) + " does not take " + quoted(rest.front()));
        }
    }

    std::span<const std::string_view> take_signal(const CommandRow& row,
                                                  std::span<const std::string_view> rest) {
        if (rest.empty()) {
            fail(std::string(row.name) + " needs a signal and at least one service");
            return rest;
        }
        const std::optional<int> number = parse_signal(rest.front());
        if (!number) {
            fail(quoted(rest.front()) +
                 " is no signal: give a name such as HUP, or a number from 1 to 64");
        }
        invocation_.signal = number.value_or(0);
        return rest.subspan(1);
    }

    void take_services(const CommandRow& row, std::span<const std::string_view> rest) {
        if (rest.empty()) {
            fail(std::string(row.name) + " needs at least one service");
        }
        invocation_.services.assign(rest.begin(), rest.end());
    }

    void refuse_empty_names() {
        for (const std::string& service : invocation_.services) {
            if (service.empty()) {
                fail("a service has an empty name");
            }
        }
    }

    std::span<const std::string_view> words_;
    std::size_t next_ = 0;
    bool options_ended_ = false;
    bool wants_help_ = false;
    bool wants_version_ = false;
    std::vector<std::string_view> operands_;
    Invocation invocation_;
    std::optional<std::string> problem_;
};

}  // namespace

ParsedArgs parse_args(const std::vector<std::string_view>& words) {
    return Parser(words).parse();
}

protocol::Request make_request(const Invocation& invocation, protocol::RequestId id) {
    protocol::Request request;
    request.id = id;
    const CommandRow& row = row_of(invocation.command);
    request.verb = row.verb.value_or(protocol::Verb::Status);
    request.services = invocation.services;
    request.signal = invocation.signal;
    if (row.waits == Waits::Yes) {
        request.wait = invocation.wait;
        request.timeout = invocation.timeout;
    }
    return request;
}

}  // namespace mainstay::ctl
