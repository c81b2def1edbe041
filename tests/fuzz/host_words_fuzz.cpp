/// Words of a container's manager: a UUID, an address of vsock, a terminal.
#include "init/machine_id.h"
#include "init/notify_address.h"
#include "init/terminal_name.h"
#include "input.h"

using mainstay::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = mainstay::fuzz::text_of(data, size);
    const auto id = mainstay::init::machine_id_of(text);
    require(id.empty() || (id.size() == 32 && mainstay::init::machine_id_of(id) == id.view()));
    if (mainstay::init::parse_vsock_address(text)) {
        require(mainstay::init::is_vsock_address(text));
    }
    const std::string_view name = mainstay::init::without_dev(text);
    require(mainstay::fuzz::is_within(name, text));
    if (mainstay::init::is_terminal_name(name)) {
        require(name.front() != '/' && name.find("/../") == std::string_view::npos);
    }
    return 0;
}
