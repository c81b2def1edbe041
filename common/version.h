/// What `--version` prints: the release, the commit, and the versions of what crosses a process
/// boundary. The values come from the build (cmake/version.cmake).
#pragma once

namespace mainstay {

extern const char* const kVersion;  ///< SemVer, such as "0.1.0"
extern const char* const kCommit;   ///< abbreviated commit, "-dirty" where the tree was changed

}  // namespace mainstay
