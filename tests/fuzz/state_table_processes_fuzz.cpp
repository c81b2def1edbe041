/// A state table as PID 1 reads it after its supervisor's death: nothing lies outside, and nobody
/// is found who could not be a service.
#include "init/living_processes.h"
#include "input.h"

using mainstay::fuzz::require;
using namespace mainstay::init;  // NOLINT(google-build-using-namespace)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::span<const std::byte> table(reinterpret_cast<const std::byte*>(data), size);
    const auto area = find_slots(table, size);
    if (!area) {
        return 0;
    }
    require(area->slot_size >= kSlotHeadSize);
    require(area->offset + std::uint64_t{area->count} * area->slot_size <= size);
    for (std::uint32_t number = 0; number < area->count; ++number) {
        const std::size_t offset = area->offset + std::size_t{number} * area->slot_size;
        for (const mainstay::LinkProcess& process :
             living_in(table.subspan(offset, kSlotHeadSize), number)) {
            require(process.pid > 1 && process.slot == number && process.service != 0);
        }
    }
    return 0;
}
