/// The real Cgroups: directories of cgroup v2 below our own cgroup. What cannot be had is said
/// once, and services then go without.
///
///     <own>/mainstay/NAME          a service; NAME as cgroup_name() has it, a logger's too
///     <own>/mainstay/@supervisor   the supervisor, once controllers are needed: a cgroup that
///                                  passes controllers on must hold no process itself
///
/// The directory is locked (flock(2)) for as long as we live: another supervisor in the same
/// cgroup, which may have services of the same names, takes mainstay.1.
///
/// Of a service only its name is kept, and no descriptor: a cgroup is found again below the one
/// directory that is open. What a former run left is taken over, or removed where it is empty.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/unique_fd.h"
#include "supervisor/cgroup_place.h"
#include "supervisor/journal.h"
#include "supervisor/os_cgroups.h"

namespace mainstay::supervisor {

class CgroupTree final : public Cgroups {
  public:
    explicit CgroupTree(Journal& journal);
    /// Removes what is empty, but for leave_all().
    ~CgroupTree() override;

    /// The machine ends, and all cgroups with it: removing one takes longer than ending its
    /// service.
    void leave_all() noexcept { leaves_all_ = true; }

    /// Switches on what figures and causes of death come from (memory), where that can be had.
    /// Before anything is started: memory is charged where it is first used. Each controller makes
    /// a start dearer, so that those that a key asks for are switched on for it.
    void prepare();

    CgroupEntry enter(ServiceId service, const std::string& name,
                      const CgroupSettings& settings) override;
    void resume(ServiceId service, const std::string& name) override;
    std::vector<std::int32_t> members(ServiceId service) override;
    bool kill_members(ServiceId service) override;
    std::uint64_t oom_kills(ServiceId service) override;
    CgroupUsage usage(ServiceId service) override;
    void forget(ServiceId service) override;

    /// The process that was started last could not enter its cgroup: @p code says why.
    void not_entered(int code);

  private:
    struct Group {
        std::string_view name;    ///< of the service; its owner keeps it until forget()
        bool has_values = false;  ///< files of it were written
    };
    enum class Tell : std::uint8_t { Yes, No };

    bool is_there();
    bool make_top();
    bool take_top(const std::string& path);
    void remove_stale() const;
    bool switch_on(const std::string& controller, Tell tell);
    void move_into_leaf();
    void move_back() const;
    void apply(Group& group, const std::string& directory, const CgroupSettings& settings);
    bool open_group(const std::string& directory, CgroupEntry& entry);
    void say_once(const std::string& what);
    std::string read(ServiceId service, const char* file) const;
    /// Below the open directory; empty: it has none.
    std::string directory_of(ServiceId service) const;

    Journal& journal_;
    std::string own_;   ///< directory of our own cgroup
    std::string top_;   ///< empty: there are no cgroups for us
    UniqueFd tree_;     ///< top_, locked
    UniqueFd entered_;  ///< of the service that was started last
    std::string last_;  ///< its name
    bool looked_ = false;
    bool in_leaf_ = false;
    bool leaves_all_ = false;
    std::set<std::string> switched_on_;
    std::set<std::string> said_;
    std::unordered_map<ServiceId, Group> groups_;
};

}  // namespace mainstay::supervisor
