/// supervisor: reads its command line and environment, prepares its process, runs.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string_view>
#include <vector>

#include "common/boot_link.h"
#include "common/fd_io.h"
#include "common/paths.h"
#include "common/program_memory.h"
#include "common/protocol.h"
#include "common/version.h"
#include "supervisor/app.h"
#include "supervisor/check.h"
#include "supervisor/chpst/program.h"
#include "supervisor/message_log.h"
#include "supervisor/runsv/program.h"
#include "supervisor/self_test.h"
#include "supervisor/svlog/program.h"
#include "supervisor/svlogd/program.h"
#include "supervisor/upgrade.h"
#include "supervisor/way_back.h"

namespace mainstay::supervisor {
namespace {

constexpr int kExitUsage = 2;

std::string_view variable(const char* name) noexcept {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string_view() : std::string_view(value);
}

Environment own_environment() {
    Environment environment;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        environment.emplace_back(*entry);
    }
    return environment;
}

std::string read_environment_file() {
    std::vector<char> buffer(std::size_t{64} * 1024);
    const auto text = read_file("/etc/environment", buffer);
    return text ? std::string(*text) : std::string();
}

/// Services are started from their own directories: what is relative to ours would be lost.
std::string absolute(const std::string& path) {
    std::array<char, PATH_MAX> here;
    if (path.empty() || path.front() == '/' || ::getcwd(here.data(), here.size()) == nullptr) {
        return path;
    }
    return std::string(here.data()) + "/" + path;
}

/// Where it cannot be made, what lies in it is missed one by one, with a message each.
void make_state_directory(const std::string& path, MessageLog& log) {
    constexpr mode_t kMode = 0755;
    if (path.empty() || ::mkdir(path.c_str(), kMode) == 0 || errno == EEXIST) {
        return;
    }
    const int error = errno;
    log.error("--state-dir: mkdir " + path + ": " + errno_text(error) +
              "; make it, or its parent: without it nothing lasts until the next start");
}

/// Of who started us; 0 where that does not say.
std::uint32_t link_version() noexcept {
    const std::string_view text = variable(kLinkVersionVariable);
    std::uint32_t version = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
    return error == std::errc() && end == text.data() + text.size() ? version : 0;
}

/// Of the program that was this process before; nothing where there was none.
std::optional<UpgradeNote> take_upgrade_note() {
    const char* text = std::getenv(kUpgradeVariable);
    if (text == nullptr) {
        return std::nullopt;
    }
    auto note = parse_upgrade_note(text);
    ::unsetenv(kUpgradeVariable);
    return note;
}

/// Executed by descriptor, the process would be called by that.
void take_name(std::string_view path) noexcept {
    const std::string name(path.substr(path.rfind('/') + 1));
    ::prctl(PR_SET_NAME, name.c_str());
}

int supervise(Options options, char** argv) {
    auto note = take_upgrade_note();
    const char* const link_variable = std::getenv(kLinkVariable);
    if (note) {
        keep_way_back(*note, boot_link_number(link_variable), argv);
        take_name(argv[0]);
    }
    const auto link = find_boot_link(link_variable);
    const bool has_link = link && link->has_value();
    const bool is_system = has_link && variable(kLinkRoleVariable).empty();
    options.directory = absolute(options.directory);
    options.control_socket = absolute(options.control_socket);
    options.log_directory = absolute(options.log_directory);
    options.state_directory = absolute(options.state_directory);
    prepare_descriptors_and_signals();
    if (note) {
        keep_way_back(*note, has_link ? **link : -1, argv);
    }
    MessageLog log(is_system ? MessageLog::Sink::Kernel : MessageLog::Sink::StandardError);
    if (!link) {
        log.error(std::string(kLinkVariable) + "=" + link_variable + ": " +
                  errno_text(link.error().code) + "; going on without PID 1");
    }
    make_state_directory(options.state_directory, log);
    AppSettings settings;
    if (auto messages = make_pipe()) {
        log.copy_to(std::move(messages->write_end));
        settings.own_messages = std::move(messages->read_end);
        static_cast<void>(::fcntl(settings.own_messages.get(), F_SETFL, O_NONBLOCK));
    }
    settings.link_version = link_version();
    settings.boot_link = has_link ? UniqueFd(**link) : UniqueFd();
    settings.born_with = raise_limits(log);
    if (note) {
        settings.born_with = born_as(*note);
    }
    settings.pid_1_is_ours = is_system;
    settings.argv = argv;
    settings.upgrade = std::move(note);
    const bool is_machine = is_system && variable("container").empty();
    settings.environment =
        service_environment(is_machine ? Origin::Machine : Origin::Inherited, own_environment(),
                            is_machine ? read_environment_file() : "", options.control_socket);
    settings.options = std::move(options);
    return run_app(std::move(settings), log);
}

struct Invoke {
    char** argv;

    int operator()(const Options& options) const { return supervise(options, argv); }
    int operator()(const Check& check) const { return check_services(check); }
    int operator()(const ShowHelp& /*unused*/) const {
        std::fwrite(help_text().data(), 1, help_text().size(), stdout);
        return EXIT_SUCCESS;
    }
    int operator()(const ShowVersion& /*unused*/) const {
        std::printf("supervisor (mainstay) %s, commit %s, link %d, protocol %d\n", kVersion,
                    kCommit, kLinkVersion, protocol::kVersion);
        return EXIT_SUCCESS;
    }
    int operator()(const UsageError& error) const {
        std::fprintf(stderr, "supervisor: %s\nTry supervisor --help.\n", error.message.c_str());
        return kExitUsage;
    }
};

int run_supervisor(int argc, char** argv) {
    const std::vector<std::string_view> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    if (arguments.size() == 1 && arguments[0] == kSelfTestWord) {
        return run_self_test();
    }
    std::string path = program_path(argc > 0 ? argv[0] : kSupervisorProgram);
    if (argc > 0) {
        argv[0] = path.data();
    }
    return std::visit(Invoke{argv},
                      parse_options(arguments, {variable(kSocketVariable),
                                                variable("XDG_RUNTIME_DIR"), ::geteuid() == 0}));
}

/// What else this program is, by the name it is started under.
struct Personality {
    std::string_view name;
    int (*run)(int argc, char** argv);
};
constexpr std::array<Personality, 4> kPersonalities = {{
    {"runsv", runsv::run_program},
    {"runsvdir", runsv::run_dir_program},
    {svlog::kProgramName, svlog::run_program},
    {svlogd::kProgramName, svlogd::run_program},
}};

int run_by_name(int argc, char** argv) {
    const std::string_view path = argc > 0 ? argv[0] : "";
    const std::string_view name = path.substr(path.rfind('/') + 1);
    for (const Personality& personality : kPersonalities) {
        if (personality.name == name) {
            return personality.run(argc, argv);
        }
    }
    if (const auto program = chpst::program_of(name)) {
        return chpst::run_program(argc, argv, *program);
    }
    return run_supervisor(argc, argv);
}

}  // namespace
}  // namespace mainstay::supervisor

int main(int argc, char** argv) {
    try {
        return mainstay::supervisor::run_by_name(argc, argv);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "supervisor: %s\n", e.what());
        return EXIT_FAILURE;
    }
}
