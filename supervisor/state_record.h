/// PURE. A service as a record of the state table, and back: numbers for enumerators, nanoseconds
/// for times. Reading believes nothing: what no supervisor could have written makes the service
/// unsound.
#pragma once

#include <cstdint>

#include "common/state_table.h"
#include "supervisor/os_state.h"

namespace mainstay::supervisor {

/// Of Record::flags: the step has effects that may not be done; Slot::performed says so of the
/// step.
inline constexpr std::uint32_t kHasEffects = 1U << 30U;

/// All but what only the table knows: step, kHasEffects and kHasDetail.
state_table::Record to_record(const Service& service);
void put_deaths(const Service& service, state_table::Detail& detail);
void put_words(const Service& service, state_table::Detail& detail);
void put_fault(const Service& service, state_table::Detail& detail);

/// @param detail looked at only where the record says that it is the service's
KnownService to_service(const state_table::Slot& slot, const state_table::Detail& detail);

/// Whether the name could be one of a service, or of its logger.
bool is_possible_name(std::string_view name) noexcept;

/// Of what a process of the service runs with. Differs where the definition does, nearly always.
std::uint64_t hash_of(const Definition& definition);

}  // namespace mainstay::supervisor
