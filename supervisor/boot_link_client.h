/// Our end of the boot link: says Hello, BootComplete, Progress and Stopped; hears Stop, and that
/// PID 1 is gone.
#pragma once

#include <functional>
#include <string_view>

#include "common/boot_link.h"
#include "common/unique_fd.h"
#include "supervisor/journal.h"
#include "supervisor/loop.h"

namespace mainstay::supervisor {

class BootLinkClient {
  public:
    struct Listener {
        std::function<void()> stop;    ///< PID 1 asks for an ordered stop
        std::function<void()> closed;  ///< PID 1 is gone, or wants no more of us
    };

    BootLinkClient(Loop& loop, Journal& journal, UniqueFd link, Listener listener);

    /// @param text cut off where the message has no room for it
    void send(LinkType type, std::uint32_t value, std::string_view text);

  private:
    void on_readable();

    Journal& journal_;
    UniqueFd link_;
    Listener listener_;
    Watch watch_;
    std::uint32_t sequence_ = 0;
};

}  // namespace mainstay::supervisor
