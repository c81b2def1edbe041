/// inittab in both styles and in the one it chooses; each process becomes a command.
#include <array>
#include <optional>
#include <vector>

#include "init/command.h"
#include "init/inittab.h"
#include "init/inittab_plan.h"
#include "input.h"

using namespace mainstay::init;  // NOLINT: every name of the code under test
using mainstay::fuzz::is_within;
using mainstay::fuzz::require;

namespace {

class Report final : public InittabReport {
  public:
    void problem(std::uint32_t line, std::string_view message) noexcept override {
        require(!message.empty());
        // In order, but for the summary of the rest at the end.
        require(line == 0 || line > last_);
        last_ = line == 0 ? last_ : line;
        require(++count_ <= 51);
    }

  private:
    std::uint32_t last_ = 0;
    int count_ = 0;
};

void check_entry(const Entry& entry, std::string_view text, InittabStyle style) {
    require(is_within(entry.id, text) && is_within(entry.runlevels, text) &&
            is_within(entry.process, text));
    require(entry.process.size() <= kMaxInittabLine);
    require(!entry.process.empty() || entry.action == Action::Off ||
            entry.action == Action::InitDefault);
    require(style == InittabStyle::Busybox
                ? entry.id.size() <= kMaxTerminalName
                : !entry.id.empty() && entry.id.size() <= kMaxSysvinitId);
    (void)class_of(entry, {style, '3'});
    static Command command;
    parse_command(entry.process,
                  entry.no_shell                   ? CommandRules::SysvinitNoShell
                  : style == InittabStyle::Busybox ? CommandRules::Busybox
                                                   : CommandRules::Sysvinit,
                  command);
    require(command.argv.back() == nullptr);
    // What is no login shell's lone dash has a program.
    require(command.path == nullptr || *command.path != '\0' || entry.process.empty() ||
            entry.process.front() == '-');
}

void parse(std::string_view text, std::optional<InittabStyle> forced) {
    static std::array<Entry, 64> storage;
    Report report;
    const ParsedInittab parsed = parse_inittab(text, forced, storage, report);
    require(!forced || parsed.style == *forced);
    require(forced || (parsed.style == InittabStyle::Sysvinit) == (parsed.style_line != 0));
    std::uint32_t last_line = 0;
    const char* last_file = nullptr;
    int supervise = 0;
    for (const Entry& entry : parsed.entries) {
        require(entry.line > last_line || entry.file.data() != last_file);
        last_line = entry.line;
        last_file = entry.file.data();
        require(entry.file.empty() || is_within(entry.file, text));
        supervise += entry.action == Action::Supervise ? 1 : 0;
        check_entry(entry, text, parsed.style);
    }
    require(supervise <= 1);

    std::array<std::uint32_t, 64> same_as{};
    std::array<bool, 64> taken{};
    const std::size_t count = parsed.entries.size();
    match_entries(parsed.entries, parsed.entries, parsed.style, std::span(same_as).first(count),
                  std::span(taken).first(count));
    for (std::size_t i = 0; i < count; ++i) {
        require(same_as[i] == i && taken[i]);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = mainstay::fuzz::text_of(data, size);
    parse(text, std::nullopt);
    parse(text, InittabStyle::Busybox);
    parse(text, InittabStyle::Sysvinit);
    return 0;
}
