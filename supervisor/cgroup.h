/// The real Cgroups: directories of cgroup v2 below our own cgroup. Nothing is made before the
/// first service asks; what cannot be had is said once, and services then go without.
///
///     <own>/mainstay/NAME          a service; NAME as cgroup_name() has it
///     <own>/mainstay/@supervisor   the supervisor, once controllers are needed: a cgroup that
///                                  passes controllers on must hold no process itself
///
/// The directory is locked (flock(2)) for as long as we live: another supervisor in the same
/// cgroup, which may have services of the same names, takes mainstay.1.
///
/// Controllers are switched on when the first service needs them, as each costs every process of
/// the machine something. What a former run left is taken over, or removed where it is empty.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include "common/unique_fd.h"
#include "supervisor/journal.h"
#include "supervisor/os_cgroups.h"

namespace mainstay::supervisor {

class CgroupTree final : public Cgroups {
  public:
    explicit CgroupTree(Journal& journal);
    /// Removes what is empty.
    ~CgroupTree() override;

    int enter(ServiceId service, const std::string& name, const CgroupSettings& settings) override;
    std::vector<std::int32_t> members(ServiceId service) override;
    bool kill_members(ServiceId service) override;
    std::uint64_t oom_kills(ServiceId service) override;
    CgroupUsage usage(ServiceId service) override;
    void forget(ServiceId service) override;

  private:
    struct Group {
        std::string path;
        UniqueFd directory;
    };

    bool is_there();
    bool make_top();
    bool take_top(const std::string& path);
    void remove_stale() const;
    bool switch_on(const std::string& controller);
    void move_into_leaf();
    void apply(const Group& group, const std::string& name, const CgroupSettings& settings);
    void say_once(const std::string& what);
    const Group* find(ServiceId service) const noexcept;
    std::string read(ServiceId service, const char* file) const;

    Journal& journal_;
    std::optional<std::string> own_;  ///< directory of our own cgroup
    std::string top_;                 ///< empty: there are no cgroups for us
    UniqueFd lock_;                   ///< top_, locked
    bool looked_ = false;
    bool in_leaf_ = false;
    std::set<std::string> switched_on_;
    std::set<std::string> said_;
    std::unordered_map<ServiceId, Group> groups_;
};

}  // namespace mainstay::supervisor
