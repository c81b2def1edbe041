/// An upgrade that is where the test says.
#pragma once

#include "supervisor/os_upgrade.h"

namespace mainstay::fakes {

class FakeUpgrades final : public supervisor::Upgrades {
  public:
    void begin() override {
        ++begun;
        now.stage = supervisor::UpgradeState::Stage::Testing;
    }
    const supervisor::UpgradeState& state() const noexcept override { return now; }

    supervisor::UpgradeState now;
    int begun = 0;
};

}  // namespace mainstay::fakes
