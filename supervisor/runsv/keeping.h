/// What runsvdir's own process keeps of the house for the next one, should this one die: copies of
/// descriptors, sent over a socket in the messages of the boot link (Keep, Drop). It is this
/// memory that the next house is forked from, so nothing is handed back.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "common/unique_fd.h"
#include "supervisor/os_keeper.h"

namespace mainstay::supervisor::runsv {

using KeptDescriptors = std::map<std::pair<KeptKind, std::uint32_t>, std::vector<UniqueFd>>;

/// The house's side.
class LinkKeeper final : public Keeper {
  public:
    /// @param link borrowed; -1: nobody keeps anything
    explicit LinkKeeper(int link) noexcept : link_(link) {}

    void keep(KeptKind kind, std::uint32_t id, std::span<const int> descriptors) override;
    void drop(KeptKind kind, std::uint32_t id) override;

    /// There is nobody any more.
    void end() noexcept { link_ = -1; }

  private:
    int link_;
};

/// runsvdir's side: does what has been said so far; never waits.
void obey_keeper(int link, KeptDescriptors& kept);

}  // namespace mainstay::supervisor::runsv
