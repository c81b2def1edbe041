#include "supervisor/runsv/voice.h"

#include "common/fixed.h"

namespace mainstay::supervisor::runsv {
namespace {

using Line = FixedString<1024>;

}  // namespace

void Voice::write(Level level, std::string_view message) noexcept {
    if (level == Level::Info) {
        return;
    }
    Line line;
    line.append(who_).append(": warning: ").append(message);
    log_->write(level, line.view());
}

void Voice::fatal(std::string_view message) noexcept {
    Line line;
    line.append(who_).append(": fatal: ").append(message);
    log_->write(Level::Error, line.view());
}

void Voice::fatal_of(std::string_view service, std::string_view message) noexcept {
    Line line;
    line.append("runsv ").append(service).append(": fatal: ").append(message);
    log_->write(Level::Error, line.view());
}

}  // namespace mainstay::supervisor::runsv
