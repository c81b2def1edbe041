#include "supervisor/svlog/link_message.h"

#include <algorithm>
#include <cstring>

namespace mainstay::svlog {
namespace {

/// The fixed part of every message; the text follows.
struct Head {
    std::uint8_t type;
    std::uint8_t format;
    std::uint16_t text_size;
    std::uint32_t slot;
    std::uint32_t number;
    std::uint32_t max_files;
    std::uint32_t min_free_percent;
    std::uint32_t reserved;
    std::uint64_t memory;
    std::uint64_t max_size;
    std::int64_t max_age;  ///< seconds
};
static_assert(sizeof(Head) == 48 && sizeof(Head) + kLongestText <= kLongestMessage);

}  // namespace

std::string encode(const Message& message) {
    const std::size_t text_size = std::min(message.text.size(), kLongestText);
    const Settings& settings = message.settings;
    const Head head{static_cast<std::uint8_t>(message.type),
                    static_cast<std::uint8_t>(settings.format),
                    static_cast<std::uint16_t>(text_size),
                    message.slot,
                    message.number,
                    settings.max_files,
                    settings.min_free_percent,
                    0,
                    settings.memory,
                    settings.max_size,
                    settings.max_age.count()};
    std::string bytes(sizeof head + text_size, '\0');
    std::memcpy(bytes.data(), &head, sizeof head);
    std::memcpy(bytes.data() + sizeof head, message.text.data(), text_size);
    return bytes;
}

std::optional<Message> decode(std::string_view bytes) {
    Head head;
    if (bytes.size() < sizeof head) {
        return std::nullopt;
    }
    std::memcpy(&head, bytes.data(), sizeof head);
    const bool is_known = head.type >= static_cast<std::uint8_t>(MessageType::Setup) &&
                          head.type <= static_cast<std::uint8_t>(MessageType::News) &&
                          head.format <= static_cast<std::uint8_t>(StampFormat::None);
    if (!is_known || bytes.size() != sizeof head + head.text_size ||
        head.text_size > kLongestText) {
        return std::nullopt;
    }
    Message message;
    message.type = static_cast<MessageType>(head.type);
    message.slot = head.slot;
    message.number = head.number;
    message.settings = {
        head.memory,
        head.max_size,
        head.max_files,
        std::min(head.min_free_percent, 100U),
        std::chrono::seconds(std::clamp<std::int64_t>(head.max_age, 1, kNoAge.count())),
        static_cast<StampFormat>(head.format)};
    message.text = bytes.substr(sizeof head);
    return message;
}

}  // namespace mainstay::svlog
