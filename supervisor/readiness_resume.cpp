/// Going on to listen to runs that a supervisor before this one started.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "common/fd_io.h"
#include "supervisor/readiness_channels.h"

namespace mainstay::supervisor {

namespace {

/// The other end of a pipe that a process has open. Invalid: it has none there.
UniqueFd open_pipe(const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) < 0 || !S_ISFIFO(info.st_mode)) {
        return UniqueFd();
    }
    auto opened = open_file(path.c_str(), O_RDONLY | O_NONBLOCK);
    return opened ? std::move(*opened) : UniqueFd();
}

}  // namespace

void ReadinessChannels::take_kept(KeptKind kind, ServiceId service, UniqueFd descriptor) {
    kept_[{kind, service}] = std::move(descriptor);
}

UniqueFd ReadinessChannels::kept(KeptKind kind, ServiceId service) {
    auto found = kept_.extract({kind, service});
    return found ? std::move(found.mapped()) : UniqueFd();
}

void ReadinessChannels::drop_the_rest() {
    for (const auto& [what, descriptor] : std::exchange(kept_, {})) {
        os_.keeper.drop(what.first, what.second);
    }
}

void ReadinessChannels::resume(const FormerRun& run, const std::string& name,
                               const Definition& definition) {
    Lines& lines = lines_[run.key.service];
    lines.name = name;
    lines.generation = run.key.generation;
    resume_notify(lines, run, definition);
    if (!run.is_ready) {
        resume_descriptor(lines, run, definition);
    }
    const bool has_check = definition.policy.readiness == Readiness::Check;
    if (!lines.notify && !lines.descriptor && !has_check) {
        lines_.erase(run.key.service);
        return;
    }
    born(run.key, run.pid);
    if (lines.notify) {
        lines.notify->main_is(run.main_pid);
    }
    if (run.is_executed && !run.is_ready) {
        executed(run.key, definition);
    }
    hear(run.key);
}

/// Whoever finds the socket by its path finds one in any case; what lay in the old one is lost only
/// where nobody kept it.
void ReadinessChannels::resume_notify(Lines& lines, const FormerRun& run,
                                      const Definition& definition) {
    UniqueFd socket = kept(KeptKind::NotifySocket, run.key.service);
    has_directory_ = has_directory_ || ::access(directory_.c_str(), F_OK) == 0;
    if (socket.valid()) {
        notify_of(lines, run.key.service).restore(std::move(socket), definition.readiness);
        lines.store_max = definition.readiness.store_max;
        return;
    }
    Channel unused;
    if (const auto opened = open_notify(lines, run.key.service, definition, unused); !opened) {
        os_.journal.error(lines.name + ": notify socket: " + errno_text(opened.error().code) +
                          "; it is not heard until its next start");
    }
}

/// Where nobody kept its read end, the service's own descriptor leads to it as long as it is open.
void ReadinessChannels::resume_descriptor(Lines& lines, const FormerRun& run,
                                          const Definition& definition) {
    if (definition.policy.readiness != Readiness::Descriptor) {
        return;
    }
    UniqueFd pipe = kept(KeptKind::ReadyPipe, run.key.service);
    if (!pipe.valid()) {
        const std::string path = "/proc/" + std::to_string(run.pid) + "/fd/" +
                                 std::to_string(definition.readiness.notification_fd);
        pipe = open_pipe(path);
    }
    if (pipe.valid()) {
        const int read_end = pipe.get();
        lines.descriptor.emplace(os_.loop);
        lines.descriptor->restore(std::move(pipe));
        os_.keeper.keep(KeptKind::ReadyPipe, run.key.service, {&read_end, 1});
    }
}

}  // namespace mainstay::supervisor
