#include "supervisor/runsv/program.h"

#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "common/fd_io.h"
#include "supervisor/runsv/arguments.h"
#include "supervisor/runsv/dir_parent.h"
#include "supervisor/runsv/house.h"

namespace mainstay::supervisor::runsv {
namespace {

constexpr int kExitUsage = 1;
constexpr char kRunsv[] = "runsv";

std::span<char* const> words_of(int argc, char** argv) {
    return argc > 0 ? std::span<char* const>(argv, static_cast<std::size_t>(argc))
                    : std::span<char* const>();
}

int refuse(std::span<char* const> words, std::string_view arguments) {
    const std::string_view program = words.empty() ? "" : words[0];
    static_cast<void>(write_all(STDERR_FILENO, usage(program, arguments)));
    return kExitUsage;
}

/// Services are started from their own directories: what is relative to ours would be lost. What
/// leads nowhere stays as it is, and shows.
std::string absolute(const std::string& path) {
    std::array<char, PATH_MAX> buffer;
    if (path.starts_with('/')) {
        return path;
    }
    return ::getcwd(buffer.data(), buffer.size()) == nullptr
               ? path
               : std::string(buffer.data()) + "/" + path;
}

/// A service is called after its directory, or after the link that leads there.
std::string path_of_service(std::string path) {
    path.erase(path.find_last_not_of('/') + 1);
    const std::string_view name = std::string_view(path).substr(path.rfind('/') + 1);
    std::array<char, PATH_MAX> buffer;
    const bool has_no_name = name.empty() || name == "." || name == "..";
    return has_no_name && ::realpath(path.empty() ? "/" : path.c_str(), buffer.data()) != nullptr
               ? std::string(buffer.data())
               : absolute(path);
}

/// What services get is what this process was born with, before it changes it for itself.
Birthright birthright(Voice& voice) {
    Birthright right;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        right.environment.emplace_back(*entry);
    }
    right.umask = ::umask(0);
    ::umask(static_cast<mode_t>(right.umask));
    right.limits = raise_limits(voice);
    right.number = ::getpid();
    return right;
}

/// The house is not runsvdir: not for who lists processes, nor for who looks for one by its name.
void take_title(std::span<char* const> words, const std::string& directory) {
    ::prctl(PR_SET_NAME, kRunsv);
    char* const last = words.back();
    const std::span<char> room(words.front(), last + std::strlen(last));
    std::fill(room.begin(), room.end(), '\0');
    std::string title(kRunsv);
    title.append(1, '\0').append(directory);
    std::copy_n(title.begin(), std::min(title.size(), room.size()), room.begin());
}

}  // namespace

int run_program(int argc, char** argv) {
    const auto words = words_of(argc, argv);
    const char* const directory = words.empty() ? nullptr : parse_call(words.subspan(1));
    if (directory == nullptr) {
        return refuse(words, "dir");
    }
    Voice voice(std::string("runsv ") + directory);
    HouseSettings settings;
    settings.birthright = birthright(voice);
    settings.directory = *directory == '\0' ? "" : path_of_service(directory);
    prepare_descriptors_and_signals();
    return run_house(std::move(settings), voice);
}

int run_dir_program(int argc, char** argv) {
    const auto words = words_of(argc, argv);
    const auto call = words.empty() ? std::nullopt : parse_dir_call(words.subspan(1));
    if (!call) {
        return refuse(words, "[-P] dir");
    }
    const std::string directory = call->directory;
    Voice voice("runsvdir " + directory);
    const Birthright right = birthright(voice);
    const auto house = [&](Bequest bequest) {
        take_title(words, directory);
        HouseSettings its;
        its.birthright = right;
        its.directory = absolute(directory);
        its.holds = HouseSettings::Holds::Services;
        its.runsvdir = std::move(bequest.runsvdir);
        its.table = bequest.table;
        its.kept = std::move(bequest.kept);
        prepare_descriptors_and_signals();
        // That orphans come to it is not inherited.
        static_cast<void>(raise_limits(voice));
        return run_house(std::move(its), voice);
    };
    return run_dir_parent(*call, voice, house);
}

}  // namespace mainstay::supervisor::runsv
