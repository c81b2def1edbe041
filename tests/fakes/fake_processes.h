/// Processes without a kernel: tests say when they execute and end, and which calls fail.
#pragma once

#include <cerrno>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "supervisor/os_processes.h"
#include "supervisor/os_state.h"

namespace mainstay::fakes {

class FakeProcesses final : public supervisor::Processes {
  public:
    struct Process {
        supervisor::ProcessKey key;
        supervisor::SpawnPlan plan;
        bool is_executed = false;
    };
    struct Sent {
        std::int32_t pid = 0;
        int signal = 0;
        supervisor::Target target = supervisor::Target::Process;

        friend bool operator==(const Sent&, const Sent&) noexcept = default;
    };

    static constexpr ExitStatus kNotExecuted{ExitStatus::Kind::Exited, 111, false};

    void set_listener(supervisor::ProcessListener& listener) { listener_ = &listener; }

    Result<std::int32_t, supervisor::ExecFault> spawn(supervisor::ProcessKey key,
                                                      const supervisor::SpawnPlan& plan) override {
        if (should_fail && should_fail()) {
            return supervisor::ExecFault{"clone", "", EAGAIN, ""};
        }
        if (before_call) {
            before_call();
        }
        alive[++last_pid] = {key, plan, false};
        ++unborn;
        if (plan.pid_word != nullptr) {
            *plan.pid_word = last_pid;
        }
        if (on_birth) {
            on_birth(key);
        }
        return last_pid;
    }

    /// What lives is taken over, what ended with nobody there to hear of it is told now.
    supervisor::Fate resume(supervisor::ProcessKey key,
                            const supervisor::FormerProcess& process) override {
        if (const auto found = alive.find(process.pid);
            found != alive.end() && found->second.key == key) {
            resumed.push_back(process.pid);
            return {true, executed.count(process.pid) != 0, {}};
        }
        const auto ended = unheard.extract(process.pid);
        if (!ended) {
            return {false, true, ExitStatus::unknown()};
        }
        const bool was_executed = !(ended.mapped() == kNotExecuted);
        record(key, ended.mapped(), was_executed);
        return {false, was_executed, ended.mapped()};
    }
    Duration begun(supervisor::ProcessKey /*key*/) const override { return Duration(0); }

    bool is_crowded() const noexcept override { return unborn >= crowd; }

    Result<void> kill(supervisor::ProcessKey key, int signal, supervisor::Target target) override {
        if (before_call) {
            before_call();
        }
        for (const auto& [pid, process] : alive) {
            if (process.key == key) {
                sent.push_back({pid, signal, target});
                if (should_fail && should_fail()) {
                    return Error{"kill", EPERM};
                }
                return {};
            }
        }
        return Error{"kill", ESRCH};
    }

    /// Noted, and nothing else.
    Result<void> adopt(supervisor::ProcessKey key, std::int32_t pid) override {
        if (should_fail && should_fail()) {
            return Error{"adopt", ESRCH};
        }
        adopted[pid] = key;
        return {};
    }

    void reap_pending() override {
        ++reaps;
        for (auto& [pid, status] : std::exchange(unseen_exits, {})) {
            end(pid, status);
        }
    }

    /// The process executes its program.
    void execute(std::int32_t pid) {
        executed.insert(pid);
        Process& process = alive.at(pid);
        unborn -= std::exchange(process.is_executed, true) ? 0 : 1;
        listener_->process_executed(process.key);
        listener_->births_may_go_on();
    }

    void fail_exec(std::int32_t pid, const supervisor::ExecFault& fault) {
        const auto key = take(pid).key;
        unheard[pid] = kNotExecuted;
        record(key, kNotExecuted, false);
        if (on_end) {
            on_end(key, nullptr);
        }
        listener_->process_not_executed(key, fault);
        unheard.erase(pid);
    }

    void end(std::int32_t pid, ExitStatus status, Duration lived = std::chrono::seconds(5)) {
        const auto key = take(pid).key;
        unheard[pid] = status;
        if (on_end) {
            on_end(key, &status);
        }
        record(key, status, true);
        listener_->process_exited(key, status, lived);
        unheard.erase(pid);
    }

    /// It ends while there is no supervisor.
    void end_unheard(std::int32_t pid, ExitStatus status) {
        take(pid);
        unheard[pid] = status;
    }

    /// @returns 0 where that service has no process.
    std::int32_t pid_of(supervisor::ServiceId service) const {
        for (const auto& [pid, process] : alive) {
            if (process.key.service == service) {
                return pid;
            }
        }
        return 0;
    }

    std::map<std::int32_t, Process> alive;
    std::vector<Sent> sent;
    std::map<std::int32_t, supervisor::ProcessKey> adopted;
    std::map<std::int32_t, ExitStatus> unseen_exits;  ///< told by the next reap_pending()
    std::function<bool()> should_fail;                ///< asked at each call that may fail
    std::function<void(supervisor::ProcessKey)> on_birth;
    /// Before the listener hears of it. Null: it never executed its program.
    std::function<void(supervisor::ProcessKey, const ExitStatus*)> on_end;
    std::int32_t last_pid = 0;
    int unborn = 0;                               ///< those that have not executed yet
    int crowd = std::numeric_limits<int>::max();  ///< how many of them are enough
    int reaps = 0;
    std::set<std::int32_t> executed;
    std::map<std::int32_t, ExitStatus> unheard;  ///< ended, not reaped
    std::vector<std::int32_t> resumed;
    supervisor::StateKeeping* state = nullptr;
    std::function<void()> before_call;  ///< of spawn and kill

  private:
    void record(supervisor::ProcessKey key, ExitStatus status, bool was_executed) {
        if (state != nullptr) {
            state->exited(key, status, was_executed);
        }
    }

    Process take(std::int32_t pid) {
        Process gone = std::move(alive.at(pid));
        alive.erase(pid);
        unborn -= gone.is_executed ? 0 : 1;
        return gone;
    }

    supervisor::ProcessListener* listener_ = nullptr;
};

}  // namespace mainstay::fakes
