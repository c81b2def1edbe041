#include "supervisor/enabled_links.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <memory>
#include <optional>

#include "common/error.h"
#include "common/nearest.h"
#include "supervisor/name_pattern.h"

namespace mainstay::supervisor {
namespace {

using protocol::ErrorCode;

constexpr std::size_t kMostNames = 10'000;

struct CloseDirectory {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

bool is_directory(const std::string& path) noexcept {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

bool is_same_file(const std::string& a, const std::string& b) noexcept {
    struct stat first {};
    struct stat second {};
    return ::stat(a.c_str(), &first) == 0 && ::stat(b.c_str(), &second) == 0 &&
           first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

/// What is at @p path itself: 0 where nothing is.
mode_t kind_at(const std::string& path) noexcept {
    struct stat info {};
    return ::lstat(path.c_str(), &info) == 0 ? info.st_mode & S_IFMT : 0;
}

std::string link_text(const std::string& path) {
    std::array<char, PATH_MAX> buffer;
    const ssize_t size = ::readlink(path.c_str(), buffer.data(), buffer.size());
    return size < 0 ? std::string() : std::string(buffer.data(), static_cast<std::size_t>(size));
}

void add_names(const std::string& directory, std::vector<std::string>& names) {
    const std::unique_ptr<DIR, CloseDirectory> open(::opendir(directory.c_str()));
    while (open != nullptr && names.size() < kMostNames) {
        const dirent* entry = ::readdir(open.get());
        if (entry == nullptr) {
            return;
        }
        if (is_service_name(entry->d_name)) {
            names.emplace_back(entry->d_name);
        }
    }
}

std::string did_you_mean(const std::string& name, const std::vector<std::string>& names) {
    const std::vector<std::string_view> words(names.begin(), names.end());
    const std::string_view nearest = nearest_word(name, words);
    return nearest.empty() ? std::string() : "; did you mean " + std::string(nearest) + "?";
}

std::string joined(const std::vector<std::string>& parts) {
    std::string text;
    for (const std::string& part : parts) {
        text.append(text.empty() ? "" : ":").append(part);
    }
    return text;
}

std::string without_trailing_slashes(std::string path) {
    while (path.size() > 1 && path.back() == '/') {
        path.pop_back();
    }
    return path;
}

EnableFault no_name(const std::string& name) {
    return {ErrorCode::BadRequest, "\"" + name + "\" is no name of a service"};
}

}  // namespace

/// `web@1` is an instance of the template `web@`, unless it has a directory of its own.
std::string EnabledLinks::find_definition(const std::string& name) const {
    const std::size_t at = name.find('@');
    const bool is_instance = at != std::string::npos && at + 1 < name.size();
    for (const std::string& directory : settings_.definitions) {
        std::string path(directory);
        path.append("/").append(name);
        if (is_directory(path)) {
            return path;
        }
        std::string model(directory);
        model.append("/").append(name, 0, is_instance ? at + 1 : 0);
        if (is_instance && is_directory(model)) {
            return model;
        }
    }
    return {};
}

EnableFault EnabledLinks::not_defined(const std::string& name) const {
    std::vector<std::string> names;
    for (const std::string& directory : settings_.definitions) {
        add_names(directory, names);
    }
    return {ErrorCode::UnknownService, "no service " + name + " is defined in " +
                                           joined(settings_.definitions) +
                                           did_you_mean(name, names)};
}

EnableResult EnabledLinks::enable(const std::string& name, protocol::Place place) {
    if (!is_service_name(name) || name.find('/') != std::string::npos) {
        return no_name(name);
    }
    if (name.back() == '@') {
        return EnableFault{ErrorCode::BadRequest,
                           "it is a template: enable an instance, such as " + name + "1"};
    }
    const std::string definition = find_definition(name);
    if (definition.empty()) {
        return not_defined(name);
    }
    return link(name, definition, place);
}

EnableResult EnabledLinks::enable_path(const std::string& path, protocol::Place place) {
    const EnableResult examined = examine(path);
    const auto* found = std::get_if<EnabledLink>(&examined);
    return found != nullptr ? link(found->name, found->path, place) : examined;
}

EnableResult EnabledLinks::examine(const std::string& path) {
    const std::string directory = without_trailing_slashes(path);
    const std::string name = directory.substr(directory.rfind('/') + 1);
    if (!is_directory(directory)) {
        const int error = ::access(directory.c_str(), F_OK) == 0 ? ENOTDIR : errno;
        return EnableFault{ErrorCode::UnknownService, errno_text(error)};
    }
    if (!is_service_name(name)) {
        return no_name(name);
    }
    if (name.back() == '@') {
        return EnableFault{ErrorCode::BadRequest, "it is a template, not a service"};
    }
    return EnabledLink{name, directory, "", false};
}

EnableResult EnabledLinks::link(const std::string& name, const std::string& target,
                                protocol::Place place) {
    const bool is_permanent = place == protocol::Place::Permanent;
    const std::string& directory = is_permanent ? settings_.directory : settings_.runtime_directory;
    if (directory.empty()) {
        return EnableFault{ErrorCode::ServiceFailed,
                           "there is no directory for services that are enabled until the next "
                           "boot; enable it without --runtime"};
    }
    if (!is_permanent) {
        ::mkdir(directory.c_str(), 0755);  // a failure shows in what follows
    }
    const std::string path = directory + "/" + name;
    if (::symlink(target.c_str(), path.c_str()) == 0) {
        return EnabledLink{name, path, target, false};
    }
    const int error = errno;
    if (error == EEXIST && is_same_file(path, target)) {
        return EnabledLink{name, path, target, true};
    }
    return cannot_link(path, error, place);
}

EnableFault EnabledLinks::cannot_link(const std::string& path, int error,
                                      protocol::Place place) const {
    std::string message = path + ": ";
    if (error == EEXIST) {
        const std::string leads_to = link_text(path);
        message.append(leads_to.empty() ? "is there already, and is no symlink"
                                        : "leads to " + leads_to + " already; disable it first");
        return {ErrorCode::ServiceFailed, message};
    }
    message.append("symlink: ").append(errno_text(error));
    if (error == EROFS && place == protocol::Place::Permanent) {
        message.append("; with --runtime it is enabled until the next boot");
    }
    return {error == EACCES || error == EPERM ? ErrorCode::NotPermitted : ErrorCode::ServiceFailed,
            message};
}

EnableResult EnabledLinks::disable(const std::string& name, protocol::Place place) {
    if (!is_service_name(name) || name.find('/') != std::string::npos) {
        return no_name(name);
    }
    std::vector<std::string> directories{settings_.runtime_directory};
    if (place == protocol::Place::Permanent) {
        directories.push_back(settings_.directory);
    }
    std::optional<EnabledLink> removed;
    for (const std::string& directory : directories) {
        std::string path(directory);
        path.append("/").append(name);
        const mode_t kind = directory.empty() ? 0 : kind_at(path);
        if (kind == 0) {
            continue;
        }
        if (kind != S_IFLNK) {
            return EnableFault{ErrorCode::ServiceFailed,
                               path + ": is no symlink, so it is left alone; move it away by hand"};
        }
        if (::unlink(path.c_str()) != 0) {
            return EnableFault{ErrorCode::ServiceFailed, path + ": unlink: " + errno_text(errno)};
        }
        removed = EnabledLink{name, path, "", false};
    }
    if (removed) {
        return *removed;
    }
    if (!find_definition(name).empty()) {
        return EnabledLink{name, "", "", true};
    }
    std::vector<std::string> names;
    for (const std::string& directory : directories) {
        add_names(directory, names);
    }
    return EnableFault{ErrorCode::UnknownService,
                       "no service " + name + " is enabled" + did_you_mean(name, names)};
}

bool EnabledLinks::is_enabled(const std::string& name) {
    return kind_at(settings_.directory + "/" + name) != 0 ||
           (!settings_.runtime_directory.empty() &&
            kind_at(settings_.runtime_directory + "/" + name) != 0);
}

}  // namespace mainstay::supervisor
