/// Turns a SpawnPlan into what child_exec needs: files read, names resolved, pointers set. All of
/// it lies in one object that is kept until the exec is seen, and used again for the next birth.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "supervisor/child_exec.h"
#include "supervisor/descriptor_window.h"
#include "supervisor/environment.h"
#include "supervisor/os_processes.h"
#include "supervisor/users.h"

namespace mainstay::supervisor {

/// What is the same for every service.
struct SpawnContext {
    Environment environment;
    std::optional<rlimit> descriptor_limit;  ///< RLIMIT_NOFILE as we were born with
    std::optional<std::string> oom_score;    ///< the same of oom_score_adj
};

class PreparedChild {
  public:
    /// @param common the context's environment, as pointers that end with null
    struct Tools {
        const SpawnContext& context;
        const std::vector<char*>& common;
        UserFiles& users;
        int null;  ///< descriptor to /dev/null
    };

    PreparedChild() = default;
    PreparedChild(const PreparedChild&) = delete;
    PreparedChild& operator=(const PreparedChild&) = delete;

    /// May read files of the service and /etc/passwd, nothing that could block for long.
    /// @returns what of the plan cannot be had
    Result<void, ExecFault> prepare(const SpawnPlan& plan, const Tools& tools);

    /// Lets the child enter its cgroup itself.
    void enter_cgroup_late() noexcept { child.cgroup = plan_.cgroup; }

    /// Lets the child have a copy of our table, which its cgroup's descriptor needs too.
    void copy_table() noexcept { child.table.is_left = nullptr; }

    /// Whether the child must not share our memory: what it does to its OOM score would be done to
    /// us too (mm_struct users share it, see proc_oom_score_adj(5) and fs/proc/base.c).
    bool needs_own_memory() const noexcept { return !settings_.oom_score.empty(); }

    /// The child gets a copy of our table, without what belongs to other births.
    void copy_table(const DescriptorWindow& window) noexcept;

    /// Puts what the child needs, child.report included, into a block of @p window; it is born with
    /// our table then. Where there is no block, or all does not fit, nothing changes.
    /// @param is_left set by the child when it needs the block no more
    /// @returns the block, or kNoBlock
    int use_window(DescriptorWindow& window, std::atomic<bool>& is_left) noexcept;

    /// In words, with the reason where it can be found out.
    ExecFault fault_of(const ExecReport& report) const;

    const SpawnPlan& plan() const noexcept { return plan_; }

    ChildPlan child;

  private:
    Result<void, ExecFault> prepare_settings(UserFiles& users);
    void prepare_rights();
    Result<void, ExecFault> prepare_environment(const Tools& tools);
    void prepare_programs(std::string_view path);
    void prepare_streams(int null);
    bool is_borrowed(const ChildStream& stream) const noexcept {
        return stream.fd >= 0 && stream.fd != null_;
    }
    std::size_t count_borrowed() const noexcept;
    ChildStream stream(const StreamTarget& target, int fd, int number, int flags) const;
    std::string fault_path(const ExecReport& report) const;

    SpawnPlan plan_;
    int null_ = -1;
    Identity identity_;
    Environment environment_;
    std::vector<char*> environment_pointers_;
    std::vector<char*> pid_values_;
    std::vector<char*> arguments_;
    std::vector<std::string> candidates_;
    std::vector<const char*> programs_;
    std::vector<ChildLimit> limits_;
    std::string oom_score_;
    ChildSettings settings_;
};

/// The pointers to @p strings that execve(2) takes.
std::vector<char*> pointers_to(std::vector<std::string>& strings);

}  // namespace mainstay::supervisor
