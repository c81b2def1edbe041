/// Lines of sysctl.d.
#include "init/sysctl_line.h"

#include "input.h"

using mainstay::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest = mainstay::fuzz::text_of(data, size);
    while (!rest.empty()) {
        const std::string_view text = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(text.size() < rest.size() ? text.size() + 1 : text.size());
        const auto line = mainstay::init::parse_sysctl_line(text);
        if (line.kind == mainstay::init::SysctlLine::Kind::Setting) {
            require(!line.path.empty() && line.path.view().front() != '/');
            require(line.path.view().find("//") == std::string_view::npos);
            require(line.path != ".." && line.path.view().find("/../") == std::string_view::npos);
            require(mainstay::fuzz::is_within(line.value, text));
        }
    }
    return 0;
}
