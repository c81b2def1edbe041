/// The seam to the programs in control/, as runsv has them. The real one is ControlScripts.
#pragma once

#include <cstdint>
#include <functional>

namespace mainstay::supervisor {

struct Service;

enum class ScriptOutcome : std::uint8_t { Succeeded, Failed };

class Scripts {
  public:
    /// Called once, from the loop; never from within run().
    using Done = std::function<void(ScriptOutcome)>;

    Scripts() = default;
    Scripts(const Scripts&) = delete;
    Scripts& operator=(const Scripts&) = delete;
    virtual ~Scripts() = default;

    /// Runs control/@p letter, after those of the same service that were asked for before.
    /// @returns false where there is none, or it cannot be run; @p done is not called then
    virtual bool run(const Service& service, char letter, Done done) = 0;
};

}  // namespace mainstay::supervisor
