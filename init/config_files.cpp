#include "init/config_files.h"

#include <dirent.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>

namespace mainstay::init {
namespace {

constexpr std::array<std::string_view, 4> kPlaces{"/etc/", "/run/", "/usr/lib/", "/lib/"};

struct DirectoryCloser {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

FixedString<192> directory_path(std::string_view place, const ConfigDirectories& where) noexcept {
    FixedString<192> path(place);
    path.append(where.name);
    return path;
}

bool ends_with(std::string_view text, std::string_view ending) noexcept {
    return text.size() > ending.size() && text.substr(text.size() - ending.size()) == ending;
}

/// Into its place; one that is there already is not added again.
/// @returns whether there was room
bool insert_sorted(ConfigNames& names, const ConfigName& name) noexcept {
    std::size_t at = names.size();
    while (at > 0 && name.view() < names[at - 1].view()) {
        --at;
    }
    if (at > 0 && names[at - 1] == name) {
        return true;
    }
    if (!names.push_back(name)) {
        return false;
    }
    for (std::size_t i = names.size() - 1; i > at; --i) {
        names[i] = names[i - 1];
    }
    names[at] = name;
    return true;
}

}  // namespace

void collect_config_names(const ConfigDirectories& where, ConfigNames& names, Log& log) noexcept {
    for (const std::string_view place : kPlaces) {
        const FixedString<192> path = directory_path(place, where);
        const std::unique_ptr<DIR, DirectoryCloser> directory(::opendir(path.c_str()));
        if (!directory && errno != ENOENT) {
            log.warning("%s: %s", path.c_str(), errno_text(errno));
        }
        while (const dirent* entry = directory ? ::readdir(directory.get()) : nullptr) {
            const std::string_view name(entry->d_name);
            if (name.front() == '.' || !ends_with(name, where.ending)) {
                continue;
            }
            if (name.size() > ConfigName::capacity() || !insert_sorted(names, name)) {
                log.warning("%s/%s: %s", path.c_str(), entry->d_name,
                            name.size() > ConfigName::capacity()
                                ? "the name is too long; not read"
                                : "there are too many files; not read");
            }
        }
    }
}

FixedString<192> config_path(const ConfigDirectories& where, const ConfigName& name) noexcept {
    FixedString<192> path;
    for (const std::string_view place : kPlaces) {
        path = directory_path(place, where);
        path.append("/").append(name);
        if (::access(path.c_str(), F_OK) == 0) {
            break;
        }
    }
    return path;
}

}  // namespace mainstay::init
