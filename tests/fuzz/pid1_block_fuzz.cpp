/// What a PID 1 left for the next one, as it may be after a fault: any bytes.
#include <cstring>

#include "init/fault_record.h"
#include "init/inittab.h"
#include "init/pid1_block.h"
#include "init/pid1_state.h"
#include "input.h"

using mainstay::fuzz::require;
using namespace mainstay::init;  // NOLINT: every name of the block under test

namespace {

void use_table(std::span<const std::byte> image, const TablePlace& place) {
    const std::string_view text = table_text(image, place);
    const auto* const start = reinterpret_cast<const char*>(image.data());
    require(text.empty() ||
            (text.data() >= start && text.data() + text.size() <= start + image.size()));
    for (std::size_t i = 0; i < 8; ++i) {
        const auto pair = record_at(image, place, i);
        const auto record = pair ? newest_record(*pair) : std::nullopt;
        require(!record || (record->key != 0 && record->pid >= 0 && record->pid != 1));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto image = std::as_bytes(std::span(data, size));
    const ReadBlock read = read_block(image);
    use_table(image, read.block.kept.table);
    if (size >= sizeof(FaultRecord)) {
        FaultRecord record;
        std::memcpy(&record, data, sizeof record);
        (void)judge(record, mainstay::MonotonicTime{});
        note_fault(record, record.last, mainstay::MonotonicTime{});
        require(record.recent_count <= FaultRecord::kRecent);
        require(!describe(record.last).empty());
    }
    // The fuzzer knows no checksum: its bytes are tried as the content of a whole block as well.
    Pid1Block block = empty_block();
    std::memcpy(&block, data, std::min(size, sizeof block));
    std::array<std::byte, kTableOffset> whole{};
    write_block(std::span(whole).subspan(kBlockOffset), block, 1);
    const ReadBlock again = read_block(whole);
    require(again.trust == Trust::All || again.trust == Trust::KeptOnly);
    if (again.trust == Trust::All) {
        require(again.block.phase < kPhaseCount && again.block.press_count <= kImpatientPresses);
        Pid1State state;
        state.phase = static_cast<Phase>(again.block.phase);
        state.request = static_cast<Request>(again.block.kept.request);
        (void)step(state, Recovered{}, Facts{});
    }
    use_table(image, again.block.kept.table);
    return 0;
}
