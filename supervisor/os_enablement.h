/// The seam to which services are enabled: symlinks in the scanned directory, or in one that does
/// not outlive the machine's uptime. The real one is EnabledLinks.
#pragma once

#include <string>
#include <variant>

#include "common/protocol.h"

namespace mainstay::supervisor {

/// What was made or removed, or was so already.
struct EnabledLink {
    std::string name;     ///< of the service
    std::string path;     ///< the symlink
    std::string target;   ///< the service directory; empty of one that was removed
    bool was_so = false;  ///< nothing had to be done
};

/// Why not, as a sentence that ends an answer.
struct EnableFault {
    protocol::ErrorCode code = protocol::ErrorCode::ServiceFailed;
    std::string message;
};

using EnableResult = std::variant<EnabledLink, EnableFault>;

class Enablement {
  public:
    Enablement() = default;
    Enablement(const Enablement&) = delete;
    Enablement& operator=(const Enablement&) = delete;
    virtual ~Enablement() = default;

    /// @param name of a service in one of the definition directories
    virtual EnableResult enable(const std::string& name, protocol::Place place) = 0;

    /// @param path absolute, of a service directory; its last part becomes the name
    virtual EnableResult enable_path(const std::string& path, protocol::Place place) = 0;

    /// Removes the symlink; a directory that is no symlink is left alone.
    virtual EnableResult disable(const std::string& name, protocol::Place place) = 0;

    /// Whether @p path can be added as a service at run time, and under which name: then there is
    /// a directory, and its last part is a service's name.
    virtual EnableResult examine(const std::string& path) = 0;

    /// Reads the scanned directories now instead of when their changes are told.
    virtual void look_again() = 0;

    /// Whether the service is started again at the next boot.
    virtual bool is_enabled(const std::string& name) = 0;
};

}  // namespace mainstay::supervisor
