#include "supervisor/runsv/logger_pipes.h"

#include <array>
#include <span>
#include <utility>

namespace mainstay::supervisor::runsv {

void LoggerPipes::restore(ServiceId logger, std::vector<UniqueFd> ends) {
    Pipe& input = inputs_[logger];
    if (!ends.empty()) {
        input.read_end = std::move(ends[0]);
    }
    if (ends.size() > 1) {
        input.write_end = std::move(ends[1]);
    }
}

void LoggerPipes::keep(ServiceId logger, const Pipe& pipe) {
    const std::array ends{pipe.read_end.get(), pipe.write_end.get()};
    keeper_.keep(KeptKind::LoggerPipe, logger,
                 std::span(ends).first(pipe.write_end.valid() ? ends.size() : 1));
}

Result<void> LoggerPipes::connect(ServiceId writer, ServiceId logger) {
    Pipe& input = inputs_[logger];
    if (!input.write_end.valid()) {
        TRY(input, make_pipe());
        keep(logger, input);
    }
    loggers_[writer] = logger;
    return {};
}

Result<Streams> LoggerPipes::streams_of(const OutputRequest& request) {
    Streams streams;
    if (const auto input = inputs_.find(request.service); input != inputs_.end()) {
        streams.input = input->second.read_end.get();
    }
    if (const auto logger = loggers_.find(request.service); logger != loggers_.end()) {
        streams.output = inputs_[logger->second].write_end.get();
    }
    return streams;
}

void LoggerPipes::close_input(ServiceId logger) {
    if (const auto input = inputs_.find(logger); input != inputs_.end()) {
        input->second.write_end.reset();
        keep(logger, input->second);
    }
}

void LoggerPipes::forget(ServiceId service) {
    loggers_.erase(service);
    if (inputs_.erase(service) != 0) {
        keeper_.drop(KeptKind::LoggerPipe, service);
        std::erase_if(loggers_, [&](const auto& each) { return each.second == service; });
    }
}

}  // namespace mainstay::supervisor::runsv
