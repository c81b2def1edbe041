#include <fcntl.h>
#include <linux/kd.h>
#include <linux/keyboard.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "init/mapped_memory.h"
#include "init/program_run.h"
#include "init/steps.h"

// /etc/keymap, as busybox's dumpkmap writes it: a magic word, a byte for each of 256 tables whether
// it follows, then the tables of 128 keys each. Anything else is a text for loadkeys(1).

namespace mainstay::init {
namespace {

constexpr char kKeymap[] = "/etc/keymap";
constexpr char kLoadkeys[] = "/usr/bin/loadkeys";
constexpr std::string_view kMagic = "bkeymap";
constexpr std::size_t kTables = MAX_NR_KEYMAPS;
constexpr std::size_t kKeys = 128;

/// @returns how many tables the text says that it has; none where it is too short for them
std::size_t count_tables(std::string_view flags, std::string_view tables) noexcept {
    std::size_t count = 0;
    for (const char flag : flags) {
        count += flag != 0 ? 1U : 0U;
    }
    return tables.size() < count * kKeys * sizeof(std::uint16_t) ? 0 : count;
}

int load_table(int console, std::size_t table, std::string_view& values) noexcept {
    for (std::size_t key = 0; key < kKeys; ++key) {
        std::uint16_t value = 0;
        std::memcpy(&value, values.data(), sizeof value);
        values.remove_prefix(sizeof value);
        kbentry entry{static_cast<unsigned char>(table), static_cast<unsigned char>(key), value};
        if (::ioctl(console, KDSKBENT, &entry) != 0 && errno != EINVAL) {
            return errno;
        }
    }
    return 0;
}

StepResult load_text(const StepContext& context) noexcept {
    if (::access(kLoadkeys, X_OK) != 0) {
        context.log.warning("%s: not as dumpkmap of busybox writes it, and there is no %s", kKeymap,
                            kLoadkeys);
        return StepResult::Failed;
    }
    const char* const argv[] = {kLoadkeys, "-q", kKeymap, nullptr};
    const auto status = run_program(argv);
    return status && status->is_success() ? StepResult::Done : StepResult::Failed;
}

}  // namespace

StepResult step_keymap(const StepContext& context) noexcept {
    const auto file = MappedMemory::file(kKeymap);
    const auto console = open_file("/dev/tty0", O_RDWR);
    if (!file || !console) {
        return StepResult::Done;
    }
    std::string_view text = file->text();
    if (text.substr(0, kMagic.size()) != kMagic) {
        return load_text(context);
    }
    text.remove_prefix(kMagic.size());
    const std::string_view flags = text.substr(0, kTables);
    text.remove_prefix(flags.size());
    if (flags.size() != kTables || count_tables(flags, text) == 0) {
        context.log.warning("%s: it ends too early", kKeymap);
        return StepResult::Failed;
    }
    for (std::size_t table = 0; table < kTables; ++table) {
        const int failure = flags[table] == 0 ? 0 : load_table(console->get(), table, text);
        if (failure != 0) {
            context.log.warning("%s: %s", kKeymap, errno_text(failure));
            return StepResult::Failed;
        }
    }
    return StepResult::Done;
}

}  // namespace mainstay::init
