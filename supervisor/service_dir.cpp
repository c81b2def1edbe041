#include "supervisor/service_dir.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdlib>

#include "common/fd_io.h"
#include "common/units.h"

namespace mainstay::supervisor {
namespace {

bool exists(const std::string& path) noexcept {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0;
}

bool is_directory(const std::string& path) noexcept {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

std::string resolved(const std::string& path) {
    std::array<char, PATH_MAX> buffer;
    return ::realpath(path.c_str(), buffer.data()) == nullptr ? path : std::string(buffer.data());
}

/// timeout-kill: milliseconds; 0 means never, as s6 has it.
void read_stop_timeout(const std::string& path, LoadedDefinition& loaded) {
    std::array<char, 32> buffer;
    const auto text = read_file(path.c_str(), buffer);
    if (!text) {
        if (text.error().code != ENOENT) {
            loaded.problems.push_back(path + ": " + errno_text(text.error().code) +
                                      "; the stop timeout stays 10 s");
        }
        return;
    }
    std::uint32_t milliseconds = 0;
    const char* end = text->data() + text->size();
    const auto parsed = std::from_chars(text->data(), end, milliseconds);
    const bool is_whole = parsed.ec == std::errc() && (parsed.ptr == end || *parsed.ptr == '\n');
    if (!is_whole) {
        loaded.problems.push_back(path +
                                  ": not a number of milliseconds; the stop timeout stays "
                                  "10 s");
        return;
    }
    loaded.definition.policy.stop_timeout =
        milliseconds == 0 ? kForever : Duration(std::chrono::milliseconds(milliseconds));
}

}  // namespace

LoadedDefinition ServiceDirs::load(const std::string& path) {
    LoadedDefinition loaded;
    Definition& definition = loaded.definition;
    definition.path = path;
    definition.resolved = resolved(path);
    definition.has_down_file = exists(path + "/" + kDownFile);
    definition.has_log = is_directory(path + "/" + kLogDirectory);
    definition.policy.has_finish = exists(path + "/" + kFinishFile);
    read_stop_timeout(path + "/" + kStopTimeoutFile, loaded);
    return loaded;
}

}  // namespace mainstay::supervisor
