#include "supervisor/notify_sender.h"

namespace mainstay::supervisor {
namespace {

constexpr std::uint32_t kRoot = 0;

bool is_as_good_as_the_service(std::uint32_t uid, const RunProcesses& run, ProcessFamily& family) {
    return uid == kRoot || family.uid_of(run.main) == uid;
}

}  // namespace

SenderVerdict judge_sender(const Sender& sender, NotifySenders allowed, const RunProcesses& run,
                           std::int32_t former, ProcessFamily& family) {
    const bool is_former = sender.pid != 0 && sender.pid == former;
    const SenderVerdict otherwise = is_former ? SenderVerdict::Late : SenderVerdict::Refused;
    if (sender.pid == 0 || run.main == 0 || allowed == NotifySenders::Nobody) {
        return otherwise;
    }
    if (sender.pid == run.main) {
        return SenderVerdict::Accepted;
    }
    if (allowed == NotifySenders::Main) {
        return otherwise;
    }
    switch (family.kinship(sender, run)) {
        case Kinship::Member:
            return SenderVerdict::Accepted;
        case Kinship::Gone:
            return is_as_good_as_the_service(sender.uid, run, family) ? SenderVerdict::Accepted
                                                                      : otherwise;
        case Kinship::Descendant:
        case Kinship::Stranger:
            break;
    }
    return otherwise;
}

bool may_become_main(std::int32_t candidate, const Sender& sender, std::uint32_t own_uid,
                     const RunProcesses& run, ProcessFamily& family) {
    switch (family.kinship({candidate, 0, -1}, run)) {
        case Kinship::Member:
            return true;
        case Kinship::Descendant:
            return sender.uid == kRoot || sender.uid == own_uid;
        case Kinship::Stranger:
        case Kinship::Gone:
            break;
    }
    return false;
}

}  // namespace mainstay::supervisor
