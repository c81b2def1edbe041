/// Where the supervisor's own messages go. An interface, so that the core says things without
/// knowing of descriptors, and tests read what was said.
#pragma once

#include <cstdint>
#include <string_view>

namespace mainstay::supervisor {

enum class Level : std::uint8_t { Error, Warning, Info };

class Journal {
  public:
    Journal() = default;
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;
    virtual ~Journal() = default;

    /// One message, without newline. Never blocks: what cannot be written is dropped and counted.
    virtual void write(Level level, std::string_view message) noexcept = 0;

    void error(std::string_view message) noexcept { write(Level::Error, message); }
    void warning(std::string_view message) noexcept { write(Level::Warning, message); }
    void info(std::string_view message) noexcept { write(Level::Info, message); }
};

}  // namespace mainstay::supervisor
