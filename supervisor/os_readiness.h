/// The seam to how services say that they are ready: what a process is given at birth for that, and
/// the events that come of it. The real one is ReadinessChannels.
///
/// What is heard goes to the ReadinessListener, which makes events of service_state.h of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"
#include "supervisor/definition.h"
#include "supervisor/notify_message.h"
#include "supervisor/os_processes.h"

namespace mainstay::supervisor {

/// What a run gets besides what every process gets.
struct Channel {
    std::vector<PassedDescriptor> descriptors;
    std::vector<std::string> environment;    ///< "NOTIFY_SOCKET=..."
    std::vector<std::string> pid_variables;  ///< names whose value is to be the process's own pid
};

/// Hears what the current run of a service says, from the loop or before its end is told, never
/// from within a call of ReadinessPorts.
class ReadinessListener {
  public:
    ReadinessListener() = default;
    ReadinessListener(const ReadinessListener&) = delete;
    ReadinessListener& operator=(const ReadinessListener&) = delete;
    virtual ~ReadinessListener() = default;

    /// By a newline on its notification descriptor, or by its check program.
    virtual void service_is_ready(ProcessKey key) = 0;

    /// On its notify socket, by somebody whose word counts. A main_pid in it is the main process
    /// already, and another one than before.
    virtual void service_said(ProcessKey key, const NotifyMessage& message) = 0;
};

/// A run that a supervisor before this one started.
struct FormerRun {
    ProcessKey key;
    std::int32_t pid = 0;       ///< that was born
    std::int32_t main_pid = 0;  ///< that it named since, or the same
    bool is_executed = false;   ///< its program is
    bool is_ready = false;      ///< and need not say so any more
};

class ReadinessPorts {
  public:
    ReadinessPorts() = default;
    ReadinessPorts(const ReadinessPorts&) = delete;
    ReadinessPorts& operator=(const ReadinessPorts&) = delete;
    virtual ~ReadinessPorts() = default;

    /// Before a run is spawned. Descriptors of the channel are borrowed until born() or close().
    /// Empty where the definition's readiness needs nothing. A fault means that there is none.
    virtual Result<Channel, ExecFault> open(ProcessKey key, const std::string& name,
                                            const Definition& definition) = 0;

    /// The process exists: its pid says whose messages count. Our copies of what it was given are
    /// closed.
    virtual void born(ProcessKey key, std::int32_t pid) = 0;

    /// Its program was executed: from here on a check may be tried.
    virtual void executed(ProcessKey key, const Definition& definition) = 0;

    /// Goes on listening to a run, and hears now what it said meanwhile.
    virtual void resume(const FormerRun& run, const std::string& name,
                        const Definition& definition) = 0;

    /// The run is over, or never was: nothing more is heard of it.
    virtual void close(ProcessKey key) = 0;
};

}  // namespace mainstay::supervisor
