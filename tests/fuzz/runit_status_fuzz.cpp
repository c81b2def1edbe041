/// supervise/status of whoever wrote it, and /proc/locks.
#include "common/runit_status.h"

#include "input.h"
#include "supervisor/runit_wire.h"

using mainstay::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = mainstay::fuzz::text_of(data, size);
    if (const auto status = mainstay::unpack_runit_status(text)) {
        const auto packed = mainstay::pack(*status);
        require(mainstay::unpack_runit_status({packed.data(), packed.size()}) == status);
        require(mainstay::stat_text(*status).ends_with('\n'));
    } else {
        require(size != mainstay::kRunitStatusSize);
    }
    require(mainstay::supervisor::holder_of_lock(text, 8, 1, 1234) >= 0);
    return 0;
}
