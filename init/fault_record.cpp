#include "init/fault_record.h"

#include <cstring>

#include "common/signals.h"

namespace mainstay::init {

void note_fault(FaultRecord& record, const FaultCause& cause, MonotonicTime now) noexcept {
    ++record.total;
    record.last = cause;
    if (record.recent_count >= FaultRecord::kRecent) {
        for (std::size_t i = 1; i < FaultRecord::kRecent; ++i) {
            record.recent[i - 1] = record.recent[i];
        }
        record.recent_count = FaultRecord::kRecent - 1;
    }
    record.recent[record.recent_count++] = now.time_since_epoch().count();
}

Recovery judge(const FaultRecord& record, MonotonicTime now) noexcept {
    constexpr unsigned kTooMany = 3;
    const std::int64_t present = now.time_since_epoch().count();
    unsigned count = 0;
    for (std::size_t i = 0; i < record.recent_count && i < FaultRecord::kRecent; ++i) {
        const std::int64_t at = record.recent[i];
        if (at <= present && at >= present - kFaultsWithin.count()) {
            ++count;
        }
    }
    if (count >= kTooMany) {
        return Recovery::Emergency;
    }
    return count == 2 ? Recovery::KeepOnly : Recovery::Resume;
}

FixedString<176> describe(const FaultCause& cause) noexcept {
    FixedString<176> text;
    const std::string_view name = signal_name(cause.signal);
    if (name.empty()) {
        text.append_format("signal %d", cause.signal);
    } else {
        text.append(name);
    }
    if (cause.sender == kUnseenSender) {
        text.append(" from outside");
    } else if (cause.sender != 0) {
        text.append_format(" from pid %d", cause.sender);
    } else {
        text.append_format(" at 0x%llx", static_cast<unsigned long long>(cause.address));
    }
    text.append_format(", program counter 0x%llx, Mainstay ",
                       static_cast<unsigned long long>(cause.program_counter));
    text.append({cause.build, ::strnlen(cause.build, sizeof cause.build)});
    if (cause.build_id != BuildId()) {
        text.append(", build id ");
        for (const unsigned char byte : cause.build_id) {
            text.append_format("%02x", byte);
        }
    }
    return text;
}

}  // namespace mainstay::init
