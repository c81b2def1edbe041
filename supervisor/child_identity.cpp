/// The part of child_exec that changes user and rights; the same rules hold. The order is that of
/// capabilities(7): the bounding set and the groups while there are all rights, then the user
/// (capabilities kept over it only if some are to be ambient), then the rest.
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "supervisor/child_exec.h"
#include "supervisor/raw_syscall.h"

namespace mainstay::supervisor {
namespace {

constexpr int kCapabilities = 64;
constexpr int kHalf = 32;

constexpr std::uint64_t bit(int capability) noexcept {
    return std::uint64_t{1} << capability;
}

struct Capabilities {
    std::uint64_t effective, permitted, inheritable;
};

long get_capabilities(Capabilities& sets) noexcept {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2] = {};
    const long result = raw_syscall(SYS_capget, raw_pointer(&header), raw_pointer(data));
    sets = {data[0].effective | std::uint64_t{data[1].effective} << kHalf,
            data[0].permitted | std::uint64_t{data[1].permitted} << kHalf,
            data[0].inheritable | std::uint64_t{data[1].inheritable} << kHalf};
    return result;
}

long set_capabilities(const Capabilities& sets) noexcept {
    const auto low = [](std::uint64_t set) { return static_cast<std::uint32_t>(set); };
    const auto high = [](std::uint64_t set) { return static_cast<std::uint32_t>(set >> kHalf); };
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    const __user_cap_data_struct data[2] = {
        {low(sets.effective), low(sets.permitted), low(sets.inheritable)},
        {high(sets.effective), high(sets.permitted), high(sets.inheritable)}};
    return raw_syscall(SYS_capset, raw_pointer(&header), raw_pointer(data));
}

void require(long result, int report, ExecStage stage, int which = 0) noexcept {
    if (result < 0) {
        child_fail(report, stage, result, which);
    }
}

void drop_from_bounding_set(std::uint64_t dropped, int report) noexcept {
    for (int capability = 0; capability < kCapabilities; ++capability) {
        if ((dropped & bit(capability)) != 0) {
            require(raw_syscall(SYS_prctl, PR_CAPBSET_DROP, capability), report,
                    ExecStage::BoundingSet);
        }
    }
}

void change_user(const ChildIdentity& identity, int report) noexcept {
    require(raw_syscall(SYS_setgroups, static_cast<long>(identity.groups.size()),
                        raw_pointer(identity.groups.data())),
            report, ExecStage::Groups);
    const long gid = identity.gid;
    require(raw_syscall(SYS_setresgid, gid, gid, gid), report, ExecStage::Gid);
    const long uid = identity.uid;
    require(raw_syscall(SYS_setresuid, uid, uid, uid), report, ExecStage::Uid);
}

void raise_ambient(std::uint64_t ambient, int report) noexcept {
    Capabilities sets{};
    require(get_capabilities(sets), report, ExecStage::Ambient);
    sets.effective = sets.permitted;  // the change of user has emptied it
    sets.inheritable |= ambient;
    require(set_capabilities(sets), report, ExecStage::Ambient);
    for (int capability = 0; capability < kCapabilities; ++capability) {
        if ((ambient & bit(capability)) != 0) {
            require(raw_syscall(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0),
                    report, ExecStage::Ambient);
        }
    }
}

}  // namespace

void take_identity(const ChildIdentity& identity, int report) noexcept {
    drop_from_bounding_set(identity.dropped, report);
    // securebits need a right that a change of user takes away.
    const bool keeps = identity.changes_user && identity.uid != 0 &&
                       (identity.ambient != 0 || identity.securebits != 0);
    if (keeps) {
        require(raw_syscall(SYS_prctl, PR_SET_KEEPCAPS, 1), report, ExecStage::Uid);
    }
    if (identity.changes_user) {
        change_user(identity, report);
    }
    if (keeps || identity.ambient != 0) {
        raise_ambient(identity.ambient, report);
    }
    if (identity.securebits != 0) {
        require(raw_syscall(SYS_prctl, PR_SET_SECUREBITS, identity.securebits), report,
                ExecStage::Securebits);
    }
    if (keeps) {
        const Capabilities left{identity.ambient, identity.ambient, identity.ambient};
        require(set_capabilities(left), report, ExecStage::Ambient);
    }
    if (identity.no_new_privileges) {
        require(raw_syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1), report, ExecStage::NoNewPrivileges);
    }
}

}  // namespace mainstay::supervisor
