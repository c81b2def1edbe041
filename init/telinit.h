/// The same program under another name: asks the running PID 1 for something.
#pragma once

namespace mainstay::init {

/// `init 0|6|q`, `telinit …`. @returns the exit code
int telinit_main(int argc, char** argv) noexcept;

/// `poweroff`, `reboot`, `halt`; @p name is the one it was called by. @returns the exit code
int power_main(const char* name, int argc, char** argv) noexcept;

/// `shutdown [-h|-P|-r|-H] now`. @returns the exit code
int shutdown_main(int argc, char** argv) noexcept;

}  // namespace mainstay::init
