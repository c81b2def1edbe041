/// What `shutdown -f` and `-F` leave for the next boot: sysvinit's files, which init scripts of
/// distributions look for, and the native step `fstab` as well.
#pragma once

namespace mainstay::init {

inline constexpr char kSkipFsckFile[] = "/fastboot";
inline constexpr char kForceFsckFile[] = "/forcefsck";

}  // namespace mainstay::init
