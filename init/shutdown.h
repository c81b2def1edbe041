/// `shutdown`: warns people, waits, then asks PID 1. It waits in the foreground, as sysvinit's
/// does, until it is cancelled by `shutdown -c` or ctrl-C.
#pragma once

namespace mainstay::init {

/// @returns the exit code: 0 also where it was cancelled, 1 failed, 2 a wrong call
int shutdown_main(int argc, char** argv) noexcept;

}  // namespace mainstay::init
