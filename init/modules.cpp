#include "init/modules.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "common/fd_io.h"
#include "init/config_files.h"

namespace mainstay::init {
namespace {

constexpr char kAllModules[] = "/lib/modules/";
constexpr int kMaxDeviceDepth = 24;
constexpr std::size_t kMaxConfig = std::size_t{1} << 20;
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
const char* explain(int code, std::string_view path) noexcept {
    if (is_compressed(path) && (code == EOPNOTSUPP || code == EINVAL)) {
        return "this kernel does not decompress modules (CONFIG_MODULE_DECOMPRESS); unpack them "
               "and run depmod when the image is made";
    }
    switch (code) {
        case ENOENT:
            return "a symbol is missing; is another module not loaded?";
        case ENOEXEC:
            return "not a module of this kernel, or damaged";
        case EKEYREJECTED:
            return "its signature is none that this kernel trusts";
        default:
            return errno_text(code);
    }
}

/// Whether the kernel has it already, so that neither it nor its file is worth another look.
bool is_loaded(std::string_view name) noexcept {
    FixedString<128> path("/sys/module/");
    for (const char c : name) {
        const char plain = c == '-' ? '_' : c;
        path.append({&plain, 1});
    }
    path.append("/initstate");
    return ::access(path.c_str(), F_OK) == 0;
}

/// The symbol that the kernel's log names, looked for from its start: this is no usual case.
FixedString<128> find_unknown_symbol(std::string_view module) noexcept {
    FixedString<128> symbol;
    const auto log = open_file("/dev/kmsg", O_RDONLY | O_NONBLOCK);
    std::array<char, 8192> record;
    while (log) {
        const ssize_t size = ::read(log->get(), record.data(), record.size());
        if (size < 0 && (errno == EPIPE || errno == EINTR)) {
            continue;  // it was overwritten before we came to it
        }
        if (size <= 0) {
            break;
        }
        const std::string_view found =
            unknown_symbol({record.data(), static_cast<std::size_t>(size)}, module);
        if (!found.empty()) {
            symbol = found;
        }
    }
    return symbol;
}

}  // namespace

Result<void> ModuleLoader::open() noexcept {
    utsname names{};
    if (::uname(&names) != 0) {
        return last_error("uname");
    }
    directory_ = std::string_view(kAllModules);
    directory_.append(names.release).append("/");
    if (::access(directory_.c_str(), F_OK) != 0) {
        const Error missing = last_error("open");
        name_other_releases(names.release);
        return missing;
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
    read_config();
    return {};
}

/// An image that was made for another kernel looks like one without modules, and is not meant to
/// be.
void ModuleLoader::name_other_releases(const char* release) const noexcept {
    DIR* directory = ::opendir(kAllModules);
    while (const dirent* entry = directory != nullptr ? ::readdir(directory) : nullptr) {
        if (entry->d_name[0] != '.') {
            log_.error("%s has modules for Linux %s, but none for this kernel, %s", kAllModules,
                       entry->d_name, release);
        }
    }
    if (directory != nullptr) {
        ::closedir(directory);
    }
}

void ModuleLoader::read_config() noexcept {
    for (const char* path : {"/etc/cmdline", "/proc/cmdline"}) {
        std::array<char, 4096> buffer;
        if (const auto text = read_file(path, buffer)) {
            cmdline_.append(*text).append(" ");
        }
    }
    auto memory = MappedMemory::anonymous(kMaxConfig);
    if (!memory) {
        log_.error("modprobe.d: %s; doing without", errno_text(memory.error().code));
        return;
    }
    config_memory_ = std::move(*memory);
    auto* const start = static_cast<char*>(config_memory_.data());
    std::size_t size = 0;
    const auto take = [&](const char* path, std::string_view text) {
        if (text.size() + 1 > kMaxConfig - size) {
            log_.error("%s: too long; not read", path);
            return;
        }
        std::memcpy(start + size, text.data(), text.size());
        size += text.size();
        start[size++] = '\n';
    };
    take("modules.softdep", map_or_empty(directory_, "modules.softdep").text());
    for_each_config_file({"modprobe.d", ".conf"}, log_, take);
    config_ = {start, size};
}

bool ModuleLoader::insert(std::string_view path, std::string_view options) noexcept {
    const std::string_view name = module_name(path);
    if (is_loaded(name)) {
        return true;
    }
    if (config().is_disabled(name)) {
        log_.notice("module %.*s: not loaded, as modprobe.d says (install)", printable_length(name),
                    name.data());
        return false;
    }
    FixedString<512> full;
    if (path.substr(0, 1) != "/") {
        full.append(directory_);
    }
    full.append(path);
    ModuleOptions parameters;
    if (!config().collect_options(name, parameters)) {
        log_.error("module %s: its options are too long; some are left out", full.c_str());
    }
    if (!options.empty()) {
        parameters.append(" ").append(options);
    }
    const auto fd = open_file(full.c_str(), O_RDONLY);
    if (!fd) {
        log_.error("module %s: %s", full.c_str(), errno_text(fd.error().code));
        return false;
    }
    constexpr int kModuleInitCompressed = 4;  // MODULE_INIT_COMPRESSED_FILE, Linux 5.17
    const int flags = is_compressed(path) ? kModuleInitCompressed : 0;
    if (::syscall(SYS_finit_module, fd->get(), parameters.c_str(), flags) == 0 || errno == EEXIST) {
        return true;
    }
    report_failure(full.c_str(), name, errno);
    return false;
}

void ModuleLoader::report_failure(const char* path, std::string_view name, int code) noexcept {
    // A device that is not there, or is somebody else's already: not worth a line.
    if (code == ENODEV || code == EBUSY) {
        return;
    }
    const FixedString<128> symbol = code == ENOENT ? find_unknown_symbol(name) : FixedString<128>();
    if (symbol.empty()) {
        log_.error("module %s: %s", path, explain(code, path));
    } else {
        log_.error("module %s: nothing has the symbol %s; is another module not loaded?", path,
                   symbol.c_str());
    }
}

bool ModuleLoader::is_underway(std::string_view name) const noexcept {
    for (const std::string_view other : underway_) {
        if (is_same_module(name, other)) {
            return true;
        }
    }
    return false;
}

ModuleLoader::Outcome ModuleLoader::load(std::string_view name, std::string_view options) noexcept {
    // Where soft dependencies go in a circle, or deeper than anybody means, the first one counts.
    if (is_underway(name) || !underway_.push_back(name)) {
        return Outcome::Loaded;
    }
    const Outcome outcome = load_order(name, options);
    underway_.pop_back();
    return outcome;
}

void ModuleLoader::load_soft(std::string_view name, SoftDependency which) noexcept {
    config().for_each_soft(name, which, [&](std::string_view other) {
        (void)load(other);  // one that is missing is no failure
    });
}

ModuleLoader::Outcome ModuleLoader::load_order(std::string_view name,
                                               std::string_view options) noexcept {
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
    if (is_loaded(name)) {
        return Outcome::Loaded;
    }
    for (const std::string_view path : order) {
        const std::string_view each = module_name(path);
        const bool is_last = &path == order.end() - 1;
        load_soft(each, SoftDependency::Before);
        if (!insert(path, is_last ? options : std::string_view())) {
            return Outcome::Failed;
        }
        load_soft(each, SoftDependency::After);
    }
    return Outcome::Loaded;
}

unsigned ModuleLoader::load_alias(std::string_view alias) noexcept {
    unsigned matches = 0;
    index().match_alias(alias, [&](std::string_view name) {
        ++matches;
        if (!config().is_blacklisted(name)) {
            (void)load(name);
        }
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
