#include <sys/swap.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <optional>

#include "init/fstab.h"
#include "init/mapped_memory.h"
#include "init/mount_options.h"
#include "init/root_device.h"
#include "init/steps.h"

// The swap lines of fstab.

namespace mainstay::init {
namespace {

/// swapon(2)'s flags of the options "pri=N" and "discard".
int swap_flags(std::string_view options) noexcept {
    constexpr std::string_view kPriority = "pri=";
    int flags = 0;
    while (!options.empty()) {
        const std::string_view option = options.substr(0, options.find(','));
        options.remove_prefix(option.size() < options.size() ? option.size() + 1 : option.size());
        if (option.substr(0, kPriority.size()) == kPriority) {
            int priority = 0;
            std::from_chars(option.data() + kPriority.size(), option.data() + option.size(),
                            priority);
            flags |= SWAP_FLAG_PREFER | (priority & SWAP_FLAG_PRIO_MASK);
        } else if (option.substr(0, 7) == "discard") {
            flags |= SWAP_FLAG_DISCARD;
        }
    }
    return flags;
}

/// A file stands in fstab by its path, as a device may.
FixedString<256> find_swap(const FixedString<256>& source) noexcept {
    const auto device = find_root_device(parse_root(source));
    return device ? device->path : source;
}

}  // namespace

StepResult step_swap(const StepContext& context) noexcept {
    const auto file = MappedMemory::file("/etc/fstab");
    bool done = true;
    for_each_fstab_line(file ? file->text() : "", [&](std::uint32_t number, const FstabLine& line) {
        const MountOptions options = parse_mount_options(line.entry.options);
        if (line.kind != FstabLine::Kind::Entry || !line.entry.is_swap() || options.by_hand) {
            return;
        }
        const FixedString<256> path = find_swap(line.entry.source);
        if (::swapon(path.c_str(), swap_flags(line.entry.options)) == 0 || errno == EBUSY) {
            return;  // busy: it is on already
        }
        const int code = errno;
        context.log.warning("fstab:%u: swap on %s: %s", number, path.c_str(), errno_text(code));
        done = done && options.may_fail;
    });
    return done ? StepResult::Done : StepResult::Failed;
}

}  // namespace mainstay::init
