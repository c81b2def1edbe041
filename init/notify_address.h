/// PURE. NOTIFY_SOCKET where it leads out of a virtual machine, as sd_notify(3) has it:
/// `vsock:CID:PORT`, or with a type `vsock-stream:`, `vsock-dgram:`, `vsock-seqpacket:`.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace mainstay::init {

struct VsockAddress {
    enum class Type : std::uint8_t { Any, Stream, Datagram, Seqpacket };
    Type type = Type::Any;
    std::uint32_t cid = 0;  ///< 2: the host
    std::uint32_t port = 0;
};

/// Whether it means to be one.
bool is_vsock_address(std::string_view text) noexcept;

/// @returns nothing for what is none, or misspelt
std::optional<VsockAddress> parse_vsock_address(std::string_view text) noexcept;

}  // namespace mainstay::init
