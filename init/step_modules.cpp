#include "init/config_files.h"
#include "init/modules.h"
#include "init/steps.h"

// Modules by name (modules-load.d, /etc/modules), and those of the devices that are there.

namespace mainstay::init {
namespace {

constexpr std::string_view kBlanks = " \t\r";

void load_line(ModuleLoader& loader, const char* path, unsigned number, std::string_view line,
               Log& log) noexcept {
    const std::size_t begin = line.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos || line[begin] == '#' || line[begin] == ';') {
        return;
    }
    line.remove_prefix(begin);
    // In /etc/modules options may stand after the name.
    const std::string_view name = line.substr(0, line.find_first_of(kBlanks));
    line.remove_prefix(name.size());
    if (loader.load(name, line) == ModuleLoader::Outcome::Unknown && loader.load_alias(name) == 0) {
        log.warning("%s:%u: there is no module '%.*s'", path, number, printable_length(name),
                    name.data());
    }
}

}  // namespace

StepResult step_modules(const StepContext& context) noexcept {
    ModuleLoader loader(context.log);
    if (!loader.open()) {
        return StepResult::Done;
    }
    const auto load_all = [&](const char* path, std::string_view text) {
        for_each_numbered_line(text, [&](unsigned number, std::string_view line) {
            load_line(loader, path, number, line, context.log);
        });
    };
    for_each_config_file({"modules-load.d", ".conf"}, context.log, load_all);
    if (const auto file = MappedMemory::file("/etc/modules")) {
        load_all("/etc/modules", file->text());
    }
    return StepResult::Done;
}

/// Twice, as a bus that got its driver in the first round brings devices of its own.
StepResult step_devices(const StepContext& context) noexcept {
    ModuleLoader loader(context.log);
    if (loader.open()) {
        loader.load_for_all_devices();
        loader.load_for_all_devices();
    }
    return StepResult::Done;
}

}  // namespace mainstay::init
