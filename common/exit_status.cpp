#include "common/exit_status.h"

#include "common/signals.h"

namespace mainstay {
namespace {

// The layout of a wait status is part of the kernel's ABI (wait(2), kernel/exit.c): the low 7 bits
// are the signal, bit 7 tells of a core, the next byte is the code. Decoded here to keep this file
// pure.
constexpr unsigned kSignalMask = 0x7f;
constexpr unsigned kCoreFlag = 0x80;
constexpr unsigned kStopped = 0x7f;  // of who has not ended: free to mean that nothing is known

}  // namespace

ExitStatus ExitStatus::from_wait(int wait_status) noexcept {
    const auto bits = static_cast<unsigned>(wait_status);
    const unsigned signal = bits & kSignalMask;
    if (signal == 0) {
        return {Kind::Exited, static_cast<std::uint8_t>(bits >> 8U), false};
    }
    if (signal == kStopped) {
        return unknown();
    }
    return {Kind::Signaled, static_cast<std::uint8_t>(signal), (bits & kCoreFlag) != 0};
}

int ExitStatus::to_wait() const noexcept {
    switch (kind) {
        case Kind::Exited:
            return static_cast<int>(unsigned{value} << 8U);
        case Kind::Signaled:
            return static_cast<int>(value | (dumped_core ? kCoreFlag : 0U));
        case Kind::Unknown:
            break;
    }
    return static_cast<int>(kStopped);
}

FixedString<48> to_text(const ExitStatus& status) noexcept {
    FixedString<48> text;
    if (status.kind == ExitStatus::Kind::Unknown) {
        text.append("ended, nobody knows how");
        return text;
    }
    if (status.kind == ExitStatus::Kind::Exited) {
        text.append_format("exit %d", status.value);
        return text;
    }
    const std::string_view name = signal_name(status.value);
    if (name.empty()) {
        text.append_format("killed by signal %d", status.value);
    } else {
        text.append("killed by ").append(name);
    }
    if (status.dumped_core) {
        text.append(" (core dumped)");
    }
    return text;
}

}  // namespace mainstay
