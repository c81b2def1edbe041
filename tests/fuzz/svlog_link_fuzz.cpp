// A message of the link to svlog is refused or comes out as it went in.
#include "input.h"
#include "supervisor/svlog/file_names.h"
#include "supervisor/svlog/link_message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace mainstay;
    const auto message = svlog::decode(fuzz::text_of(data, size));
    if (!message) {
        return 0;
    }
    fuzz::require(message->text.size() <= svlog::kLongestText);
    fuzz::require(message->settings.min_free_percent <= 100);
    fuzz::require(svlog::decode(svlog::encode(*message)) == message);
    const std::string name = svlog::directory_name(message->text);
    fuzz::require(!name.empty() && name.size() < 256 && name.front() != '.');
    fuzz::require(name.find('/') == std::string::npos && name.find('\0') == std::string::npos);
    return 0;
}
