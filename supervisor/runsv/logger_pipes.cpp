#include "supervisor/runsv/logger_pipes.h"

#include <utility>

namespace mainstay::supervisor::runsv {

Result<void> LoggerPipes::connect(ServiceId writer, ServiceId logger) {
    Pipe& input = inputs_[logger];
    if (!input.write_end.valid()) {
        TRY(input, make_pipe());
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
    }
}

void LoggerPipes::forget(ServiceId service) {
    loggers_.erase(service);
    if (inputs_.erase(service) != 0) {
        std::erase_if(loggers_, [&](const auto& each) { return each.second == service; });
    }
}

}  // namespace mainstay::supervisor::runsv
