/// Files `uevent` of sysfs.
#include "init/device_uevent.h"

#include "input.h"

using mainstay::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto node = mainstay::init::parse_device_uevent(mainstay::fuzz::text_of(data, size));
    if (node) {
        const std::string_view name = node->name;
        require(!name.empty() && name.front() != '/' && name.back() != '/');
        require(name != ".." && name.find("../") != 0);
        require(name.find("/../") == std::string_view::npos);
        require(node->mode <= 0777);
    }
    return 0;
}
