#include "init/modules.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "common/fd_io.h"

namespace mainstay::init {
namespace {

constexpr int kMaxDeviceDepth = 24;
constexpr std::string_view kCompressedEndings[] = {".xz", ".zst", ".gz"};

bool is_compressed(std::string_view path) noexcept {
    for (const std::string_view ending : kCompressedEndings) {
        if (path.size() > ending.size() && path.substr(path.size() - ending.size()) == ending) {
            return true;
        }
    }
    return false;
}

MappedMemory map_or_empty(std::string_view directory, std::string_view name) noexcept {
    FixedString<192> path(directory);
    path.append(name);
    auto file = MappedMemory::file(path.c_str());
    return file ? std::move(*file) : MappedMemory();
}

/// What finit_module(2)'s errors mean for a module file.
const char* explain(int code) noexcept {
    switch (code) {
        case ENOENT:
            return "a symbol is missing; is another module not loaded?";
        case ENOEXEC:
            return "not a module of this kernel";
        case EOPNOTSUPP:
            return "compressed, and this kernel does not decompress modules itself";
        default:
            return errno_text(code);
    }
}

}  // namespace

Result<void> ModuleLoader::open() noexcept {
    utsname names{};
    if (::uname(&names) != 0) {
        return last_error("uname");
    }
    directory_ = std::string_view("/lib/modules/");
    directory_.append(names.release).append("/");
    if (::access(directory_.c_str(), F_OK) != 0) {
        return last_error("open");
    }
    dep_ = map_or_empty(directory_, "modules.dep");
    alias_ = map_or_empty(directory_, "modules.alias");
    builtin_ = map_or_empty(directory_, "modules.builtin");
    if (dep_.text().empty()) {
        log_.error(
            "%smodules.dep is missing or empty: no module can be loaded; run depmod when "
            "the image is made",
            directory_.c_str());
        return Error{"open", ENOENT};
    }
    return {};
}

bool ModuleLoader::insert(std::string_view path) noexcept {
    FixedString<512> full;
    if (path.substr(0, 1) != "/") {
        full.append(directory_);
    }
    full.append(path);
    const auto fd = open_file(full.c_str(), O_RDONLY);
    if (!fd) {
        log_.error("module %s: %s", full.c_str(), errno_text(fd.error().code));
        return false;
    }
    constexpr int kModuleInitCompressed = 4;  // MODULE_INIT_COMPRESSED_FILE, Linux 5.17
    const int flags = is_compressed(path) ? kModuleInitCompressed : 0;
    if (::syscall(SYS_finit_module, fd->get(), "", flags) == 0 || errno == EEXIST) {
        return true;
    }
    // A device that is not there, or is somebody else's already: not worth a line.
    if (errno != ENODEV && errno != EBUSY) {
        log_.error("module %s: %s", full.c_str(), explain(errno));
    }
    return false;
}

ModuleLoader::Outcome ModuleLoader::load(std::string_view name) noexcept {
    LoadOrder order;
    switch (index().find(name, order)) {
        case Found::No:
            return Outcome::Unknown;
        case Found::Builtin:
            return Outcome::Builtin;
        case Found::TooManyDependencies:
            log_.error("module %.*s: it needs more than %zu others", printable_length(name),
                       name.data(), LoadOrder::capacity());
            return Outcome::Failed;
        case Found::Yes:
            break;
    }
    for (const std::string_view path : order) {
        if (!insert(path)) {
            return Outcome::Failed;
        }
    }
    return Outcome::Loaded;
}

unsigned ModuleLoader::load_alias(std::string_view alias) noexcept {
    unsigned matches = 0;
    index().match_alias(alias, [&](std::string_view name) {
        ++matches;
        (void)load(name);
    });
    return matches;
}

void ModuleLoader::load_for_all_devices() noexcept {
    const auto root = open_file("/sys/devices", O_RDONLY | O_DIRECTORY);
    if (root) {
        load_for_directory(root->get(), 0);
    }
}

void ModuleLoader::load_for_device(int directory_fd) noexcept {
    const UniqueFd fd(::openat(directory_fd, "modalias", O_RDONLY | O_CLOEXEC));
    if (!fd.valid()) {
        return;
    }
    std::array<char, 512> buffer;
    const auto text = read_up_to(fd.get(), buffer);
    if (!text) {
        return;
    }
    const std::string_view alias = text->substr(0, text->find('\n'));
    if (!alias.empty()) {
        (void)load_alias(alias);
    }
}

void ModuleLoader::load_for_directory(int directory_fd, int depth) noexcept {
    load_for_device(directory_fd);
    if (depth == kMaxDeviceDepth) {
        return;
    }
    const int copy = ::fcntl(directory_fd, F_DUPFD_CLOEXEC, 3);
    DIR* directory = copy < 0 ? nullptr : ::fdopendir(copy);
    if (directory == nullptr) {
        return;
    }
    while (const dirent* entry = ::readdir(directory)) {
        // Symbolic links lead to other devices, which are found in their own place.
        if (entry->d_type != DT_DIR || entry->d_name[0] == '.') {
            continue;
        }
        const UniqueFd child(
            ::openat(directory_fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (child.valid()) {
            load_for_directory(child.get(), depth + 1);
        }
    }
    ::closedir(directory);
}

}  // namespace mainstay::init
