#include <array>

#include "common/fd_io.h"
#include "init/config_files.h"
#include "init/steps.h"
#include "init/sysctl_line.h"

// sysctl.d, then /etc/sysctl.conf, as procps reads them.

namespace mainstay::init {
namespace {

bool apply_line(const char* path, unsigned number, std::string_view text, Log& log) noexcept {
    const SysctlLine line = parse_sysctl_line(text);
    if (line.kind != SysctlLine::Kind::Setting) {
        if (line.kind == SysctlLine::Kind::Wrong) {
            log.warning("%s:%u: %s", path, number, line.problem);
        }
        return line.kind == SysctlLine::Kind::Empty;
    }
    FixedString<300> file("/proc/sys/");
    file.append(line.path);
    const auto written = write_file(file.c_str(), line.value);
    if (!written && !line.may_fail) {
        log.warning("%s:%u: %s: %s", path, number, file.c_str(), errno_text(written.error().code));
    }
    return written.has_value() || line.may_fail;
}

}  // namespace

StepResult step_sysctl(const StepContext& context) noexcept {
    bool done = true;
    const auto apply_all = [&](const char* path, std::string_view text) {
        for_each_numbered_line(text, [&](unsigned number, std::string_view line) {
            done = apply_line(path, number, line, context.log) && done;
        });
    };
    for_each_config_file({"sysctl.d", ".conf"}, context.log, apply_all);
    if (const auto file = MappedMemory::file("/etc/sysctl.conf")) {
        apply_all("/etc/sysctl.conf", file->text());
    }
    return done ? StepResult::Done : StepResult::Failed;
}

}  // namespace mainstay::init
