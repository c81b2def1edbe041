/// Our own OOM score while processes are born. The supervisor has a better one than its services,
/// but the kernel gives one score to all who share memory: a child that shares ours until its exec
/// cannot have another (fs/proc/base.c, __set_oom_adj). So we take on the services' score for as
/// long as births are under way, and they inherit it; between births we have our own.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "common/unique_fd.h"

namespace mainstay::supervisor {

class OomGuard {
  public:
    /// @param born_with oom_score_adj of services; nothing: ours was not changed, nothing is to do
    explicit OomGuard(std::optional<std::string> born_with);

    void birth_begins() noexcept;
    /// Once for each birth_begins().
    void birth_ended() noexcept;

  private:
    void write(const std::string& score) const noexcept;

    std::string born_with_;
    std::string own_;
    UniqueFd file_;
    std::size_t births_ = 0;
};

}  // namespace mainstay::supervisor
