/// /etc/passwd and /etc/group, and who is looked for in them.
#include "supervisor/user_table.h"

#include "input.h"

using mainstay::fuzz::require;
using mainstay::fuzz::take_part;
namespace supervisor = mainstay::supervisor;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest = mainstay::fuzz::text_of(data, size);
    supervisor::ProcessSettings settings;
    settings.user = take_part(rest);
    settings.group = take_part(rest);
    const std::string_view passwd = take_part(rest);
    const auto identity = supervisor::resolve_identity(settings, passwd, rest, 1, 2);
    if (identity) {
        require(identity->uid != UINT32_MAX && identity->gid != UINT32_MAX);
        require(settings.user.empty() ? identity->uid == 1 : true);
    } else {
        require(!identity.error().stage.empty() && !identity.error().reason.empty());
    }
    return 0;
}
