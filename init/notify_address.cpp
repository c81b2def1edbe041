#include "init/notify_address.h"

#include <charconv>

namespace mainstay::init {
namespace {

using Type = VsockAddress::Type;

std::optional<Type> type_named(std::string_view name) noexcept {
    if (name == "vsock") {
        return Type::Any;
    }
    if (name == "vsock-stream") {
        return Type::Stream;
    }
    if (name == "vsock-dgram") {
        return Type::Datagram;
    }
    if (name == "vsock-seqpacket") {
        return Type::Seqpacket;
    }
    return std::nullopt;
}

bool take_number(std::string_view text, std::uint32_t& number) noexcept {
    const char* const end = text.data() + text.size();
    const auto [stopped, failure] = std::from_chars(text.data(), end, number);
    return failure == std::errc() && stopped == end;
}

}  // namespace

bool is_vsock_address(std::string_view text) noexcept {
    return text.substr(0, 5) == "vsock";
}

std::optional<VsockAddress> parse_vsock_address(std::string_view text) noexcept {
    const std::size_t first = text.find(':');
    const std::size_t second = text.rfind(':');
    const auto type = type_named(text.substr(0, first));
    VsockAddress address;
    if (!type || first == second || !take_number(text.substr(second + 1), address.port) ||
        !take_number(text.substr(first + 1, second - first - 1), address.cid)) {
        return std::nullopt;
    }
    address.type = *type;
    return address;
}

}  // namespace mainstay::init
