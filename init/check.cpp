#include "init/check.h"

#include <cstdio>

#include "init/inittab.h"
#include "init/mapped_memory.h"
#include "init/native_steps.h"

namespace mainstay::init {
namespace {

class PrintedReport final : public InittabReport {
  public:
    explicit PrintedReport(const char* path) noexcept : path_(path) {}

    void problem(std::uint32_t line, std::string_view message) noexcept override {
        failed_ = true;
        if (line == 0) {
            std::printf("%s: %.*s\n", path_, static_cast<int>(message.size()), message.data());
        } else {
            std::printf("%s:%u: %.*s\n", path_, line, static_cast<int>(message.size()),
                        message.data());
        }
    }
    bool failed() const noexcept { return failed_; }

  private:
    const char* path_;
    bool failed_ = false;
};

/// What a line means depends on the style, so whoever looks for a mistake should know it.
void print_style(const char* path, const ParsedInittab& parsed) noexcept {
    if (parsed.style == InittabStyle::Sysvinit) {
        std::printf("%s: read the way of sysvinit, for the initdefault entry in line %u\n", path,
                    parsed.style_line);
    } else {
        std::printf("%s: read the way of busybox, as it has no initdefault entry\n", path);
    }
}

}  // namespace

int check_main(const char* path) noexcept {
    const auto file = MappedMemory::file(path);
    if (!file) {
        std::fprintf(stderr, "%s: %s\n", path, errno_text(file.error().code));
        return 2;
    }
    auto memory = MappedMemory::anonymous(kMaxInittabEntries * sizeof(Entry));
    if (!memory) {
        std::fprintf(stderr, "init: memory: %s\n", errno_text(memory.error().code));
        return 2;
    }
    PrintedReport report(path);
    const ParsedInittab parsed =
        parse_inittab(file->text(), std::nullopt,
                      {static_cast<Entry*>(memory->data()), kMaxInittabEntries}, report);
    for (const Entry& entry : parsed.entries) {
        if (entry.action == Action::Native && !is_native_step(entry.process)) {
            report.problem(entry.line, "no native step has this name");
        }
    }
    if (parsed.entries.empty()) {
        report.problem(0, "no valid entry: PID 1 would use its built-in ones");
    }
    if (report.failed()) {
        print_style(path, parsed);
    }
    return report.failed() ? 1 : 0;
}

}  // namespace mainstay::init
