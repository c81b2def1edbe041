/// Directories of configuration files as modprobe.d, sysctl.d and tmpfiles.d have them: files of
/// one ending, in the order of their names across all directories; of two of one name that in the
/// first directory counts.
#pragma once

#include <string_view>

#include "common/fixed.h"
#include "init/log.h"
#include "init/mapped_memory.h"

namespace mainstay::init {

using ConfigName = FixedString<96>;
using ConfigNames = FixedVector<ConfigName, 128>;

struct ConfigDirectories {
    std::string_view name;    ///< "modprobe.d", below /etc, /run, /usr/lib and /lib
    std::string_view ending;  ///< ".conf"
};

/// The names, sorted; what is too long or too many is named in the log.
void collect_config_names(const ConfigDirectories& where, ConfigNames& names, Log& log) noexcept;

/// The path of @p name in the first directory that has it.
FixedString<192> config_path(const ConfigDirectories& where, const ConfigName& name) noexcept;

/// Calls @p take with the path and the text of each file.
template <typename Take>
void for_each_config_file(const ConfigDirectories& where, Log& log, Take&& take) noexcept {
    ConfigNames names;
    collect_config_names(where, names, log);
    for (const ConfigName& name : names) {
        const FixedString<192> path = config_path(where, name);
        const auto file = MappedMemory::file(path.c_str());
        if (file) {
            take(path.c_str(), file->text());
        } else {
            log.warning("%s: %s", path.c_str(), errno_text(file.error().code));
        }
    }
}

/// The number of a line of a file, for messages, and the line itself.
template <typename Take>
void for_each_numbered_line(std::string_view text, Take&& take) noexcept {
    for (unsigned number = 1; !text.empty(); ++number) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(line.size() < text.size() ? line.size() + 1 : line.size());
        take(number, line);
    }
}

}  // namespace mainstay::init
