#include "supervisor/tree_lock.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <memory>
#include <optional>

#include "common/fd_io.h"
#include "common/runit_status.h"
#include "supervisor/file_lock.h"

namespace mainstay::supervisor {
namespace {

/// More would be held by the same one.
constexpr int kMostLookedAt = 100;

struct CloseDirectory {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

bool is_service(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

/// @returns who has it, if somebody has who may be a supervisor
std::optional<TreeLock> holder_of(const std::string& path) {
    const auto lock = open_file(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
    const LockAttempt attempt = lock ? try_lock(lock->get()) : LockAttempt();
    return attempt.is_held_by_us() ? std::optional(TreeLock{UniqueFd(), attempt.holder, path})
                                   : std::nullopt;
}

TreeLock holder_of_all_services(const std::string& directory) {
    const std::unique_ptr<DIR, CloseDirectory> listing(::opendir(directory.c_str()));
    TreeLock first;
    int looked_at = 0;
    for (const dirent* entry = nullptr;
         listing && looked_at < kMostLookedAt && (entry = ::readdir(listing.get())) != nullptr;) {
        const std::string path = directory + "/" + entry->d_name;
        if (entry->d_name[0] == '.' || !is_service(path)) {
            continue;
        }
        auto holder = holder_of(path + "/" + kSuperviseDirectory + "/lock");
        if (!holder) {
            return {};
        }
        if (looked_at++ == 0) {
            first = std::move(*holder);
        }
    }
    return first;
}

}  // namespace

TreeLock lock_tree(const std::string& directory) {
    auto tree = open_file(directory.c_str(), O_RDONLY | O_DIRECTORY);
    if (!tree) {
        return {};
    }
    const LockAttempt attempt = lock_after_the_dead(tree->get());
    if (attempt.is_held_by_us()) {
        return {UniqueFd(), attempt.holder, "it"};
    }
    TreeLock all = holder_of_all_services(directory);
    if (all.holder == 0 && attempt.state == LockAttempt::State::Ours) {
        all.held = std::move(*tree);
    }
    return all;
}

}  // namespace mainstay::supervisor
