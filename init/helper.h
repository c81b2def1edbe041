/// Work that may block (sync, swapoff, unmounting) runs in a forked child, so that PID 1 never
/// waits for a disk. One helper at a time; the loop learns of its end by reaping it and of its
/// lateness by the deadline it armed itself.
#pragma once

#include <sys/types.h>

#include "common/result.h"
#include "init/child.h"

namespace mainstay::init {

class Helper {
  public:
    /// Runs @p work in a child; its return value is the exit code.
    template <typename Work>
    Result<void> start(const char* name, const BirthLimits& limits, Work&& work) noexcept {
        TRY(const pid_t pid, fork_child(limits));
        if (pid == 0) {
            finish(work());
        }
        pid_ = pid;
        name_ = name;
        return {};
    }

    /// Goes on waiting for the one of a PID 1 before.
    void adopt(pid_t pid, const char* name) noexcept {
        pid_ = pid;
        name_ = name;
    }

    bool runs() const noexcept { return pid_ != 0; }
    pid_t pid() const noexcept { return pid_; }
    const char* name() const noexcept { return name_; }

    /// To be told when it was reaped.
    void ended() noexcept { pid_ = 0; }

    /// Kills it and no longer waits: a child stuck in the kernel dies when the kernel lets it.
    void abandon() noexcept;

  private:
    [[noreturn]] static void finish(int code) noexcept;

    pid_t pid_ = 0;
    const char* name_ = "";
};

}  // namespace mainstay::init
