/// Where nobody keeps descriptors for the next supervisor.
#pragma once

#include "supervisor/os_keeper.h"

namespace mainstay::supervisor {

class NoKeeper final : public Keeper {
  public:
    void keep(KeptKind /*kind*/, std::uint32_t /*id*/,
              std::span<const int> /*descriptors*/) override {}
    void drop(KeptKind /*kind*/, std::uint32_t /*id*/) override {}
};

}  // namespace mainstay::supervisor
