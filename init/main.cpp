// `init` under each of its names. What it does depends on the name it is called by, and on whether
// it is the first process of its pid namespace.

#include <unistd.h>

#include <cstdio>
#include <optional>
#include <string_view>

#include "common/boot_link.h"
#include "common/paths.h"
#include "common/program_memory.h"
#include "common/version.h"
#include "init/boot.h"
#include "init/check.h"
#include "init/environment.h"
#include "init/exit_root.h"
#include "init/login_records.h"
#include "init/minimal_init.h"
#include "init/modprobe.h"
#include "init/power_tool.h"
#include "init/self_test.h"
#include "init/shutdown.h"
#include "init/telinit.h"

namespace {

using namespace mainstay;        // NOLINT(google-build-using-namespace)
using namespace mainstay::init;  // NOLINT(google-build-using-namespace)

std::string_view base_name(std::string_view path) noexcept {
    return path.substr(path.rfind('/') + 1);
}

/// What is done under another name than init's; nothing under that and telinit's.
std::optional<int> run_under(std::string_view name, int argc, char** argv) noexcept {
    if (name == "modprobe") {
        return modprobe_main(argc, argv);
    }
    if (name == "poweroff" || name == "reboot" || name == "halt") {
        return power_main(name.data(), argc, argv);
    }
    if (name == "runlevel") {
        return runlevel_main(argc, argv);
    }
    if (name == "shutdown") {
        return ::getpid() == 1 ? exit_root_main(argc > 1 ? argv[1] : "reboot")
                               : shutdown_main(argc, argv);
    }
    if (const auto style = container_style(name)) {
        return container_main(*style, argc, argv);
    }
    if (name != "telinit" && asks_for_container(argc, argv)) {
        return container_main(ContainerStyle::Own, argc, argv);
    }
    return std::nullopt;
}

int print_version() noexcept {
    std::printf("Mainstay init %s (%s), boot link %u\n", kVersion, kCommit,
                static_cast<unsigned>(kLinkVersion));
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 1) {
        return 2;  // nobody gave a name; execve(2) with an empty argv
    }
    const std::string_view name = base_name(argv[0]);
    if (const auto code = run_under(name, argc, argv)) {
        return *code;
    }
    const std::string_view first = argc > 1 ? argv[1] : "";
    // The kernel hands PID 1 whatever words it does not know itself: they are no options of ours.
    const bool is_booting = ::getpid() == 1 && name != "telinit";
    if (!is_booting || !is_first_pid_namespace()) {
        if (first == "--version") {
            return print_version();
        }
        if (first == "--check") {
            return check_main(argc > 2 ? argv[2] : kInittab);
        }
        if (first == kSelfTestWord) {
            return self_test_main();
        }
        if (first == "--help") {
            return telinit_main(argc, argv);
        }
    }
    return is_booting ? boot(argc, argv) : telinit_main(argc, argv);
}
