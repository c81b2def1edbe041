#include "init/program_run.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "init/terminal.h"

namespace mainstay::init {

Result<ExitStatus> run_program(const char* const* argv) noexcept {
    const pid_t pid = ::fork();
    if (pid < 0) {
        return last_error("fork");
    }
    if (pid == 0) {
        (void)use_terminal("console", Claim::None).has_value();
        ::execv(argv[0], const_cast<char* const*>(argv));
        ::_exit(127);
    }
    int wait_status = 0;
    while (::waitpid(pid, &wait_status, 0) != pid) {
        if (errno != EINTR) {
            return last_error("waitpid");
        }
    }
    return ExitStatus::from_wait(wait_status);
}

}  // namespace mainstay::init
