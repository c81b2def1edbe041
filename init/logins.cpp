#include "init/logins.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <utmp.h>

#include <array>

#include "common/fd_io.h"

namespace mainstay::init {

Logins::Logins() noexcept {
    auto file = open_file(UTMP_FILE, O_RDONLY | O_NONBLOCK);
    struct stat info {};
    if (file && ::fstat(file->get(), &info) == 0 && S_ISREG(info.st_mode)) {
        file_ = std::move(*file);
    }
}

bool Logins::next(Login& login) noexcept {
    std::array<char, sizeof(utmp)> record;
    while (file_.valid() && taken_++ < kMostRecords) {
        const auto bytes = read_up_to(file_.get(), record);
        if (!bytes || bytes->size() < record.size()) {
            break;
        }
        read_login(*bytes, login);
        if (login.is_somebody()) {
            return true;
        }
    }
    return false;
}

}  // namespace mainstay::init
