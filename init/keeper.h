/// The keeper at work: what of keeper_state touches the system. It makes and finds the memory of
/// the state, owns every descriptor whose number is in there, reads the table of a dead supervisor,
/// and closes what is not kept any more.
///
/// All that it knows lies in one memfd, which a re-executed PID 1 takes over (take_over).
#pragma once

#include <sys/types.h>

#include <span>

#include "common/boot_link.h"
#include "common/result.h"
#include "common/unique_fd.h"
#include "init/keeper_state.h"
#include "init/living_processes.h"
#include "init/log.h"
#include "init/mapped_memory.h"

namespace mainstay::init {

class Keeper {
  public:
    /// Reserves memory for all that will ever be kept; only what is used costs anything. Called
    /// after the limit of descriptors has been raised.
    Result<void> prepare() noexcept;

    /// In a PID 1 that was re-executed, after prepare(): takes over everything that is kept,
    /// link included.
    /// @param left what memory() was before: borrowed, unchanged, and to be closed once it is
    /// written down that memory() is another, as what this program has taken over is lost with it
    /// @returns false where there is nothing that can be made out
    bool take_over(int left, Log& log) noexcept;

    /// The memfd of the state, close-on-exec; everything named in it is close-on-exec too.
    int memory() const noexcept { return memory_.get(); }
    KeeperState& state() noexcept { return *state_; }

    /// Does what a Keep, Drop, Table, Claim or ExitRecorded asks for.
    /// @param descriptors taken, whatever becomes of the message
    /// @returns 0, or the errno to refuse it with
    int obey(const LinkMessage& message, LinkDescriptors& descriptors, bool is_truncated) noexcept;

    /// Who is whose: asked before a process out of a table is believed in.
    class Kin {
      public:
        virtual bool is_own(pid_t pid) noexcept = 0;

      protected:
        ~Kin() = default;
    };
    /// After the supervisor was reaped and all it had said was heard: its processes are ours now.
    /// @param just_reaped a process that may have been one of them; 0: none
    /// @param kin the processes that PID 1 has started itself
    void supervisor_died(pid_t just_reaped, Kin& kin, Log& log) noexcept;

    /// Kills the processes that were adopted: nobody looks after them any more.
    void end_adopted() noexcept;

    /// Nothing of what is kept will be wanted again.
    void forget_everything() noexcept;

    /// Whether an exec lets through what is kept, and the memory that says so.
    enum class OnExec : std::uint8_t { Close, Survive };
    void prepare_exec(OnExec fate) noexcept;

    /// Closes without waiting, whatever it is.
    static void dispose(std::span<const std::int32_t> descriptors) noexcept;

  private:
    int keep(const LinkMessage& message, LinkDescriptors& descriptors, bool is_truncated) noexcept;
    int keep_table(LinkDescriptors& descriptors) noexcept;
    void adopt_all(const SlotArea& area, pid_t just_reaped, Kin& kin, Log& log) noexcept;

    UniqueFd memory_;
    MappedMemory mapping_;
    KeeperState* state_ = nullptr;
};

}  // namespace mainstay::init
