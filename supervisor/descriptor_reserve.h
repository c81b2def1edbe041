/// The last descriptors that our limit allows are not for services: what an admin asks with, what a
/// definition is read with and what a start needs for a moment is to be had however many services
/// there are. What a service keeps for as long as it lives is checked here when it is opened.
#pragma once

#include <cstddef>

#include "common/error.h"
#include "supervisor/os_processes.h"

namespace mainstay::supervisor {

/// Connections (protocol::kMaxConnections), and as many for the rest.
inline constexpr unsigned kReservedDescriptors = 128;

/// Whether @p fd, which was just opened, is one of the reserve: the lowest free number is given, so
/// all below are in use. Of a small limit an eighth is reserved.
bool is_in_reserve(int fd) noexcept;

/// Has the kernel's table of our descriptors as large as @p services will need it, before they are
/// born. A table that grows while a child shares it (CLONE_FILES) costs 6 to 15 ms for each
/// doubling, as the kernel waits for all processors to have let go of the old one (expand_fdtable()
/// of Linux 6.18). Not made where our limit is smaller or there is no memory: it grows later, then.
void make_room_for_descriptors(std::size_t services) noexcept;

/// A fault from an error of a call that opens descriptors; says what to do where they are used up.
ExecFault descriptor_fault(const Error& error);

}  // namespace mainstay::supervisor
