#include <algorithm>
#include <utility>

#include "supervisor/jobs.h"
#include "supervisor/service_selection.h"
#include "supervisor/status_view.h"
#include "supervisor/verb_outcome.h"
#include "supervisor/words.h"

namespace mainstay::supervisor {
namespace {

using protocol::ErrorCode;
using protocol::ExitCode;
using protocol::Goal;
using protocol::Request;
using protocol::Verb;

constexpr std::size_t kLogLinesOfATrouble = 10;
constexpr int kMostNames = 5;

/// What `check` waits for: that the service is where it is wanted.
Goal goal_of(const Request& request, const Service& service) noexcept {
    if (request.verb != Verb::Check) {
        return request.goal;
    }
    return service.snapshot.wanted == Wanted::Down ? Goal::Down : Goal::Ready;
}

class WaitJob final : public ControlJob, public JobListener {
  public:
    WaitJob(ControlHandler& handler, Request request, ControlHandler::Wake wake)
        : handler_(handler),
          request_(std::move(request)),
          wake_(std::move(wake)),
          seat_(handler.board(), *this) {
        if (is_for_boot()) {
            boot_is_missing_ = !handler_.is_boot_complete();
        } else {
            begin_with_services();
        }
        if (request_.timeout && is_waiting()) {
            timeout_ = handler_.os().clock.call_after(*request_.timeout, [this] { time_out(); });
        }
    }

    ~WaitJob() override {
        handler_.os().clock.cancel(timeout_);
        for (const Target& target : pending_) {
            handler_.os().clock.cancel(target.next_check);
        }
    }

    Progress advance(std::string& out) override {
        out += std::exchange(output_, {});
        if (is_waiting()) {
            say_progress(out);
            return Progress::Waiting;
        }
        if (boot_timed_out_) {
            out += encode(protocol::Refusal{request_.id, ErrorCode::TimedOut, boot_sentence()});
            return Progress::Done;
        }
        if (is_for_boot()) {
            out += encode(protocol::SystemReply{request_.id, handler_.system()});
        }
        out += encode(protocol::Done{request_.id, exit_});
        return Progress::Done;
    }

    void service_changed(const Service& service) override {
        if (has_pending(service.id)) {
            consider(service);
        }
        has_progress_ = true;
        if (request_.progress && is_waiting()) {
            wake_();
        }
    }

    void service_forgotten(ServiceId service) override {
        const auto found = find(service);
        if (found != pending_.end()) {
            if (request_.goal == Goal::Down && request_.verb == Verb::Wait) {
                say(encode(protocol::ServiceReply{request_.id, removed(found->name)}));
            } else {
                fail(encode(protocol::ServiceError{request_.id, found->name,
                                                   ErrorCode::UnknownService,
                                                   "it was removed meanwhile", std::nullopt}),
                     ErrorCode::UnknownService);
            }
            drop(find(service));
        }
    }

    void boot_completed() override {
        boot_is_missing_ = false;
        wake_();
    }

  private:
    struct Target {
        std::string name;
        ServiceId id = 0;
        bool is_checked = false;   ///< its check program runs now
        bool was_refused = false;  ///< by its check program, which is asked again
        TimerId next_check = kNoTimer;
    };
    using Pending = std::vector<Target>;

    bool is_for_boot() const noexcept {
        return request_.verb == Verb::Wait && request_.goal == Goal::Boot;
    }
    bool is_waiting() const noexcept { return boot_is_missing_ || !pending_.empty(); }

    static ServiceView removed(const std::string& name) {
        ServiceView view;
        view.name = name;
        return view;
    }

    /// Names some of those that the boot waits for.
    std::string boot_sentence() const {
        const ServiceSet& services = handler_.os().services;
        std::string names;
        int count = 0;
        for (const ServiceId id : services.all()) {
            const Service& service = *services.find(id);
            if (!services.is_settled(service) && ++count <= kMostNames) {
                names.append(names.empty() ? "" : ", ").append(service.name);
            }
        }
        if (count > kMostNames) {
            names.append(" and ").append(std::to_string(count - kMostNames)).append(" more");
        }
        return "the boot is not complete after " + text_of(*request_.timeout) + "; it waits for " +
               (names.empty() ? "the first look at the services" : names);
    }

    void begin_with_services() {
        for (const Selected& each : select_services(handler_.os().services, request_.services)) {
            if (each.id == 0) {
                fail(unknown_service(handler_.os().services, request_.id, each.name),
                     ErrorCode::UnknownService);
            } else {
                pending_.push_back({each.name, each.id});
            }
        }
        for (const Target& each : Pending(pending_)) {
            consider(*handler_.os().services.find(each.id));
        }
    }

    Pending::iterator find(ServiceId id) noexcept {
        return std::find_if(pending_.begin(), pending_.end(),
                            [&](const Target& each) { return each.id == id; });
    }
    bool has_pending(ServiceId id) noexcept { return find(id) != pending_.end(); }

    void consider(const Service& service) {
        switch (judge(goal_of(request_, service), service.snapshot)) {
            case GoalOutcome::Reached:
                has_check(service) ? check(service) : arrived(service);
                return;
            case GoalOutcome::Unreachable:
                went_wrong(service, ErrorCode::ServiceFailed,
                           trouble_of(service, handler_.os().services));
                return;
            case GoalOutcome::Pending:
                return;
        }
    }

    void arrived(const Service& service) {
        say(encode(protocol::ServiceReply{request_.id, view(service)}));
        drop(find(service.id));
    }

    void drop(Pending::iterator target) {
        handler_.os().clock.cancel(target->next_check);
        pending_.erase(target);
    }

    /// Whether the service's own program has the last word on whether it is well.
    bool has_check(const Service& service) const noexcept {
        return request_.verb == Verb::Check && service.snapshot.wanted != Wanted::Down &&
               is_running(service.snapshot.state) && !service.definition.programs().check.empty();
    }

    void check(const Service& service) {
        Target& target = *find(service.id);
        if (target.is_checked || target.next_check != kNoTimer) {
            return;
        }
        target.is_checked = true;
        // The runner answers whoever is there still: a client may go away meanwhile.
        handler_.os().checks.check(
            service.id, service.name, service.definition,
            [this, id = service.id, here = std::weak_ptr<bool>(here_)](CheckOutcome outcome) {
                if (!here.expired()) {
                    checked(id, outcome);
                }
            });
    }

    void checked(ServiceId id, CheckOutcome outcome) {
        const auto target = find(id);
        const Service* service = handler_.os().services.find(id);
        if (target == pending_.end() || service == nullptr) {
            return;
        }
        target->is_checked = false;
        target->was_refused = outcome == CheckOutcome::Failed;
        if (outcome == CheckOutcome::Impossible) {
            went_wrong(*service, ErrorCode::ServiceFailed, "its check program cannot be run");
        } else if (outcome == CheckOutcome::Failed) {
            target->next_check = handler_.os().clock.call_after(
                service->definition.readiness.check_interval, [this, id] { check_again(id); });
        } else if (judge(goal_of(request_, *service), service->snapshot) == GoalOutcome::Reached) {
            arrived(*service);
        } else {
            consider(*service);
        }
    }

    void check_again(ServiceId id) {
        const auto target = find(id);
        const Service* service = handler_.os().services.find(id);
        if (target != pending_.end() && service != nullptr) {
            target->next_check = kNoTimer;
            consider(*service);
        }
    }

    ServiceView view(const Service& service) const {
        return view_of(service, handler_.os().services, handler_.os().clock);
    }

    void went_wrong(const Service& service, ErrorCode code, std::string message) {
        ServiceView shown = view(service);
        shown.log_lines = handler_.os().outputs.last_lines(service.id, kLogLinesOfATrouble);
        fail(encode(protocol::ServiceError{request_.id, service.name, code, std::move(message),
                                           std::move(shown)}),
             code);
        drop(find(service.id));
    }

    void say(const std::string& line) {
        output_ += line;
        has_progress_ = true;
        wake_();
    }

    void fail(const std::string& line, ErrorCode code) {
        say(line);
        exit_ = worse_of(exit_, exit_code(code));
    }

    void say_progress(std::string& out) {
        const Service* service =
            pending_.empty() ? nullptr : handler_.os().services.find(pending_.front().id);
        if (request_.progress && service != nullptr && std::exchange(has_progress_, false)) {
            out += encode(protocol::ProgressReply{
                request_.id, static_cast<std::uint32_t>(pending_.size()), view(*service)});
        }
    }

    void time_out() {
        timeout_ = kNoTimer;
        boot_timed_out_ = std::exchange(boot_is_missing_, false);
        while (!pending_.empty()) {
            const Service& service = *handler_.os().services.find(pending_.front().id);
            const bool was_refused = pending_.front().was_refused;
            went_wrong(service, ErrorCode::TimedOut,
                       (was_refused ? "its check program still says no after "
                                    : "still " + std::string(to_string(service.snapshot.state)) +
                                          " after ") +
                           text_of(*request_.timeout));
        }
        wake_();
    }

    ControlHandler& handler_;
    Request request_;
    ControlHandler::Wake wake_;
    JobBoard::Seat seat_;
    Pending pending_;
    std::shared_ptr<bool> here_ = std::make_shared<bool>(true);  ///< ends with the job
    bool boot_is_missing_ = false;
    bool boot_timed_out_ = false;
    bool has_progress_ = true;
    std::string output_;
    TimerId timeout_ = kNoTimer;
    ExitCode exit_ = ExitCode::Done;
};

}  // namespace

std::unique_ptr<ControlJob> make_wait_job(ControlHandler& handler, Request request,
                                          ControlHandler::Wake wake) {
    return std::make_unique<WaitJob>(handler, std::move(request), std::move(wake));
}

}  // namespace mainstay::supervisor
