#include "supervisor/log_pipes.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "supervisor/descriptor_reserve.h"

namespace mainstay::supervisor {
LogPipes::LogPipes(Loop& loop, Journal& journal, Keeper& keeper, LogPipesSettings settings)
    : loop_(loop),
      journal_(journal),
      keeper_(keeper),
      group_(settings.group),
      record_(std::move(settings.record)),
      forerunner_(loop, journal),
      process_(loop, std::move(settings.svlog),
               [this](auto status, Duration lived) { svlog_ended(status, lived); }) {
    outputs_.emplace_back();
    if (settings.own_messages.valid()) {
        outputs_[svlog::kOwnSlot] = {Output::State::InUse,
                                     kOwnMessages,
                                     kOwnMessagesName,
                                     nullptr,
                                     {std::move(settings.own_messages), UniqueFd()}};
        slots_[kOwnMessages] = svlog::kOwnSlot;
        keep(KeptKind::LogPipe, kOwnMessages, outputs_[svlog::kOwnSlot].pipe);
    }
}

LogPipes::~LogPipes() {
    loop_.cancel(timer_);
}

// --- pipes ------------------------------------------------------------------------------------

Result<void> LogPipes::connect(ServiceId writer, ServiceId logger) {
    Pipe& input = inputs_[logger];
    if (!input.write_end.valid()) {
        auto made = make_pipe();
        if (!made) {
            return made.error();
        }
        input = std::move(*made);
        keep(KeptKind::LoggerPipe, logger, input);
    }
    writers_[writer] = {logger, {}};
    return {};
}

Result<Streams> LogPipes::streams_of(const OutputRequest& request) {
    read_own_messages_before_they_are_lost();
    Streams streams;
    if (const auto input = inputs_.find(request.service); input != inputs_.end()) {
        streams.input = input->second.read_end.get();
    }
    if (request.use == LogUse::NotWanted) {
        return streams;
    }
    if (const auto writer = writers_.find(request.service); writer != writers_.end()) {
        writer->second.name = request.name;
        streams.output = inputs_[writer->second.logger].write_end.get();
        return streams;
    }
    auto slot = slot_of(request.service);
    if (!slot || !outputs_[*slot].pipe.write_end.valid()) {
        TRY(Pipe pipe, make_pipe());
        TRY(slot, make_output(request, std::move(pipe)));
    }
    outputs_[*slot].name = request.name;
    settings_changed(*slot, request);
    streams.output = outputs_[*slot].pipe.write_end.get();
    return streams;
}

void LogPipes::describe(const OutputRequest& request) {
    if (const auto slot = slot_of(request.service)) {
        outputs_[*slot].name = request.name;
        settings_changed(*slot, request);
    }
}

Result<std::uint32_t> LogPipes::make_output(const OutputRequest& request, Pipe pipe) {
    TRY_VOID(make_arena());
    if (is_in_reserve(pipe.write_end.get())) {
        return Error{"pipe", EMFILE};
    }
    TRY(const std::uint32_t slot, obtain_slot(request.service));
    outputs_[slot].name = request.name;
    outputs_[slot].settings = request.settings;
    TRY_VOID(set_pipe(slot, std::move(pipe)));
    keep(KeptKind::LogPipe, request.service, outputs_[slot].pipe);
    return slot;
}

/// The one it has, or one that it gets.
Result<std::uint32_t> LogPipes::obtain_slot(ServiceId service) {
    if (const auto slot = slot_of(service)) {
        return *slot;
    }
    const std::uint32_t slot = free_slot();
    if (slot >= arena().shape().slots) {
        return Error{"a place in svlog", ENOSPC};
    }
    outputs_[slot].state = Output::State::InUse;
    outputs_[slot].service = service;
    slots_[service] = slot;
    svlog::ArenaHeader& header = arena().header();
    svlog::store(arena().slot(slot).owner, service);
    svlog::store(header.used_slots, std::max(svlog::load(header.used_slots), slot + 1));
    return slot;
}

Result<void> LogPipes::set_pipe(std::uint32_t slot, Pipe pipe) {
    // Only our end: whether its writers may block is not ours to decide.
    const int fd = pipe.read_end.get();
    const bool is_set = ::fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
    const Error error = last_error("fcntl");
    // One that a supervisor before us had is so already.
    const int flags = is_set ? O_NONBLOCK : ::fcntl(fd, F_GETFL);
    if (flags < 0 || (flags & O_NONBLOCK) == 0) {
        return error;
    }
    outputs_[slot].pipe = std::move(pipe);
    add_task(svlog::MessageType::Add, slot);
    tell_followers();
    return {};
}

/// Neither waits nor costs a copy of anything but descriptors: it is done before a start.
void LogPipes::keep(KeptKind kind, ServiceId service, const Pipe& pipe) {
    const std::array ends = {pipe.read_end.get(), pipe.write_end.get()};
    keeper_.keep(kind, service, std::span(ends).first(pipe.write_end.valid() ? 2 : 1));
}

std::uint32_t LogPipes::free_slot() {
    if (!free_slots_.empty()) {
        const std::uint32_t slot = free_slots_.back();
        free_slots_.pop_back();
        return slot;
    }
    const auto slot = static_cast<std::uint32_t>(outputs_.size());
    if (slot < svlog::kArenaShape.slots) {
        outputs_.emplace_back();
    }
    return slot;
}

std::optional<std::uint32_t> LogPipes::slot_of(ServiceId service) const noexcept {
    const auto found = slots_.find(service);
    return found == slots_.end() ? std::nullopt : std::optional(found->second);
}

void LogPipes::settings_changed(std::uint32_t slot, const OutputRequest& request) {
    const LogSettings defaults;
    Output& output = outputs_[slot];
    const LogSettings& before = output.settings ? *output.settings : defaults;
    const LogSettings& now = request.settings ? *request.settings : defaults;
    const bool has_changed = !(before == now);
    output.settings = request.settings;
    if (has_changed) {
        add_task(svlog::MessageType::Change, slot);
    }
}

void LogPipes::close_input(ServiceId logger) {
    if (const auto input = inputs_.find(logger); input != inputs_.end()) {
        input->second.write_end.reset();
        // A copy of the write end would keep the logger from reading the end.
        keep(KeptKind::LoggerPipe, logger, input->second);
    }
}

void LogPipes::forget(ServiceId service) {
    writers_.erase(service);
    if (auto input = inputs_.extract(service)) {
        let_writers_go(service, std::move(input.mapped()));
        keeper_.drop(KeptKind::LoggerPipe, service);
    }
    if (const auto slot = slot_of(service)) {
        leave(*slot);
    }
}

/// Its pipe stays until svlog has read what is in it, be it the next svlog.
void LogPipes::leave(std::uint32_t slot) {
    Output& output = outputs_[slot];
    slots_.erase(output.service);
    output.state = Output::State::Leaving;
    output.pipe.write_end.reset();
    add_task(svlog::MessageType::Remove, slot);
}

/// Those that run hold the pipe to a logger that is no more: svlog reads it from now on, as the
/// output of one of them.
void LogPipes::let_writers_go(ServiceId logger, Pipe pipe) {
    std::optional<std::pair<ServiceId, std::string>> heir;
    for (auto writer = writers_.begin(); writer != writers_.end();) {
        if (writer->second.logger != logger) {
            ++writer;
            continue;
        }
        if (!writer->second.name.empty() && !slot_of(writer->first)) {
            heir = {writer->first, std::move(writer->second.name)};
        }
        writer = writers_.erase(writer);
    }
    if (!heir || !pipe.write_end.valid()) {
        return;
    }
    const OutputRequest request{heir->first, heir->second, nullptr};
    if (const auto made = make_output(request, std::move(pipe)); !made) {
        journal_.error(heir->second + ": its logger is gone, its output is lost: " +
                       made.error().action + ": " + errno_text(made.error().code));
    }
}

void LogPipes::free_output(std::uint32_t slot) {
    svlog::store(arena().slot(slot).owner, std::uint32_t{0});
    keeper_.drop(KeptKind::LogPipe, outputs_[slot].service);
    outputs_[slot] = Output();
    free_slots_.push_back(slot);
}

}  // namespace mainstay::supervisor
