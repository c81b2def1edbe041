#include "ctl/args.h"

#include <algorithm>
#include <charconv>
#include <span>

#include "common/nearest.h"
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

    static const OptionRow* find_option(std::string_view name) noexcept {
        for (const OptionRow& row : option_rows()) {
            if (name == row.name || (!row.letter.empty() && name == row.letter)) {
                return &row;
            }
        }
        return nullptr;
    }

    void take_option(std::string_view word) {
        const std::size_t equals = word.find('=');
        const bool has_value = equals != std::string_view::npos;
        const OptionRow* row = find_option(word.substr(0, equals));
        if (row == nullptr) {
            fail_for_unknown(word.substr(0, equals));
            return;
        }
        given_ |= bit_of(row->option);
        if (row->value.empty()) {
            if (has_value) {
                fail(std::string(row->name) + " takes no value: " + quoted(word));
            }
            take_switch(row->option);
            return;
        }
        if (!has_value && next_ == words_.size()) {
            fail(std::string(row->name) + " needs a value");
            return;
        }
        const std::string_view value = has_value ? word.substr(equals + 1) : words_[next_++];
        if (value.empty()) {
            fail(std::string(row->name) + " needs a value that is not empty");
            return;
        }
        take_value(row->option, value);
    }

    void fail_for_unknown(std::string_view name) {
        std::vector<std::string_view> names;
        for (const OptionRow& row : option_rows()) {
            names.push_back(row.name);
        }
        const std::string_view nearest = nearest_word(name, names);
        fail("unknown option " + quoted(name) +
             (nearest.empty() ? std::string(": see svctl help")
                              : ": did you mean " + quoted(nearest) + "?"));
    }

    void take_value(Option option, std::string_view value) {
        if (option == Option::Control) {
            invocation_.control = std::string(value);
        } else if (option == Option::Root) {
            invocation_.root = std::string(value);
        } else if (option == Option::Lines) {
            take_lines(value);
        } else if (const auto timeout = parse_duration(value)) {
            invocation_.timeout = std::chrono::duration_cast<milliseconds>(*timeout);
        } else {
            fail("--timeout " + quoted(value) +
                 " is no time: give seconds, or a number with ms, s, min or h, or infinity");
        }
    }

    void take_lines(std::string_view value) {
        std::uint32_t lines = 0;
        const char* end = value.data() + value.size();
        const auto parsed = std::from_chars(value.data(), end, lines);
        if (parsed.ec != std::errc() || parsed.ptr != end || lines > protocol::kMostLogLines) {
            fail("--lines " + quoted(value) + " is no number from 0 to 100000");
        }
        invocation_.lines = lines;
    }

    void take_goal(protocol::Goal goal) {
        if (has_goal_ && goal != invocation_.goal) {
            fail("give only one of --up, --ready, --down and --boot");
        }
        has_goal_ = true;
        invocation_.goal = goal;
    }

    void take_switch(Option option) {
        using protocol::Goal;
        switch (option) {
            case Option::Json:
                invocation_.format = OutputFormat::Json;
                break;
            case Option::NoWait:
                invocation_.wait = false;
                break;
            case Option::Help:
                wants_help_ = true;
                break;
            case Option::Version:
                wants_version_ = true;
                break;
            case Option::Follow:
                invocation_.follow = true;
                break;
            case Option::Runtime:
                invocation_.place = protocol::Place::Runtime;
                break;
            case Option::Up:
                take_goal(Goal::Up);
                break;
            case Option::Ready:
                take_goal(Goal::Ready);
                break;
            case Option::Down:
                take_goal(Goal::Down);
                break;
            case Option::Boot:
                take_goal(Goal::Boot);
                break;
            case Option::Control:
            case Option::Timeout:
            case Option::Lines:
            case Option::Root:
                break;  // these take a value
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

    /// Options that were given and that the command does not have.
    void refuse_options(const CommandRow& row) {
        for (const OptionRow& option : option_rows()) {
            if ((given_ & bit_of(option.option)) != 0 && !takes(row, option.option)) {
                fail(option.option == Option::NoWait
                         ? std::string(row.name) + " does not wait: --no-wait has no meaning for it"
                         : std::string(row.name) + " does not take " + std::string(option.name));
            }
        }
    }

    void take_arguments(const CommandRow& row, std::span<const std::string_view> rest) {
        refuse_options(row);
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
            case Arguments::OneService:
            case Arguments::GoalAndServices:
            case Arguments::Saying:
            case Arguments::NamesOrPath:
            case Arguments::Path:
            case Arguments::MaybeDirectory:
                take_particular_arguments(row, rest);
                break;
        }
        refuse_empty_names();
    }

    void take_particular_arguments(const CommandRow& row, std::span<const std::string_view> rest) {
        const bool has_one = !rest.empty();
        if (row.arguments == Arguments::GoalAndServices &&
            invocation_.goal == protocol::Goal::Boot) {
            refuse_surplus(row, rest);
        } else if (row.arguments == Arguments::GoalAndServices) {
            take_services(row, rest);
        } else if (row.arguments == Arguments::OneService) {
            take_services(row, rest.first(has_one ? 1 : 0));
            refuse_surplus(row, rest.subspan(has_one ? 1 : 0));
        } else if (row.arguments == Arguments::Saying) {
            take_saying(row, rest);
        } else if (row.arguments == Arguments::NamesOrPath) {
            take_names_or_path(row, rest);
        } else if (has_one) {
            invocation_.path = std::string(rest.front());
            refuse_surplus(row, rest.subspan(1));
        } else if (row.arguments == Arguments::Path) {
            fail(std::string(row.name) + " needs the path of a service directory");
        }
    }

    void take_saying(const CommandRow& row, std::span<const std::string_view> rest) {
        const std::string_view what = rest.size() > 1 ? rest[1] : std::string_view();
        const bool is_status = what == "status" && rest.size() == 3;
        if (is_status) {
            invocation_.status_text = std::string(rest[2]);
        } else if (rest.size() == 2) {
            invocation_.ready = what == "ready";
            invocation_.reloading = what == "reloading";
            invocation_.stopping = what == "stopping";
        }
        if (!is_status && !invocation_.ready && !invocation_.reloading && !invocation_.stopping) {
            fail(std::string(row.name) +
                 " needs a service, then ready, reloading or stopping, or status and one text");
            return;
        }
        invocation_.services.assign(1, std::string(rest.front()));
    }

    void take_names_or_path(const CommandRow& row, std::span<const std::string_view> rest) {
        const bool has_path = std::any_of(rest.begin(), rest.end(), [](std::string_view word) {
            return word.find('/') != std::string_view::npos;
        });
        if (!has_path) {
            take_services(row, rest);
        } else if (rest.size() == 1) {
            invocation_.path = std::string(rest.front());
        } else {
            fail(std::string(row.name) + " takes names, or one path");
        }
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
    bool has_goal_ = false;
    OptionSet given_ = 0;
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
    request.lines = invocation.lines;
    request.follow = invocation.follow;
    request.goal = invocation.goal;
    request.place = invocation.place;
    request.path = invocation.path;
    request.ready = invocation.ready;
    request.reloading = invocation.reloading;
    request.stopping = invocation.stopping;
    request.status_text = invocation.status_text;
    if (row.waits == Waits::Yes) {
        request.wait = invocation.wait;
        request.timeout = invocation.timeout;
    }
    if (invocation.command == Command::Tree || invocation.command == Command::Why) {
        // Both need the services around those that were named.
        request.detail = protocol::Detail::Full;
        request.services.clear();
    }
    return request;
}

}  // namespace mainstay::ctl
