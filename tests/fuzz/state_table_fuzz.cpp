// A state table as a dead supervisor may have left it, or as anybody else wrote it: whatever it
// says, it is read within its bounds, and what is called sound is something that the state machine
// knows.
#include <array>
#include <cstring>
#include <vector>

#include "common/state_table_writer.h"
#include "input.h"
#include "supervisor/service_id.h"
#include "supervisor/state_record.h"
#include "supervisor/state_store.h"

namespace {

using namespace mainstay;
namespace table = state_table;

constexpr std::uint32_t kSlots = 4;

std::vector<std::uint64_t> make_table() {
    table::Geometry geometry = table::own_geometry();
    geometry.slot_count = kSlots;
    geometry.details_offset = geometry.slots_offset + kSlots * geometry.slot_size;
    std::vector<std::uint64_t> memory(
        (geometry.details_offset + std::size_t{kSlots} * geometry.detail_size) / 8);
    table::Writer<> writer(std::as_writable_bytes(std::span(memory)), geometry);
    writer.format("boot");
    for (std::uint32_t number = 0; number < kSlots; ++number) {
        const std::array<char, 2> name = {static_cast<char>('a' + number), '\0'};
        writer.take(number, supervisor::make_service_id(1, number), name.data());
    }
    return memory;
}

/// The input is pieces: where (4 bytes), how many (1 byte), and as many bytes.
void scribble(std::span<std::byte> bytes, std::string_view input) {
    constexpr std::size_t kHead = 5;
    while (input.size() >= kHead) {
        std::uint32_t where = 0;
        std::memcpy(&where, input.data(), sizeof where);
        const std::size_t count =
            std::min<std::size_t>(static_cast<unsigned char>(input[4]), input.size() - kHead);
        const std::size_t at = where % bytes.size();
        std::memcpy(bytes.data() + at, input.data() + kHead, std::min(count, bytes.size() - at));
        input.remove_prefix(kHead + count);
    }
}

void check(const supervisor::KnownService& service) {
    using namespace supervisor;
    fuzz::require(service.name.empty() || is_possible_name(service.name));
    if (!service.is_sound) {
        return;
    }
    const Snapshot& s = service.snapshot;
    fuzz::require(!to_string(s.state).empty() && !to_string(s.wanted).empty());
    fuzz::require(!service.history || service.history->deaths.size() <= DeathLog::kMost);
    for (const Performed performed : {Performed::Yes, Performed::Unknown}) {
        static_cast<void>(resume(s, Policy(), performed));
    }
    for (const Event& event : {Event(WantDown{}), Event(Exited{s.generation, {}, {}, {}}),
                               Event(TimedOut{timer_of(s.state), s.timer})}) {
        static_cast<void>(step(s, event, Policy()));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const std::vector<std::uint64_t> kTable = make_table();
    std::vector<std::uint64_t> memory = kTable;
    const auto bytes = std::as_writable_bytes(std::span(memory));
    scribble(bytes, fuzz::text_of(data, size));
    const supervisor::KnownState state = supervisor::read_state(bytes);
    fuzz::require(state.services.size() <= table::kMostSlots);
    for (const supervisor::KnownService& service : state.services) {
        check(service);
    }
    // Once its journal was carried out there is nothing left to be done.
    const std::vector<std::uint64_t> before = memory;
    static_cast<void>(supervisor::read_state(bytes));
    fuzz::require(memory == before);
    return 0;
}
