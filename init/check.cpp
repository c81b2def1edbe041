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
    return report.failed() ? 1 : 0;
}

}  // namespace mainstay::init
