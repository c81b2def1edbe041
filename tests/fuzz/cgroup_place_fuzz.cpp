/// /proc/self/mountinfo and /proc/self/cgroup, a service's name, and files of numbers.
#include "supervisor/cgroup_place.h"

#include "input.h"
#include "supervisor/process_words.h"

using mainstay::fuzz::require;
using mainstay::fuzz::take_part;
namespace supervisor = mainstay::supervisor;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest = mainstay::fuzz::text_of(data, size);
    const std::string_view mounts = take_part(rest);
    const std::string_view membership = take_part(rest);
    (void)supervisor::own_cgroup(mounts, membership);
    const std::string name = supervisor::cgroup_name(rest);
    require(name.find('/') == std::string::npos && name.empty() == rest.empty());
    require(name.empty() || (name[0] != '.' && name[0] != '@'));
    (void)supervisor::keyed_number(rest, "oom_kill");
    (void)supervisor::interpreter_of(rest);
    return 0;
}
