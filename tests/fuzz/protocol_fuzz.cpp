// Any line gives a value or a refusal, and what was read is what is read again when it is written.
#include <string>

#include "common/protocol.h"
#include "input.h"

namespace protocol = mainstay::protocol;

namespace {

using mainstay::fuzz::require;

/// A line of ours: ends with its only newline.
std::string_view checked(const std::string& line) {
    require(!line.empty() && line.find('\n') == line.size() - 1);
    return std::string_view(line).substr(0, line.size() - 1);
}

void check_request(std::string_view line) {
    const auto parsed = protocol::parse_request(line);
    if (const auto* request = std::get_if<protocol::Request>(&parsed)) {
        const std::string again = encode(*request);
        const auto reparsed = protocol::parse_request(checked(again));
        const auto* same = std::get_if<protocol::Request>(&reparsed);
        require(same != nullptr && *same == *request);
    } else {
        const std::string refusal = encode(std::get<protocol::Refusal>(parsed));
        const auto reply = protocol::parse_reply(checked(refusal));
        require(std::holds_alternative<protocol::Reply>(reply));
    }
}

void check_reply(std::string_view line) {
    const auto parsed = protocol::parse_reply(line);
    if (const auto* reply = std::get_if<protocol::Reply>(&parsed)) {
        const std::string once = std::visit([](const auto& r) { return encode(r); }, *reply);
        const auto reparsed = protocol::parse_reply(checked(once));
        const auto* same = std::get_if<protocol::Reply>(&reparsed);
        require(same != nullptr && same->index() == reply->index());
        const std::string twice = std::visit([](const auto& r) { return encode(r); }, *same);
        require(once == twice);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view line = mainstay::fuzz::text_of(data, size);
    check_request(line);
    check_reply(line);
    static_cast<void>(protocol::parse_greeting(line));
    return 0;
}
