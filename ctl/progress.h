/// The line on a terminal that says what svctl waits for. It is written over again and again, and
/// wiped before anything else is written. Where standard error is no terminal, there is none.
#pragma once

#include <chrono>
#include <optional>

#include "common/clock.h"
#include "common/protocol.h"
#include "ctl/output.h"

namespace mainstay::ctl {

class Progress {
  public:
    explicit Progress(Output& output) noexcept : output_(output) {}

    /// Whether there is somebody to see it.
    bool is_wanted() const noexcept;

    /// How long to wait for an answer before tick(); none where nothing is shown.
    std::optional<std::chrono::milliseconds> interval() const noexcept;

    void update(protocol::ProgressReply progress);

    /// Shows how the time goes by.
    void tick();

    /// Wipes the line.
    void hide();

  private:
    Output& output_;
    std::optional<protocol::ProgressReply> shown_;
    MonotonicTime since_{};
    bool is_visible_ = false;
};

}  // namespace mainstay::ctl
