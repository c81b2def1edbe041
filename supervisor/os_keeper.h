/// The seam to whoever keeps descriptors for the next supervisor should this one die: PID 1 over
/// the boot link. Where nobody does (another init), the calls do nothing.
///
/// A descriptor is known by what it is and whose: a kind and the service's id, which is the same in
/// the next supervisor. Whatever is kept is handed over before the next supervisor's first start.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace mainstay::supervisor {

/// Values are part of the state that outlives a supervisor: never reused or renumbered.
enum class KeptKind : std::uint16_t {
    LogPipe = 1,       ///< what a service writes and svlog reads: read end, write end
    LoggerPipe = 2,    ///< what feeds a log/run or shared logger, by the logger's id: read, write
    Arena = 3,         ///< svlog's memory; the id is 0
    NotifySocket = 4,  ///< of a service, bound
    ReadyPipe = 5,     ///< read end of a notification-fd that has not said its word yet
    Stored = 6,        ///< what a service stored (FDSTORE), each a part: it, and its label
    Listening = 7,     ///< sockets of the key listen
};

/// Of more descriptors than one key can hold, each part has a key of its own.
constexpr KeptKind part_of(KeptKind kind, std::size_t part) noexcept {
    return static_cast<KeptKind>(static_cast<unsigned>(kind) | static_cast<unsigned>(part) << 8U);
}
/// Numbers of parts are below this.
inline constexpr std::size_t kPartCount = 256;
constexpr std::size_t number_of_part(KeptKind kind) noexcept {
    return static_cast<unsigned>(kind) >> 8U;
}
constexpr KeptKind whole_of(KeptKind kind) noexcept {
    return static_cast<KeptKind>(static_cast<unsigned>(kind) & 0xffU);
}

class Keeper {
  public:
    Keeper() = default;
    Keeper(const Keeper&) = delete;
    Keeper& operator=(const Keeper&) = delete;
    virtual ~Keeper() = default;

    /// Has copies of @p descriptors kept, in place of what was kept under this kind and id before.
    /// Does not wait and does not fail: what cannot be kept is logged.
    /// @param descriptors borrowed; at most 8
    virtual void keep(KeptKind kind, std::uint32_t id, std::span<const int> descriptors) = 0;

    virtual void drop(KeptKind kind, std::uint32_t id) = 0;
};

}  // namespace mainstay::supervisor
