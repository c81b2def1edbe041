#include "ctl/describe.h"

#include "common/units.h"

namespace mainstay::ctl {
namespace {

using std::chrono::milliseconds;

/// Collects what there is to say, parted by commas.
class Phrases {
  public:
    void add(std::string_view phrase) {
        if (!phrase.empty()) {
            text_.append(text_.empty() ? "" : ", ").append(phrase);
        }
    }
    std::string take() { return std::move(text_); }

  private:
    std::string text_;
};

bool is_in_trouble(ServiceState state) noexcept {
    return state == ServiceState::Backoff || state == ServiceState::Failed;
}

std::string pid_text(const ServiceView& view) {
    return view.pid == 0 ? std::string() : "pid " + std::to_string(view.pid);
}

std::string deadline_text(const ServiceView& view) {
    return view.deadline ? "KILL in " + countdown_text(*view.deadline) : std::string();
}

/// How long a start may still take.
std::string left_text(const ServiceView& view) {
    return view.deadline ? countdown_text(*view.deadline) + " left" : std::string();
}

/// Why it is in its state: what it waits for, or whatever the supervisor says.
std::string reason_text(const ServiceView& view) {
    if (view.blockers.empty()) {
        return view.cause;
    }
    std::string text = blocker_text(view.blockers.front());
    if (view.blockers.size() > 1) {
        text.append(" and ").append(std::to_string(view.blockers.size() - 1)).append(" more");
    }
    return text;
}

std::string state_in_brackets(std::optional<ServiceState> state) {
    return state ? std::string(to_string(*state)) : "does not exist";
}

std::string logger_text(const ServiceView& view) {
    if (!view.logger || !is_in_trouble(view.logger->state)) {
        return {};
    }
    return "its log is in " + std::string(to_string(view.logger->state));
}

void add_running(Phrases& phrases, const ServiceView& view) {
    if (view.is_paused) {
        phrases.add("paused");
    }
    phrases.add(pid_text(view));
    if (view.is_reloading) {
        phrases.add("reloading");
    }
}

void add_state(Phrases& phrases, const ServiceView& view, std::string_view counted) {
    switch (view.state) {
        case ServiceState::Down:
            phrases.add(view.has_down_file ? "down file" : "");
            break;
        case ServiceState::Waiting:
            break;  // for what, is the cause
        case ServiceState::Starting:
            phrases.add(pid_text(view));
            phrases.add(left_text(view));
            break;
        case ServiceState::Up:
            add_running(phrases, view);
            phrases.add("not ready yet");
            phrases.add(left_text(view));
            break;
        case ServiceState::Ready:
            add_running(phrases, view);
            break;
        case ServiceState::Stopping:
        case ServiceState::Finishing:
            add_running(phrases, view);
            phrases.add(deadline_text(view));
            break;
        case ServiceState::Backoff:
            phrases.add(death_text(view));
            phrases.add(next_start_text(view, counted));
            break;
        case ServiceState::Failed:
            phrases.add(death_text(view));
            phrases.add("not started again");
            break;
        case ServiceState::Done:
            phrases.add(death_text(view));
            break;
    }
    if (view.wanted == Wanted::Once && view.pid != 0) {
        phrases.add("once");
    }
}

/// Whether the state's word adds to what trouble_text says anyway.
bool needs_state_word(ServiceState state) noexcept {
    return state != ServiceState::Backoff && state != ServiceState::Failed &&
           state != ServiceState::Up;
}

}  // namespace

Standing standing(const ServiceView& view) noexcept {
    if (view.logger && is_in_trouble(view.logger->state)) {
        return Standing::Trouble;
    }
    switch (view.state) {
        case ServiceState::Backoff:
        case ServiceState::Failed:
            return Standing::Trouble;
        case ServiceState::Waiting:
            return view.is_listening ? Standing::Done : Standing::OnItsWay;
        case ServiceState::Starting:
        case ServiceState::Up:
        case ServiceState::Stopping:
        case ServiceState::Finishing:
            return Standing::OnItsWay;
        case ServiceState::Ready:
            return Standing::Ready;
        case ServiceState::Done:
            return Standing::Done;
        case ServiceState::Down:
            return Standing::Down;
    }
    return Standing::Trouble;
}

Colour colour_of(Standing standing) noexcept {
    switch (standing) {
        case Standing::Trouble:
            return Colour::Red;
        case Standing::OnItsWay:
            return Colour::Yellow;
        case Standing::Ready:
            return Colour::Green;
        case Standing::Done:
        case Standing::Down:
            return Colour::Dim;
    }
    return Colour::Dim;
}

std::string ordinal(unsigned number) {
    const unsigned last_two = number % 100;
    const unsigned last = number % 10;
    const bool is_teen = last_two >= 11 && last_two <= 13;
    const char* suffix = "th";
    if (!is_teen && last >= 1 && last <= 3) {
        constexpr const char* kSuffixes[] = {"st", "nd", "rd"};
        suffix = kSuffixes[last - 1];
    }
    return std::to_string(number) + suffix;
}

std::string countdown_text(milliseconds left) {
    FixedString<24> text;
    if (left.count() > 0 && left.count() <= 900) {
        text.append_format("0.%d s", static_cast<int>((left.count() + 99) / 100));
    } else {
        text = to_short_text(left + milliseconds(999));
    }
    return std::string(text.view());
}

std::string lasted_text(milliseconds span) {
    FixedString<24> text;
    if (span < milliseconds(10'000)) {
        text.append_format("%d.%02d s", static_cast<int>(span.count() / 1000),
                           static_cast<int>(span.count() % 1000 / 10));
    } else {
        text = to_short_text(span);
    }
    return std::string(text.view());
}

std::string death_text(const ServiceView& view) {
    if (view.exec_failure) {
        const ExecFailure& failure = *view.exec_failure;
        std::string text = failure.stage;
        if (!failure.path.empty()) {
            text.append(" ").append(failure.path);
        }
        return text.append(": ").append(failure.error);
    }
    return view.last_death ? death_text(*view.last_death) : std::string();
}

std::string death_text(const Death& death) {
    std::string text(to_text(death.status).view());
    if (death.out_of_memory) {
        text.append(" (out of memory)");
    } else if (!death.cause.empty()) {
        text.append(" (").append(death.cause).append(")");
    }
    return text;
}

std::string blocker_text(const BlockerView& blocker) {
    std::string text = blocker.relation.empty() ? std::string("waits for") : blocker.relation;
    text.append(blocker.relation == "conflicts" ? " with " : " ").append(blocker.name);
    text.append(" (").append(state_in_brackets(blocker.state));
    if (blocker.deadline) {
        text.append(", ").append(countdown_text(*blocker.deadline)).append(" left");
    }
    return text.append(")");
}

std::string related_text(const RelatedView& related) {
    return related.name + " (" + state_in_brackets(related.state) + ")";
}

std::string next_start_text(const ServiceView& view, std::string_view counted) {
    std::string text =
        view.next_start ? "next start in " + countdown_text(*view.next_start) : "starts again";
    if (view.restarts > 0) {
        text.append(" (").append(ordinal(view.restarts)).append(counted).append(")");
    }
    return text;
}

std::string detail(const ServiceView& view) {
    Phrases phrases;
    phrases.add(reason_text(view));
    add_state(phrases, view, "");
    phrases.add(view.status_text);
    phrases.add(view.has_changed ? "definition changed" : "");
    phrases.add(logger_text(view));
    return phrases.take();
}

std::string trouble_text(const ServiceView& view) {
    Phrases phrases;
    if (needs_state_word(view.state)) {
        phrases.add(to_string(view.state));
    }
    phrases.add(reason_text(view));
    add_state(phrases, view, " restart");
    if (view.state == ServiceState::Down || view.state == ServiceState::Finishing) {
        phrases.add(death_text(view));
    }
    return phrases.take();
}

}  // namespace mainstay::ctl
