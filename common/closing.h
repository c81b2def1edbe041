/// Closing descriptors of strangers. close(2) may wait: for a FUSE file system's answer, for a
/// socket that lingers, for a terminal to drain. PID 1 and the supervisor do not, so they have a
/// child do it that shares their table of descriptors.
#pragma once

#include <cstdint>
#include <span>

namespace mainstay {

/// Closes all of @p descriptors. Those that could make the caller wait may be open a while longer;
/// where there is no process to be had to close them, they stay open.
/// @returns false in that case
bool close_without_waiting(std::span<const std::int32_t> descriptors) noexcept;

}  // namespace mainstay
