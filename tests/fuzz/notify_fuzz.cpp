/// Datagrams of a notify socket, and the files of /proc that tell whose a sender is.
#include <string>

#include "common/units.h"
#include "common/utf8.h"
#include "input.h"
#include "supervisor/notify_message.h"
#include "supervisor/proc_text.h"

using mainstay::fuzz::require;
using namespace mainstay::supervisor;

namespace {

/// What may be shown to people whatever was sent.
void require_safe(std::string_view text) {
    require(text.size() <= kMaxNotifyText);
    while (!text.empty()) {
        const auto character = mainstay::first_character(text);
        require(character.is_valid() && character.code >= 0x20);
        require(character.code < 0x7f || character.code >= 0xa0);
        text.remove_prefix(character.size);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = mainstay::fuzz::text_of(data, size);
    const auto stat = parse_proc_stat(text);
    require(!stat || (stat->parent >= 0 && stat->group >= 0 && stat->session >= 0));
    (void)parse_effective_uid(text);
    const auto message = parse_notify(text);
    if (!message) {
        return 0;
    }
    require(size <= kMaxNotifyMessage + 1);
    require_safe(message->status.value_or(""));
    require_safe(message->bus_error.value_or(""));
    require_safe(message->descriptor_name);
    require(message->main_pid.value_or(1) > 0);
    require(message->watchdog_timeout.value_or(mainstay::Duration(0)).count() >= 0);
    require(message->extend_timeout.value_or(mainstay::Duration(0)) <= mainstay::kForever);
    NotifyMessage barrier;
    barrier.barrier = true;
    require(!message->barrier || *message == barrier);
    return 0;
}
