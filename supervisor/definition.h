/// PURE. What a service directory says, as plain data. service_dir reads it, service_set acts on
/// it.
#pragma once

#include <string>

#include "supervisor/service_state.h"

namespace mainstay::supervisor {

/// Names of the files in a service directory.
inline constexpr char kRunFile[] = "run";
inline constexpr char kFinishFile[] = "finish";
inline constexpr char kDownFile[] = "down";
inline constexpr char kStopTimeoutFile[] = "timeout-kill";
inline constexpr char kLogDirectory[] = "log";

struct Definition {
    std::string path;      ///< where it is entered: "/etc/service/web"; its working directory
    std::string resolved;  ///< the same without symlinks, for people; path where that fails
    bool has_down_file = false;
    bool has_log = false;  ///< there is a log directory
    Policy policy;

    friend bool operator==(const Definition&, const Definition&) = default;
};

}  // namespace mainstay::supervisor
