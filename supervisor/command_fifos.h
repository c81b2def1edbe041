/// The control fifos of all services, in an epoll of their own that the loop watches as one. A
/// Watch each would cost more memory than all else that runit_files knows of a service.
#pragma once

#include <functional>
#include <map>

#include "common/unique_fd.h"
#include "supervisor/loop.h"
#include "supervisor/os_processes.h"

namespace mainstay::supervisor {

class CommandFifos {
  public:
    /// @param on_commands called once a turn of the loop for each that can be read; may be called
    /// once more after leave()
    /// @throws std::system_error where the kernel has no descriptor for us
    CommandFifos(Loop& loop, std::function<void(ServiceId)> on_commands);

    /// Where the kernel has no room for it, it is heard later. Harmless for one that is heard
    /// already.
    void listen(int fifo, ServiceId service);

    /// To be called before @p fifo is closed, and while its commands shall wait.
    void leave(int fifo);

    /// Nothing is heard any more.
    void close() noexcept;

  private:
    bool enter(int fifo, ServiceId service);
    void enter_late();
    void dispatch();

    Loop& loop_;
    std::function<void(ServiceId)> on_commands_;
    UniqueFd epoll_;
    Watch watch_;
    std::map<int, ServiceId> late_;
    bool tries_late_ = false;
};

}  // namespace mainstay::supervisor
