/// The part of LogPipes that takes up what a supervisor before this one left.
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <utility>

#include "supervisor/log_pipes.h"

namespace mainstay::supervisor {
namespace {

constexpr std::size_t kPipeEnds = 2;
constexpr std::size_t kArenaDescriptors = 3;
constexpr Error kNotOurs{"not what was given to be kept", EINVAL};

/// Where that cannot be told for the moment it is believed: output would be lost.
bool is_pipe(const UniqueFd& fd) noexcept {
    struct stat info {};
    return ::fstat(fd.get(), &info) == 0 ? S_ISFIFO(info.st_mode) : may_pass(errno);
}

/// One descriptor is the read end alone: the write end was closed on purpose.
Result<Pipe> pipe_of(KeptLog& kept) {
    std::vector<UniqueFd>& ends = kept.descriptors;
    if (ends.empty() || ends.size() > kPipeEnds ||
        !std::all_of(ends.begin(), ends.end(), is_pipe)) {
        return kNotOurs;
    }
    Pipe pipe;
    pipe.read_end = std::move(ends[0]);
    if (ends.size() == kPipeEnds) {
        pipe.write_end = std::move(ends[1]);
    }
    return pipe;
}

/// How files are kept of which nobody knows any more how: nothing is deleted.
std::shared_ptr<const LogSettings> settings_of_the_unknown() {
    LogSettings settings;
    settings.max_files = std::numeric_limits<std::uint32_t>::max();
    settings.min_free_percent = 0;
    return std::make_shared<const LogSettings>(settings);
}

}  // namespace

void LogPipes::restore(std::vector<KeptLog> kept) {
    has_forerunner_ = !kept.empty();
    const auto tell = [this](const KeptLog& what, const Error& error) {
        const std::string whose = what.name.empty() ? "output" : what.name + ": its output";
        journal_.error(whose + " of the time before is lost: " + error.action + ": " +
                       errno_text(error.code));
    };
    for (KeptLog& one : kept) {
        if (one.kind == KeptKind::Arena) {
            if (const auto done = restore_arena(one); !done) {
                tell(one, done.error());
            }
        }
    }
    for (KeptLog& one : kept) {
        if (one.kind == KeptKind::LogPipe || one.kind == KeptKind::LoggerPipe) {
            if (const auto done = restore_pipe(one); !done) {
                tell(one, done.error());
            }
        }
    }
}

/// One that is laid out in another way is of no use, but its writer has to end all the same.
Result<void> LogPipes::restore_arena(KeptLog& kept) {
    std::vector<UniqueFd>& descriptors = kept.descriptors;
    if (descriptors.size() != kArenaDescriptors || !is_pipe(descriptors[1]) ||
        !is_pipe(descriptors[2])) {
        return kNotOurs;
    }
    svlog::ArenaDescriptors arena{std::move(descriptors[0]),
                                  {std::move(descriptors[1]), std::move(descriptors[2])}};
    auto mapped = svlog::ArenaMapping::map(arena.memory.get());
    if (!mapped) {
        outdated_arena_ = std::move(arena.memory);
        return mapped.error();
    }
    memory_ = std::move(*mapped);
    arena_descriptors_ = std::move(arena);
    restore_slots();
    return {};
}

/// A slot without a pipe still has what its service wrote.
void LogPipes::restore_slots() {
    const std::uint32_t used =
        std::min(svlog::load(arena().header().used_slots), arena().shape().slots);
    for (std::uint32_t slot = svlog::kOwnSlot + 1; slot < used; ++slot) {
        Output& output = outputs_.emplace_back();
        output.service = svlog::load(arena().slot(slot).owner);
        if (output.service == 0) {
            free_slots_.push_back(slot);
            continue;
        }
        output.settings = settings_of_the_unknown();
        const bool is_first = slots_.emplace(output.service, slot).second;
        output.state = is_first ? Output::State::InUse : Output::State::Leaving;
    }
}

Result<void> LogPipes::restore_pipe(KeptLog& kept) {
    TRY(Pipe pipe, pipe_of(kept));
    if (kept.kind == KeptKind::LoggerPipe) {
        inputs_[kept.service] = std::move(pipe);
        input_names_[kept.service] = kept.name;
        return {};
    }
    if (kept.service == kOwnMessages) {
        last_messages_ = std::move(pipe.read_end);
        return {};
    }
    return restore_output(kept.service, kept.name, std::move(pipe));
}

Result<void> LogPipes::restore_output(ServiceId service, std::string_view name, Pipe pipe) {
    TRY_VOID(make_arena());
    TRY(const std::uint32_t slot, obtain_slot(service));
    outputs_[slot].name = name;
    outputs_[slot].settings = settings_of_the_unknown();
    return set_pipe(slot, std::move(pipe));
}

void LogPipes::restored(const std::function<bool(ServiceId)>& is_known) {
    is_restoring_ = false;
    for (auto input = inputs_.begin(); input != inputs_.end();) {
        const ServiceId logger = input->first;
        if (is_known(logger)) {
            ++input;
            continue;
        }
        // Nobody reads it any more: svlog writes what is in it, under the logger's name.
        keep(KeptKind::LogPipe, logger, input->second);
        keeper_.drop(KeptKind::LoggerPipe, logger);
        if (const auto moved =
                restore_output(logger, input_names_[logger], std::move(input->second));
            !moved) {
            journal_.error(input_names_[logger] +
                           ": what it has not read is lost: " + errno_text(moved.error().code));
        }
        input = inputs_.erase(input);
    }
    input_names_.clear();
    for (std::uint32_t slot = svlog::kOwnSlot + 1; slot < outputs_.size(); ++slot) {
        Output& output = outputs_[slot];
        if (output.state == Output::State::InUse && !is_known(output.service)) {
            leave(slot);
        }
    }
    if (memory_.is_mapped() && has_forerunner_) {
        start_svlog();
    } else if (memory_.is_mapped()) {
        start_svlog_when_quiet();
    }
}

/// Their writer is dead: all there will be is in the pipe. They come before our own.
void LogPipes::read_last_messages() {
    if (const UniqueFd pipe = std::move(last_messages_); pipe.valid()) {
        LogTakeover(loop_, arena(), arena_descriptors_, [] {
        }).read_all(svlog::kOwnSlot, pipe.get());
    }
}

}  // namespace mainstay::supervisor
