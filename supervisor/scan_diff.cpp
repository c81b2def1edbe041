#include "supervisor/scan_diff.h"

namespace mainstay::supervisor {
namespace {

bool is_dangling(const EntryTarget& target) noexcept {
    return target.inode == 0;
}

bool is_other_service(const EntryTarget& before, const EntryTarget& after) noexcept {
    if (is_dangling(before) || is_dangling(after)) {
        return before.link != after.link;
    }
    return before.device != after.device || before.inode != after.inode;
}

}  // namespace

ScanDiff diff_entries(const Entries& before, const Entries& after) {
    ScanDiff diff;
    for (const auto& [name, target] : before) {
        const auto now = after.find(name);
        if (now == after.end()) {
            diff.removed.push_back(name);
        } else if (is_other_service(target, now->second)) {
            diff.retargeted.push_back(name);
        }
    }
    for (const auto& [name, target] : after) {
        if (before.find(name) == before.end()) {
            diff.added.push_back(name);
        }
    }
    return diff;
}

}  // namespace mainstay::supervisor
