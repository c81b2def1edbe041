/// Records of utmp, which a whole group may write, and a list of users.
#include "init/login_record.h"

#include "input.h"

using mainstay::fuzz::require;
using mainstay::init::kLoginRecordSize;
using mainstay::init::Login;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest = mainstay::fuzz::text_of(data, size);
    Login login;
    while (rest.size() >= kLoginRecordSize) {
        mainstay::init::read_login(rest.substr(0, kLoginRecordSize), login);
        rest.remove_prefix(kLoginRecordSize);
        if (login.is_somebody()) {
            const std::string_view terminal = login.terminal;
            require(!login.user.empty() && terminal.front() != '/');
            require(terminal.find("..") == std::string_view::npos);
            require(terminal.find_first_of(" \n\033") == std::string_view::npos);
        }
    }
    const std::string_view user = mainstay::fuzz::take_part(rest);
    if (mainstay::init::names_user(rest, user)) {
        require(!user.empty() && user.front() != '#' && rest.find(user) != std::string_view::npos);
    }
    return 0;
}
