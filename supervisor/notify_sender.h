/// PURE. Who may speak for a service on its notify socket, and which process it may name as its
/// main one.
///
/// The kernel vouches for a sender's pid and user. Everything else is asked about a process that
/// may be gone by now: short-lived senders are common in shell scripts.
#pragma once

#include <cstdint>
#include <optional>

#include "common/service_view.h"
#include "supervisor/notify_message.h"
#include "supervisor/os_processes.h"

namespace mainstay::supervisor {

struct Sender {
    std::int32_t pid = 0;  ///< 0: of another pid namespace
    std::uint32_t uid = 0;
    int pidfd = -1;  ///< borrowed; -1: not known, then its number is all there is
};

/// The processes of one run.
struct RunProcesses {
    ServiceId service = 0;
    std::int32_t run = 0;   ///< the one that was started: leader of the session; 0: none now
    std::int32_t main = 0;  ///< the one whose end is the end of the run

    friend bool operator==(const RunProcesses&, const RunProcesses&) noexcept = default;
};

enum class Kinship : std::uint8_t {
    Member,      ///< of the run's session or the service's cgroup, or a descendant of its processes
    Descendant,  ///< of ours, but of no known service
    Stranger,
    Gone,  ///< ended and reaped: nobody can say
};

/// What can be found out about processes. The real one is ProcFamily.
class ProcessFamily {
  public:
    ProcessFamily() = default;
    ProcessFamily(const ProcessFamily&) = delete;
    ProcessFamily& operator=(const ProcessFamily&) = delete;
    virtual ~ProcessFamily() = default;

    virtual Kinship kinship(const Sender& process, const RunProcesses& run) = 0;
    /// Its effective user; nothing where it is gone.
    virtual std::optional<std::uint32_t> uid_of(std::int32_t pid) = 0;
    /// Of its descendants: those that have ended while their parents live and do not wait.
    virtual ZombiesView zombies_below(std::int32_t pid) = 0;
};

enum class SenderVerdict : std::uint8_t {
    Accepted,
    Late,  ///< the main process of the run before: no stranger, but its word counts no more
    Refused,
};

/// Who counts, in the order in which it is asked: the main process always does (unless nobody
/// shall); with NotifySenders::All a member of the run, and a sender that is gone if it was root or
/// of the main process's user: both could do worse to the service than speak for it.
/// @param former main process of the run before, 0 if there was none
SenderVerdict judge_sender(const Sender& sender, NotifySenders allowed, const RunProcesses& run,
                           std::int32_t former, ProcessFamily& family);

/// Whether @p candidate, named by @p sender, may become the main process: a member of the run may;
/// a daemon that left session and parents behind only on the word of root or @p own_uid, as
/// otherwise a service could have us signal processes that it may not signal itself.
bool may_become_main(std::int32_t candidate, const Sender& sender, std::uint32_t own_uid,
                     const RunProcesses& run, ProcessFamily& family);

}  // namespace mainstay::supervisor
