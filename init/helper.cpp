#include "init/helper.h"

#include <unistd.h>

#include <csignal>

namespace mainstay::init {

void Helper::abandon() noexcept {
    if (pid_ != 0) {
        ::kill(pid_, SIGKILL);
        pid_ = 0;
    }
}

void Helper::finish(int code) noexcept {
    ::_exit(code);
}

}  // namespace mainstay::init
