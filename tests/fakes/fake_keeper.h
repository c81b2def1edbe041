/// A keeper in the same process: holds copies, and hands them back as PID 1 would.
#pragma once

#include <fcntl.h>

#include <map>
#include <utility>
#include <vector>

#include "common/unique_fd.h"
#include "supervisor/os_keeper.h"

namespace mainstay::fakes {

class FakeKeeper final : public supervisor::Keeper {
  public:
    using Key = std::pair<supervisor::KeptKind, std::uint32_t>;

    void keep(supervisor::KeptKind kind, std::uint32_t id,
              std::span<const int> descriptors) override {
        std::vector<UniqueFd> copies;
        for (const int fd : descriptors) {
            copies.emplace_back(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
        }
        kept[{kind, id}] = std::move(copies);
    }

    void drop(supervisor::KeptKind kind, std::uint32_t id) override { kept.erase({kind, id}); }

    std::map<Key, std::vector<UniqueFd>> kept;
};

}  // namespace mainstay::fakes
