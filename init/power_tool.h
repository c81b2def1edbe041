/// `poweroff`, `reboot` and `halt`, with the options of sysvinit's programs of these names.
#pragma once

namespace mainstay::init {

/// @p name is the one it was called by. @returns the exit code
int power_main(const char* name, int argc, char** argv) noexcept;

}  // namespace mainstay::init
