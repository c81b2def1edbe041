/// What runsv and runsvdir say, in the words of runit's programs: "runsv web: warning: ..." on
/// standard error, without ever waiting. They say nothing of what goes well.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "supervisor/message_log.h"

namespace mainstay::supervisor::runsv {

class Voice final : public Journal {
  public:
    /// @param who "runsvdir /etc/service"
    explicit Voice(std::string who) : who_(std::move(who)) { standard_error_has_changed(); }

    void standard_error_has_changed() { log_.emplace(MessageLog::Sink::StandardError, ""); }

    void write(Level level, std::string_view message) noexcept override;

    void fatal(std::string_view message) noexcept;
    /// Of the runsv that a service would have.
    void fatal_of(std::string_view service, std::string_view message) noexcept;

  private:
    std::string who_;
    std::optional<MessageLog> log_;
};

}  // namespace mainstay::supervisor::runsv
