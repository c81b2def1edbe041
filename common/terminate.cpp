// What is said when an exception was caught by nobody. The C++ library's own handler prints the
// exception's type in readable form, and brings the demangler for that: 40 KiB in each program.
// Ours stands in its place by its name, as the linker takes the first that it finds.
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <string_view>

#include "common/fd_io.h"

namespace __gnu_cxx {  // NOLINT(bugprone-reserved-identifier): the library's name is what counts

void __verbose_terminate_handler() {  // NOLINT(bugprone-reserved-identifier)
    const auto say = [](std::string_view text) {
        static_cast<void>(mainstay::write_all(STDERR_FILENO, text));
    };
    say("fatal: an error that nobody expected");
    if (std::current_exception() != nullptr) {
        try {
            throw;
        } catch (const std::exception& error) {
            say(": ");
            say(error.what());
        } catch (...) {
            say(" and that has no words");
        }
    }
    say("\n");
    std::abort();
}

}  // namespace __gnu_cxx
