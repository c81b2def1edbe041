#include "supervisor/definition.h"

namespace mainstay::supervisor {
namespace {

template <typename T>
const T& or_default(const std::shared_ptr<const T>& own) noexcept {
    static const T defaults;
    return own ? *own : defaults;
}

}  // namespace

const Programs& Definition::programs() const noexcept {
    return or_default(own_programs);
}

const Relations& Definition::relations() const noexcept {
    return or_default(own_relations);
}

const ProcessSettings& Definition::process() const noexcept {
    return or_default(own_process);
}

const CgroupSettings& Definition::cgroup() const noexcept {
    return or_default(own_cgroup);
}

const LogSettings& Definition::log() const noexcept {
    return or_default(own_log);
}

const std::vector<ListenPoint>& Definition::listen() const noexcept {
    return or_default(own_listen);
}

bool operator==(const Definition& a, const Definition& b) noexcept {
    return a.path == b.path && a.resolved == b.resolved && a.instance == b.instance &&
           a.log_target == b.log_target && a.description == b.description && a.policy == b.policy &&
           a.readiness == b.readiness && a.leftovers == b.leftovers &&
           a.reload_signal == b.reload_signal && a.has_down_file == b.has_down_file &&
           a.has_log == b.has_log && a.has_control == b.has_control &&
           a.programs() == b.programs() && a.relations() == b.relations() &&
           a.process() == b.process() && a.cgroup() == b.cgroup() && a.log() == b.log() &&
           a.listen() == b.listen();
}

std::string_view to_string(NotifyAccess access) noexcept {
    switch (access) {
        case NotifyAccess::Main:
            return "main";
        case NotifyAccess::All:
            return "all";
    }
    return "";
}

std::string_view to_string(LogTimestamp timestamp) noexcept {
    switch (timestamp) {
        case LogTimestamp::Iso:
            return "iso";
        case LogTimestamp::Tai64n:
            return "tai64n";
        case LogTimestamp::None:
            return "none";
    }
    return "";
}

std::string_view to_string(Leftovers leftovers) noexcept {
    switch (leftovers) {
        case Leftovers::Keep:
            return "keep";
        case Leftovers::Kill:
            return "kill";
    }
    return "";
}

}  // namespace mainstay::supervisor
