#include "ctl/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>

namespace mainstay::ctl {

std::string_view environment(const char* name) noexcept {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): there is one thread
    return value != nullptr ? std::string_view(value) : std::string_view();
}

Style style_for(int fd) noexcept {
    Surroundings surroundings;
    if (::isatty(fd) == 1) {
        surroundings.sink = Surroundings::Sink::Terminal;
        winsize size{};
        if (::ioctl(fd, TIOCGWINSZ, &size) == 0) {
            surroundings.terminal_columns = size.ws_col;
        }
    }
    surroundings.no_color = environment("NO_COLOR");
    surroundings.term = environment("TERM");
    surroundings.lc_all = environment("LC_ALL");
    surroundings.lc_ctype = environment("LC_CTYPE");
    surroundings.lang = environment("LANG");
    return choose_style(surroundings);
}

LocalTime local_now() noexcept {
    const std::time_t now = std::time(nullptr);
    std::tm local{};
    const long offset = ::localtime_r(&now, &local) != nullptr ? local.tm_gmtoff : 0;
    return LocalTime(now + offset);
}

}  // namespace mainstay::ctl
