#include "supervisor/log_pipes.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "supervisor/descriptor_reserve.h"

namespace mainstay::supervisor {

Result<void> LogPipes::connect(ServiceId service, ServiceId logger) {
    TRY(outputs_[service].pipe, make_pipe());
    feeders_[logger] = service;
    return {};
}

Result<Streams> LogPipes::streams_of(ServiceId service) {
    auto output = outputs_.find(service);
    if (output == outputs_.end()) {
        TRY(Pipe pipe, make_pipe());
        if (is_in_reserve(pipe.write_end.get())) {
            return Error{"pipe", EMFILE};
        }
        // Only our end: whether its writers may block is not ours to decide.
        if (::fcntl(pipe.read_end.get(), F_SETFL, O_NONBLOCK) < 0) {
            return last_error("fcntl");
        }
        output = outputs_.emplace(service, Line{std::move(pipe), true, Watch()}).first;
        output->second.watch = loop_.watch_readable(output->second.pipe.read_end.get(),
                                                    [this, service] { read_into_memory(service); });
    }
    Streams streams;
    streams.output = output->second.pipe.write_end.get();
    if (const auto feeder = feeders_.find(service); feeder != feeders_.end()) {
        streams.input = outputs_[feeder->second].pipe.read_end.get();
    }
    return streams;
}

void LogPipes::read_into_memory(ServiceId service) {
    const ssize_t count =
        ::read(outputs_[service].pipe.read_end.get(), buffer_.data(), buffer_.size());
    if (count > 0) {
        store_.append(service, {buffer_.data(), static_cast<std::size_t>(count)});
    }
}

void LogPipes::close_input(ServiceId logger) {
    if (const auto feeder = feeders_.find(logger); feeder != feeders_.end()) {
        outputs_[feeder->second].pipe.write_end.reset();
    }
}

void LogPipes::forget(ServiceId service) {
    outputs_.erase(service);
    feeders_.erase(service);
    store_.forget(service);
}

std::vector<std::string> LogPipes::last_lines(ServiceId service, std::size_t count) {
    const auto output = outputs_.find(service);
    if (output != outputs_.end() && output->second.goes_to_memory) {
        // What was written before the question is part of the answer, up to what a pipe holds.
        read_into_memory(service);
    }
    return store_.last_lines(service, count);
}

}  // namespace mainstay::supervisor
