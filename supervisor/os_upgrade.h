/// The seam to putting another program in the supervisor's own place, as the control protocol needs
/// it. The real one is Upgrade.
#pragma once

#include <cstdint>
#include <string>

namespace mainstay::supervisor {

/// How far the newest upgrade of this process has come.
struct UpgradeState {
    enum class Stage : std::uint8_t {
        None,     ///< there was none
        Testing,  ///< the new program is tested, or about to be executed
        Proving,  ///< this is the new program, which has not shown yet that it works
        Done,     ///< this is the new program
        Failed,   ///< this is the program that there was before
    };
    Stage stage = Stage::None;
    std::string why;  ///< of Failed: a sentence
};

class Upgrades {
  public:
    Upgrades() = default;
    Upgrades(const Upgrades&) = delete;
    Upgrades& operator=(const Upgrades&) = delete;
    virtual ~Upgrades() = default;

    /// Begins one, where none is under way. Never fails at once: state() says what came of it.
    virtual void begin() = 0;

    virtual const UpgradeState& state() const noexcept = 0;
};

}  // namespace mainstay::supervisor
