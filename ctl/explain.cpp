#include "ctl/explain.h"

#include <deque>
#include <map>
#include <set>

#include "common/units.h"
#include "ctl/describe.h"
#include "ctl/hint.h"
#include "ctl/text.h"

namespace mainstay::ctl {
namespace {

std::string age(const ServiceView& view) {
    return std::string(to_short_text(view.since).view());
}

/// " (it died with exit 1 after 0.31 s)"
std::string last_end(const ServiceView& view) {
    if (view.exec_failure) {
        return death_text(view);
    }
    if (!view.last_death) {
        return {};
    }
    return death_text(*view.last_death) + " after " + lasted_text(view.last_death->lived);
}

std::string with_reason(const std::string& sentence, const std::string& reason) {
    return reason.empty() ? sentence : sentence + ": " + reason;
}

std::string down_sentence(const ServiceView& view) {
    const std::string text = "is down for " + age(view);
    if (view.wanted != Wanted::Down) {
        return with_reason(text + ", though it is wanted up", view.cause);
    }
    if (view.has_down_file) {
        return text + ": it has a down file, so it is not started at boot";
    }
    return with_reason(text + ": nobody wants it up", view.cause);
}

std::string start_sentence(const ServiceView& view, const char* what) {
    std::string text = std::string(what) + " for " + age(view);
    if (view.deadline) {
        text.append("; it has ").append(countdown_text(*view.deadline)).append(" left");
    }
    return text;
}

std::string sentence_of(const ServiceView& view) {
    switch (view.state) {
        case ServiceState::Down:
            return down_sentence(view);
        case ServiceState::Waiting:
            if (view.is_listening) {
                return "has been " + view.cause + " for " + age(view);
            }
            return with_reason("waits for " + age(view) + " now",
                               view.blockers.empty() ? view.cause : "");
        case ServiceState::Starting:
            return start_sentence(view, "is being started");
        case ServiceState::Up:
            return start_sentence(view, "runs, but has not said that it is ready,");
        case ServiceState::Ready:
            return "is ready for " + age(view) +
                   (view.wanted == Wanted::Down ? ", though it is wanted down" : "");
        case ServiceState::Stopping:
            return start_sentence(view, view.wanted == Wanted::Down
                                            ? "was told to stop, and has "
                                              "been stopping"
                                            : "stops, to be started again,");
        case ServiceState::Finishing:
            return start_sentence(view, "has ended, and its finish program has been running");
        case ServiceState::Backoff:
            return with_reason((view.exec_failure ? "could not be started; " : "died; ") +
                                   next_start_text(view, " restart"),
                               last_end(view));
        case ServiceState::Failed:
            return with_reason("has failed for good" +
                                   (view.cause.empty() ? std::string() : " (" + view.cause + ")"),
                               last_end(view));
        case ServiceState::Done:
            return "is done: it ran, and ended as it should";
    }
    return {};
}

class Explanation {
  public:
    Explanation(const std::vector<ServiceView>& views, const Style& style) : style_(style) {
        for (const ServiceView& view : views) {
            by_name_[view.name] = &view;
        }
    }

    std::string of(std::string_view name) {
        visit(std::string(name));
        while (!to_do_.empty()) {
            const ServiceView& view = *to_do_.front();
            to_do_.pop_front();
            tell(view);
        }
        if (!advice_.empty()) {
            text_.append("What to do: ").append(visible(advice_, style_.charset)).append(".\n");
        }
        return std::move(text_);
    }

  private:
    /// A service is told of once, however many wait for it.
    void visit(const std::string& name) {
        const auto found = by_name_.find(name);
        if (found != by_name_.end() && seen_.insert(name).second) {
            to_do_.push_back(found->second);
        }
    }

    void say(const std::string& name, const std::string& sentence) {
        text_.append(visible(name + " " + sentence, style_.charset)).append(".\n");
    }

    void tell(const ServiceView& view) {
        say(view.name, sentence_of(view));
        for (const BlockerView& blocker : view.blockers) {
            say(view.name, blocker_text(blocker));
            visit(blocker.name);
        }
        if (view.logger && (view.logger->state == ServiceState::Backoff ||
                            view.logger->state == ServiceState::Failed)) {
            say(view.name + "/log,",
                "its logger, is in " + std::string(to_string(view.logger->state)));
        }
        // The last one told of is the nearest to the root of it.
        const std::string hint = hint_for(view);
        advice_ = hint.empty() ? advice_ : hint;
    }

    Style style_;
    std::map<std::string, const ServiceView*, std::less<>> by_name_;
    std::set<std::string> seen_;
    std::deque<const ServiceView*> to_do_;
    std::string text_;
    std::string advice_;
};

}  // namespace

std::string explain(const std::vector<ServiceView>& views, std::string_view name,
                    const Style& style) {
    return Explanation(views, style).of(name);
}

}  // namespace mainstay::ctl
