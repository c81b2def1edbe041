#include "supervisor/conf_rules.h"

#include <algorithm>

namespace mainstay::supervisor {
namespace {

/// A role that has both a key and a file.
struct KeyAndFile {
    ConfKey key;
    RoleFile file;
};

constexpr std::array kRoles{
    KeyAndFile{ConfKey::Exec, RoleFile::Run},
    KeyAndFile{ConfKey::ExecSetup, RoleFile::Setup},
    KeyAndFile{ConfKey::ExecFinish, RoleFile::Finish},
    KeyAndFile{ConfKey::ExecCheck, RoleFile::Check},
    KeyAndFile{ConfKey::Ready, RoleFile::NotificationFd},
    KeyAndFile{ConfKey::StopSignal, RoleFile::DownSignal},
    KeyAndFile{ConfKey::StopTimeout, RoleFile::TimeoutKill},
    KeyAndFile{ConfKey::FinishTimeout, RoleFile::TimeoutFinish},
};
static_assert(kRoles.size() == kRoleFileCount);

constexpr int kFirstPassed = 3;  // SD_LISTEN_FDS_START of sd_listen_fds(3)

constexpr std::array kGroupKeys{ConfKey::Description, ConfKey::Type,     ConfKey::Members,
                                ConfKey::Needs,       ConfKey::Wants,    ConfKey::After,
                                ConfKey::Before,      ConfKey::Conflicts};

class Rules {
  public:
    Rules(const ConfDraft& draft, const GivenKeys& given, const ConfContext& context)
        : draft_(draft), given_(given), context_(context) {}

    std::vector<RuleFault> check(Extent extent) {
        check_roles();
        if (extent == Extent::RolesOnly) {
            return std::move(faults_);
        }
        if (draft_.policy.type == ServiceType::Group) {
            check_group();
        } else {
            check_no_group();
            check_readiness();
            check_restart();
            check_streams();
            check_listen();
            check_process();
        }
        check_relations();
        return std::move(faults_);
    }

  private:
    bool is_given(ConfKey key) const noexcept { return given_[index_of(key)].has_value(); }

    void fault(ConfKey key, std::string message) { faults_.push_back({key, std::move(message)}); }

    /// At the key of the two that is given; the first where both are.
    void fault(ConfKey key, ConfKey other, std::string message) {
        fault(is_given(key) ? key : other, std::move(message));
    }

    void check_roles() {
        for (const KeyAndFile& role : kRoles) {
            if (is_given(role.key) && context_.files.has(role.file)) {
                const std::string file(to_string(role.file));
                fault(role.key, std::string(info_of(role.key).name) + " is given, and the file " +
                                    file + " is there, too; remove one of them");
            }
        }
    }

    void check_group() {
        for (const ConfKeyInfo& info : conf_keys()) {
            const bool is_fit =
                std::find(kGroupKeys.begin(), kGroupKeys.end(), info.key) != kGroupKeys.end();
            if (is_given(info.key) && !is_fit) {
                fault(info.key, "a group has no process, so " + std::string(info.name) +
                                    " means nothing for it; allowed are description, members, "
                                    "needs, wants, after, before and conflicts");
            }
        }
        for (const KeyAndFile& role : kRoles) {
            if (context_.files.has(role.file)) {
                fault(ConfKey::Type, "a group has no process, but there is a file " +
                                         std::string(to_string(role.file)) +
                                         "; remove it, or choose another type");
            }
        }
    }

    void check_no_group() {
        if (is_given(ConfKey::Members)) {
            fault(ConfKey::Members, "only a group has members; add type = group, or use wants");
        }
    }

    void check_readiness() {
        const Readiness readiness = draft_.policy.readiness;
        const bool is_oneshot = draft_.policy.type == ServiceType::Oneshot;
        if (is_oneshot && readiness != Readiness::Exec) {
            fault(ConfKey::Ready, ConfKey::Type,
                  "a oneshot is done when it has ended, and never ready before; remove " +
                      std::string(is_given(ConfKey::Ready) ? "ready" : "notification-fd"));
        }
        if (readiness == Readiness::Check && draft_.programs.check.empty()) {
            fault(ConfKey::Ready,
                  "ready = check needs a program that checks: add exec-check or a file check");
        }
        if (draft_.policy.watchdog_timeout < kForever && readiness != Readiness::Notify) {
            fault(ConfKey::WatchdogTimeout,
                  "a watchdog needs a service that reports to it; add ready = notify");
        }
    }

    void check_restart() {
        const Policy& policy = draft_.policy;
        if (policy.type == ServiceType::Oneshot && is_given(ConfKey::Restart) &&
            policy.restart == RestartPolicy::Always) {
            fault(ConfKey::Restart,
                  "a oneshot that has succeeded is done; use restart = on-failure or never");
        }
        if (policy.pacing.delay > policy.pacing.delay_max) {
            fault(ConfKey::RestartDelay, ConfKey::RestartDelayMax,
                  "restart-delay is more than restart-delay-max (30 s where it is not given)");
        }
    }

    void check_streams() {
        struct Stream {
            ConfKey key;
            const StreamTarget& target;
        };
        const std::array streams{Stream{ConfKey::Stdin, draft_.process.input},
                                 Stream{ConfKey::Stdout, draft_.process.output},
                                 Stream{ConfKey::Stderr, draft_.process.error}};
        for (const Stream& stream : streams) {
            if (stream.target.kind == StreamTarget::Kind::Terminal &&
                draft_.process.terminal.empty()) {
                fault(stream.key, "which terminal? add tty = /dev/...");
            }
            if (stream.target.kind == StreamTarget::Kind::Socket && draft_.listen.size() != 1) {
                fault(stream.key,
                      "stdin = socket takes what listen opens, and there must be one; "
                      "here are " +
                          std::to_string(draft_.listen.size()));
            }
        }
    }

    void check_listen() {
        if (draft_.policy.on_demand && draft_.policy.type == ServiceType::Oneshot) {
            fault(ConfKey::Listen,
                  "a oneshot runs once; on-demand=yes is for a service that may "
                  "be started again");
        }
        const auto count = static_cast<int>(draft_.listen.size() + draft_.readiness.store_max);
        const int number = draft_.readiness.notification_fd;
        if (count > 0 && draft_.policy.readiness == Readiness::Descriptor &&
            number < kFirstPassed + count) {
            fault(is_given(ConfKey::Listen) ? ConfKey::Listen : ConfKey::FdStoreMax, ConfKey::Ready,
                  "descriptor " + std::to_string(number) +
                      ", on which it says that it is ready, is one of those that listen and "
                      "fd-store-max may pass (" +
                      std::to_string(kFirstPassed) + " to " +
                      std::to_string(kFirstPassed + count - 1) + "); choose one behind them");
        }
    }

    void check_process() {
        const ProcessSettings& process = draft_.process;
        if (process.capability_bounding_set &&
            (process.ambient_capabilities & ~*process.capability_bounding_set) != 0) {
            fault(ConfKey::AmbientCapabilities, ConfKey::CapabilityBoundingSet,
                  "an ambient capability is not in capability-bounding-set; add it there");
        }
        const CgroupSettings& cgroup = draft_.cgroup;
        if (cgroup.memory_high && cgroup.memory_max && *cgroup.memory_high > *cgroup.memory_max) {
            fault(ConfKey::MemoryHigh, "memory-high is more than memory-max");
        }
    }

    void check_relations() {
        struct Relation {
            ConfKey key;
            const std::vector<std::string>& names;
        };
        const Relations& relations = draft_.relations;
        const std::array all{Relation{ConfKey::Needs, relations.needs},
                             Relation{ConfKey::Wants, relations.wants},
                             Relation{ConfKey::After, relations.after},
                             Relation{ConfKey::Before, relations.before},
                             Relation{ConfKey::Conflicts, relations.conflicts},
                             Relation{ConfKey::Members, relations.members}};
        for (const Relation& relation : all) {
            if (holds(relation.names, context_.name)) {
                fault(relation.key, std::string(context_.name) + " names itself in " +
                                        std::string(info_of(relation.key).name));
            }
        }
        for (const std::string& name : relations.conflicts) {
            if (holds(relations.needs, name) || holds(relations.wants, name) ||
                holds(relations.members, name)) {
                fault(ConfKey::Conflicts,
                      name + " is started with this service and in conflict with it");
            }
        }
    }

    static bool holds(const std::vector<std::string>& names, std::string_view name) {
        return std::find(names.begin(), names.end(), name) != names.end();
    }

    const ConfDraft& draft_;
    const GivenKeys& given_;
    const ConfContext& context_;
    std::vector<RuleFault> faults_;
};

}  // namespace

std::vector<RuleFault> check_rules(const ConfDraft& draft, const GivenKeys& given,
                                   const ConfContext& context, Extent extent) {
    return Rules(draft, given, context).check(extent);
}

}  // namespace mainstay::supervisor
