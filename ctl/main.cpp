/// svctl: the admin's tool. Reads the command line and hands over to run().
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <new>

#include "ctl/commands.h"
#include "ctl/sv.h"
#include "ctl/terminal.h"
#include "ctl/text.h"

namespace {

using namespace mainstay::ctl;
using mainstay::protocol::ExitCode;

/// Where 0, 1 or 2 were closed by the caller, the socket would take their place and get our output.
/// What fills the gap is open for reading only: writing to it fails as it did before.
void fill_standard_descriptors() {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
        if (::fcntl(fd, F_GETFD) < 0) {
            static_cast<void>(::open("/dev/null", O_RDONLY));  // takes the lowest number: fd
        }
    }
}

/// By any other name it is sv, or the init script of the service of that name.
bool is_svctl(std::string_view path) noexcept {
    const std::string_view name = path.substr(path.rfind('/') + 1);
    return name.empty() || name.starts_with("svctl");
}

ExitCode run_words(const std::vector<std::string_view>& words, Output& output) {
    const ParsedArgs parsed = parse_args(words);
    if (const auto* error = std::get_if<UsageError>(&parsed)) {
        output.complain("svctl: " + visible(error->message, output.error_style().charset) + "\n");
        return ExitCode::Usage;
    }
    if (std::holds_alternative<PrintOwnVersion>(parsed)) {
        output.print(own_version());
        return ExitCode::Done;
    }
    return run(std::get<Invocation>(parsed), output);
}

}  // namespace

int main(int argc, char** argv) {
    fill_standard_descriptors();
    // A reader that leaves (svctl list | head -1) ends svctl, as it ends any filter, also where the
    // caller had SIGPIPE ignored.
    ::signal(SIGPIPE, SIG_DFL);
    try {
        if (argc > 0 && !is_svctl(argv[0])) {
            return run_sv({argv, static_cast<std::size_t>(argc)});
        }
        const std::vector<std::string_view> words(argv + (argc > 0 ? 1 : 0), argv + argc);
        const bool is_plain =
            environment("TERM").empty() || environment("TERM") == std::string_view("dumb");
        Output output(style_for(STDOUT_FILENO), style_for(STDERR_FILENO),
                      is_plain ? Output::Lines::Final : Output::Lines::Rewritable);
        ExitCode exit = run_words(words, output);
        output.flush();
        if (output.has_failed() && exit == ExitCode::Done) {
            exit = ExitCode::ServiceFailed;
        }
        return static_cast<int>(exit);
    } catch (const std::bad_alloc&) {
        static_cast<void>(!::write(STDERR_FILENO, "svctl: out of memory\n", 21));
        return static_cast<int>(ExitCode::ServiceFailed);
    }
}
