/// The memory of a state table: a memfd that PID 1 keeps, or a file on a tmpfs where PID 1 is not
/// ours. Mapped for as long as it lives; pages that nobody touches cost nothing.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "common/result.h"
#include "common/unique_fd.h"

namespace mainstay::supervisor {

class StateMemory {
  public:
    StateMemory() noexcept = default;
    StateMemory(StateMemory&& other) noexcept;
    StateMemory& operator=(StateMemory&& other) noexcept;
    StateMemory(const StateMemory&) = delete;
    StateMemory& operator=(const StateMemory&) = delete;
    ~StateMemory();

    /// A table of our own geometry with nothing in it, in a memfd that cannot be made shorter.
    static Result<StateMemory> make();

    /// One that somebody kept. Errors: EINVAL where it could be made shorter while it is mapped.
    static Result<StateMemory> open(UniqueFd memory);

    /// The file at @p path, made where there is none; nobody else can have it open so at the same
    /// time. Errors: EWOULDBLOCK where somebody has.
    static Result<StateMemory> open_file_at(const std::string& path);

    bool valid() const noexcept { return start_ != nullptr; }
    int fd() const noexcept { return fd_.get(); }
    std::span<std::byte> bytes() const noexcept { return {start_, size_}; }

    /// Makes it what make() makes.
    Result<void> format();

  private:
    static Result<StateMemory> map(UniqueFd fd, std::size_t size);

    UniqueFd fd_;
    std::byte* start_ = nullptr;
    std::size_t size_ = 0;
};

/// What tells this boot of the kernel from others.
std::string boot_id();

}  // namespace mainstay::supervisor
