/// modprobe.d files; what follows the first NUL is the kernel command line.
#include "init/modprobe_config.h"

#include "input.h"

using mainstay::fuzz::is_within;
using mainstay::fuzz::require;
using mainstay::init::ModprobeConfig;
using mainstay::init::SoftDependency;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = mainstay::fuzz::text_of(data, size);
    const std::size_t end = text.find('\0');
    const std::string_view files = text.substr(0, end);
    const ModprobeConfig config(
        files, end == std::string_view::npos ? std::string_view() : text.substr(end + 1));
    for (const char* name : {"a", "virtio-net", ""}) {
        mainstay::init::ModuleOptions options;
        (void)config.collect_options(name, options);
        (void)config.is_blacklisted(name);
        (void)config.is_disabled(name);
        for (const auto which : {SoftDependency::Before, SoftDependency::After}) {
            config.for_each_soft(name, which, [&](std::string_view other) {
                require(!other.empty() && is_within(other, files));
            });
        }
        require(mainstay::init::unknown_symbol(text, name).size() <= text.size());
    }
    return 0;
}
