/// Enables and disables services: makes and removes symlinks in the scanned directories. symlink(2)
/// and unlink(2) are atomic, so whoever reads the directory sees the one or the other.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "supervisor/os_enablement.h"

namespace mainstay::supervisor {

class EnabledLinks final : public Enablement {
  public:
    struct Settings {
        std::string directory;          ///< scanned
        std::string runtime_directory;  ///< scanned as well; made when needed; empty: there is none
        std::vector<std::string> definitions;
    };

    /// @param look_again reads the scanned directories at once
    EnabledLinks(Settings settings, std::function<void()> look_again)
        : settings_(std::move(settings)), look_again_(std::move(look_again)) {}

    EnableResult enable(const std::string& name, protocol::Place place) override;
    EnableResult enable_path(const std::string& path, protocol::Place place) override;
    EnableResult disable(const std::string& name, protocol::Place place) override;
    EnableResult examine(const std::string& path) override;
    void look_again() override { look_again_(); }
    bool is_enabled(const std::string& name) override;

  private:
    std::string find_definition(const std::string& name) const;
    EnableFault not_defined(const std::string& name) const;
    EnableResult link(const std::string& name, const std::string& target, protocol::Place place);
    EnableFault cannot_link(const std::string& path, int error, protocol::Place place) const;

    Settings settings_;
    std::function<void()> look_again_;
};

}  // namespace mainstay::supervisor
