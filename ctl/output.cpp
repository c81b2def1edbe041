#include "ctl/output.h"

#include <unistd.h>

#include "common/fd_io.h"

namespace mainstay::ctl {

void Output::flush() {
    if (pending_.empty() || has_failed_) {
        return;
    }
    const Result<void> written = write_all(STDOUT_FILENO, pending_);
    pending_.clear();
    if (!written) {
        has_failed_ = true;
        std::string message = "svctl: write to standard output: ";
        complain(message.append(errno_text(written.error().code)).append("\n"));
    }
}

void Output::complain(std::string_view text) {
    flush();
    static_cast<void>(write_all(STDERR_FILENO, text));
}

}  // namespace mainstay::ctl
