/// The same program as the kernel's own module loader: `modprobe [-q] [-a] [--] NAME…`. Names and
/// device aliases are both understood.
#pragma once

namespace mainstay::init {

/// @returns 0 when everything asked for is loaded or built in, 1 otherwise, 2 for wrong usage
int modprobe_main(int argc, char** argv) noexcept;

}  // namespace mainstay::init
