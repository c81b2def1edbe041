/// /etc/fstab, and the mount options in it.
#include "init/fstab.h"

#include "init/mount_options.h"
#include "input.h"

using mainstay::fuzz::require;
using mainstay::init::FstabLine;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = mainstay::fuzz::text_of(data, size);
    mainstay::init::for_each_fstab_line(text, [](std::uint32_t number, const FstabLine& line) {
        require(number > 0);
        require((line.kind == FstabLine::Kind::Wrong) == (line.problem != nullptr));
        if (line.kind == FstabLine::Kind::Entry) {
            require(!line.entry.source.empty() && !line.entry.type.empty());
            const auto options = mainstay::init::parse_mount_options(line.entry.options);
            require(options.data.size() <= line.entry.options.size());
        }
    });
    return 0;
}
