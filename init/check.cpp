#include "init/check.h"

#include <cerrno>
#include <cstdio>
#include <span>

#include "init/inittab.h"
#include "init/inittab_files.h"
#include "init/mapped_memory.h"
#include "init/native_steps.h"
#include "init/state_memory.h"

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
    auto text_memory = MappedMemory::anonymous(kMaxInittabText);
    auto memory = MappedMemory::anonymous(kMaxInittabEntries * sizeof(Entry));
    if (!text_memory || !memory) {
        std::fprintf(stderr, "init: memory: %s\n", errno_text(ENOMEM));
        return 2;
    }
    const std::span buffer(static_cast<char*>(text_memory->data()), kMaxInittabText);
    const auto read = read_regular(path, buffer);
    if (!read) {
        std::fprintf(stderr, "%s: %s\n", path, errno_text(read.error().code));
        return 2;
    }
    PrintedReport report(path);
    const InittabStyle style = inittab_style(*read, std::nullopt);
    const std::string_view text = append_inittab_d(path, *read, style, buffer, report);
    const ParsedInittab parsed = parse_inittab(
        text, std::nullopt, {static_cast<Entry*>(memory->data()), kMaxInittabEntries}, report);
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
