#include "init/modprobe.h"

#include <cstdio>
#include <string_view>

#include "init/log.h"
#include "init/modules.h"

namespace mainstay::init {
namespace {

constexpr char kUsage[] =
    "Usage: modprobe [-q] [-b] [--] NAME… [OPTION=VALUE…]\n"
    "Loads modules, with what they need, by name or by device alias.\n"
    "  -q   say nothing of a name that is unknown\n"
    "  -b   what modprobe.d blacklists is not loaded by its name either\n"
    "  -a   all arguments are names (accepted for others' scripts)\n";

struct Options {
    bool quiet = false;
    bool heeds_blacklist = false;
    int first_name = 0;
};

/// @returns whether the options were understood
bool parse(int argc, char** argv, Options& options) noexcept {
    int i = 1;
    for (; i < argc && argv[i][0] == '-'; ++i) {
        const std::string_view word(argv[i]);
        if (word == "--") {
            ++i;
            break;
        }
        if (word == "-q" || word == "--quiet" || word == "-qa" || word == "-aq") {
            options.quiet = true;
        } else if (word == "-b" || word == "--use-blacklist") {
            options.heeds_blacklist = true;
        } else if (word != "-a" && word != "--all") {
            std::fprintf(stderr, "modprobe: unknown option '%s'\n", argv[i]);
            return false;
        }
    }
    options.first_name = i;
    return i < argc;
}

/// No module's name has one of these, aliases of devices neither.
bool is_parameter(std::string_view word) noexcept {
    return word.find('=') != std::string_view::npos;
}

ModuleOptions take_parameters(int argc, char** argv, int first) noexcept {
    ModuleOptions parameters;
    for (int i = first; i < argc; ++i) {
        if (is_parameter(argv[i])) {
            parameters.append(parameters.empty() ? "" : " ").append(argv[i]);
        }
    }
    return parameters;
}

}  // namespace

int modprobe_main(int argc, char** argv) noexcept {
    Options options;
    if (!parse(argc, argv, options)) {
        std::fputs(kUsage, stderr);
        return 2;
    }
    Log log;
    log.open_container();
    ModuleLoader loader(log);
    if (const auto opened = loader.open(); !opened) {
        if (!options.quiet) {
            std::fprintf(stderr, "modprobe: no modules for this kernel: %s\n",
                         errno_text(opened.error().code));
        }
        return 1;
    }
    const ModuleOptions parameters = take_parameters(argc, argv, options.first_name);
    int exit_code = 0;
    for (int i = options.first_name; i < argc; ++i) {
        if (is_parameter(argv[i]) || (options.heeds_blacklist && loader.is_blacklisted(argv[i]))) {
            continue;
        }
        const ModuleLoader::Outcome outcome = loader.load(argv[i], parameters);
        if (outcome == ModuleLoader::Outcome::Unknown && loader.load_alias(argv[i]) == 0) {
            if (!options.quiet) {
                std::fprintf(stderr, "modprobe: no module is called, or claims, '%s'\n", argv[i]);
            }
            exit_code = 1;
        } else if (outcome == ModuleLoader::Outcome::Failed) {
            exit_code = 1;
        }
    }
    return exit_code;
}

}  // namespace mainstay::init
