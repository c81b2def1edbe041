/// The seam to what a service is passed at its start: sockets that were opened for it (the key
/// `listen`). The real one is ListeningSockets.
///
/// They are open from the first start, or from the moment in which the service waits for whoever
/// comes first, until it rests; and over all its runs between.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"
#include "supervisor/definition.h"
#include "supervisor/os_processes.h"

namespace mainstay::supervisor {

/// In the order of the definition; both lists have the same length.
struct PassedSockets {
    std::vector<int> descriptors;    ///< borrowed, until the next call for the service
    std::vector<std::string> names;  ///< for LISTEN_FDNAMES
};

class SocketListener {
  public:
    SocketListener() = default;
    SocketListener(const SocketListener&) = delete;
    SocketListener& operator=(const SocketListener&) = delete;
    virtual ~SocketListener() = default;

    /// Somebody has come for a service that waits. From the loop, never from within await(). Told
    /// again and again until stop_waiting().
    virtual void service_is_demanded(ServiceId service) = 0;
};

class Sockets {
  public:
    Sockets() = default;
    Sockets(const Sockets&) = delete;
    Sockets& operator=(const Sockets&) = delete;
    virtual ~Sockets() = default;

    /// Opens what is not open yet, and closes what the definition does not name any more. After a
    /// fault what could be opened stays so.
    virtual Result<PassedSockets, ExecFault> open(ServiceId service, const std::string& name,
                                                  const Definition& definition) = 0;

    /// The same, and calls the listener when somebody comes to one of those that are on demand.
    virtual Result<void, ExecFault> await(ServiceId service, const std::string& name,
                                          const Definition& definition) = 0;
    virtual void stop_waiting(ServiceId service) = 0;

    /// The service goes on where a supervisor before this one left it: what was open stays open.
    virtual void resume(ServiceId service) = 0;

    /// It rests: nobody can come any more, and nothing of it is left in the file system.
    virtual void close(ServiceId service, const Definition& definition) = 0;
};

}  // namespace mainstay::supervisor
