/// Lines of /proc/self/mountinfo.
#include "init/mount_table.h"
#include "input.h"

using mainstay::fuzz::is_within;
using mainstay::fuzz::require;
using mainstay::init::parse_mount_line;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest = mainstay::fuzz::text_of(data, size);
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(line.size() < rest.size() ? line.size() + 1 : line.size());
        const auto parsed = parse_mount_line(line);
        if (parsed) {
            require(!parsed->mount_point.empty() && parsed->mount_point.view().front() == '/');
            require(!parsed->type.empty() && is_within(parsed->type, line));
            require(is_within(parsed->source, line));
            (void)mainstay::init::is_api_file_system(parsed->type);
        }
    }
    return 0;
}
