/// PURE. A number for what a definition says, to find out whether a directory was changed while
/// there was no supervisor that could have compared.
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "supervisor/state_record.h"

namespace mainstay::supervisor {
namespace {

/// FNV-1a. Nobody gains anything by a collision but a service that is not marked as changed.
class Hash {
  public:
    template <typename T>
    std::enable_if_t<std::is_arithmetic_v<T> || std::is_enum_v<T>, Hash&> operator<<(T number) {
        mix(static_cast<std::uint64_t>(number));
        return *this;
    }
    Hash& operator<<(const std::string& text) {
        mix(text.size());
        for (const char c : text) {
            mix(static_cast<unsigned char>(c));
        }
        return *this;
    }
    Hash& operator<<(Duration time) { return *this << time.count(); }
    template <typename T>
    Hash& operator<<(const std::vector<T>& list) {
        mix(list.size());
        for (const T& each : list) {
            *this << each;
        }
        return *this;
    }
    template <typename T>
    Hash& operator<<(const std::optional<T>& value) {
        return value ? *this << true << *value : *this << false;
    }
    /// What is at its defaults and has no memory is as good as none.
    template <typename T>
    Hash& operator<<(const std::shared_ptr<const T>& own) {
        return own ? *this << true << *own : *this << false;
    }

    Hash& operator<<(const StatusSet& set) {
        for (int number = 0; number <= 255; ++number) {
            const auto value = static_cast<std::uint8_t>(number);
            const bool is_code = set.contains({ExitStatus::Kind::Exited, value, false});
            const bool is_signal = value <= 64 && value > 0 &&
                                   set.contains({ExitStatus::Kind::Signaled, value, false});
            if (is_code || is_signal) {
                mix(value + (is_code ? 256U : 0U) + (is_signal ? 512U : 0U));
            }
        }
        return *this;
    }
    Hash& operator<<(const IoPriority& priority) {
        return *this << priority.io_class << priority.level;
    }
    Hash& operator<<(const ResourceLimit& limit) {
        return *this << limit.resource << limit.soft << limit.hard;
    }
    Hash& operator<<(const StreamTarget& target) { return *this << target.kind << target.path; }
    Hash& operator<<(const Programs& p) {
        return *this << p.run << p.setup << p.stop << p.reload << p.finish << p.check
                     << p.on_failure;
    }
    Hash& operator<<(const Relations& r) {
        return *this << r.needs << r.wants << r.after << r.before << r.conflicts << r.members;
    }
    Hash& operator<<(const CgroupSettings& c) {
        return *this << c.memory_max << c.memory_high << c.pids_max << c.cpu_max << c.cpu_weight
                     << c.io_weight;
    }
    Hash& operator<<(const ListenPoint& p) {
        return *this << to_string(p) << p.name << p.user << p.group << p.mode << p.backlog
                     << p.on_demand;
    }
    Hash& operator<<(const LogSettings& l) {
        return *this << l.memory << l.max_size << l.max_files << l.max_age << l.min_free_percent
                     << l.timestamp;
    }
    Hash& operator<<(const ProcessSettings& p) {
        return *this << p.user << p.group << p.supplementary_groups << p.umask << p.directory
                     << p.chroot << p.environment << p.unset << p.env_file
                     << p.env_file_may_be_missing << p.nice << p.io_priority << p.cpu_affinity
                     << p.oom_score_adjust << p.limits << p.capability_bounding_set
                     << p.ambient_capabilities << p.securebits << p.no_new_privileges << p.terminal
                     << p.input << p.output << p.error;
    }
    Hash& operator<<(const Policy& p) {
        *this << p.restart_limit_count << p.restart_limit_interval << p.start_timeout
              << p.stop_timeout << p.finish_timeout << p.watchdog_timeout << p.stop_signal << p.type
              << p.restart << p.on_failure << p.readiness << p.has_setup << p.has_stop_program
              << p.has_finish;
        // The letter tells one from the other, and a set of nothing from none said.
        if (!(p.success_status == exit_zero())) {
            *this << 's' << p.success_status;
        }
        if (!(p.permanent_failure_status == StatusSet())) {
            *this << 'f' << p.permanent_failure_status;
        }
        return *this << p.pacing.delay << p.pacing.delay_max << p.pacing.reset_after;
    }

    std::uint64_t value() const noexcept { return state_; }

  private:
    void mix(std::uint64_t number) noexcept {
        state_ = (state_ ^ number) * 0x100000001b3U;
        state_ ^= state_ >> 29U;
    }
    std::uint64_t state_ = 0xcbf29ce484222325U;
};

}  // namespace

std::uint64_t hash_of(const Definition& d) {
    Hash hash;
    hash << d.path << d.resolved << d.instance.text() << d.log_target.text() << d.policy
         << d.readiness.notification_fd << d.readiness.access << d.readiness.check_interval
         << d.leftovers << d.reload_signal << d.has_down_file << d.has_log << d.has_control
         << d.own_programs << d.own_relations << d.own_process << d.own_cgroup << d.own_log;
    // A program before this one knew none: what says nothing changes nothing.
    if (d.readiness.store_max > 0) {
        hash << d.readiness.store_max;
    }
    if (d.own_listen) {
        hash << *d.own_listen;
    }
    return hash.value();
}

}  // namespace mainstay::supervisor
