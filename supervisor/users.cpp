#include "supervisor/users.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "common/fd_io.h"

namespace mainstay::supervisor {
namespace {

constexpr std::size_t kMaxFileSize = std::size_t{4} * 1024 * 1024;

}  // namespace

std::string_view CachedText::read() {
    struct stat now {};
    const auto file = open_file(path_.c_str(), O_RDONLY | O_NONBLOCK);
    if (!file || ::fstat(file->get(), &now) < 0 || !S_ISREG(now.st_mode)) {
        text_.clear();
        seen_ = {};
        return text_;
    }
    const bool is_same =
        now.st_ino == seen_.st_ino && now.st_dev == seen_.st_dev && now.st_size == seen_.st_size &&
        now.st_mtim.tv_sec == seen_.st_mtim.tv_sec && now.st_mtim.tv_nsec == seen_.st_mtim.tv_nsec;
    if (!is_same) {
        text_.resize(std::min(static_cast<std::size_t>(now.st_size), kMaxFileSize));
        const auto got = read_up_to(file->get(), text_);
        text_.resize(got ? got->size() : 0);
        if (!got) {
            now = {};
        }
        seen_ = now;
    }
    return text_;
}

Result<Identity, ExecFault> UserFiles::resolve(const ProcessSettings& settings) {
    return resolve_identity(settings, passwd_.read(), group_.read(), ::geteuid(), ::getegid());
}

}  // namespace mainstay::supervisor
