/// Writes what is true of each service into a state table in memory that is somebody else's. Slots
/// are numbered as the nodes of services are; those beyond the table's room are told once, and
/// their services are not known to the next supervisor.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "common/state_table_writer.h"
#include "supervisor/os_clock.h"
#include "supervisor/os_state.h"

namespace mainstay::supervisor {

class StateStore final : public StateKeeping {
  public:
    /// Does nothing yet.
    explicit StateStore(const Clock& clock) noexcept : clock_(clock) {}

    /// Writes into @p table from here on, whose geometry is this program's.
    /// @param refuse called with the name of a service that there is no room for
    void use(std::span<std::byte> table, std::function<void(const std::string&)> refuse);

    /// Whether the next supervisor will find every service that was entered.
    bool has_all() const noexcept { return writer_ && !has_refused_; }

    void enter(const Service& service) override;
    void forget(ServiceId service) override;
    void save(const Service& service, Changed changed) override;
    void performed(ServiceId service) override;
    std::int32_t* expect(ProcessKey key, state_table::Role role) override;
    void main_process(ProcessKey key, std::int32_t pid, Duration begun) override;
    void exited(ProcessKey key, ExitStatus status, bool was_executed) override;
    void mark(std::uint32_t flag) override;

  private:
    using Writer = state_table::Writer<>;

    /// Whether the slot of its number is this service's.
    bool has_slot(ServiceId service) const noexcept;
    void put_details(const Service& service, std::uint32_t number, Changed changed);
    state_table::Slot slot_of(ServiceId service) const noexcept;

    const Clock& clock_;
    std::span<std::byte> table_;
    std::optional<Writer> writer_;
    std::function<void(const std::string&)> refuse_;
    bool has_refused_ = false;
};

/// What a table says, each slot judged; a table that is none says nothing. Journals are carried
/// out.
KnownState read_state(std::span<std::byte> table);

/// All of a table of another geometry into an empty one of ours.
void copy_state(const state_table::Reader& from, std::span<std::byte> to);

}  // namespace mainstay::supervisor
