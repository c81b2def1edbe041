/// Lines of tmpfiles.d, and the table of users.
#include "init/tmpfiles_line.h"

#include "init/name_table.h"
#include "input.h"

using mainstay::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest = mainstay::fuzz::text_of(data, size);
    while (!rest.empty()) {
        const std::string_view text = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(text.size() < rest.size() ? text.size() + 1 : text.size());
        const auto line = mainstay::init::parse_tmpfiles_line(text);
        require((line.kind == mainstay::init::TmpfilesLine::Kind::Wrong) ==
                (line.problem != nullptr));
        if (line.kind == mainstay::init::TmpfilesLine::Kind::Action) {
            require(line.path.view().front() == '/');
            require(line.path.view().find("..") == std::string_view::npos);
            (void)mainstay::init::find_id(text, line.user);
        }
    }
    return 0;
}
