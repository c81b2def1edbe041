#include "init/self_test.h"

#include <array>
#include <cstddef>
#include <cstdio>
#include <cstring>

#include "common/program_memory.h"
#include "common/version.h"
#include "init/inittab.h"
#include "init/pid1_block.h"
#include "init/pid1_state.h"

namespace mainstay::init {
namespace {

class CountProblems final : public InittabReport {
  public:
    void problem(std::uint32_t /*line*/, std::string_view /*message*/) noexcept override {
        ++count;
    }
    int count = 0;
};

bool reads_inittab() noexcept {
    constexpr std::string_view kSample =
        "# sample\n::sysinit:/bin/a b\ntty1::respawn:/bin/c\nbad line\n";
    std::array<Entry, 4> storage;
    CountProblems report;
    const ParsedInittab parsed = parse_inittab(kSample, std::nullopt, storage, report);
    return parsed.entries.size() == 2 && parsed.entries[1].process == "/bin/c" &&
           parsed.style == InittabStyle::Busybox && report.count == 1;
}

bool reads_what_it_writes() noexcept {
    static std::array<std::byte, kTableOffset> image;
    Pid1Block block = empty_block();
    block.generation = 42;
    write_block(std::span(image).subspan(kBlockOffset), block, 1);
    const ReadBlock read = read_block(image);
    return read.trust == Trust::All && std::memcmp(&read.block, &block, sizeof block) == 0;
}

bool decides() noexcept {
    const Step step = init::step(Pid1State{}, Begin{}, Facts{});
    return step.next.phase == Phase::Sysinit && !step.effects.empty();
}

}  // namespace

int self_test_main() noexcept {
    touch_every_page();
    if (!reads_inittab() || !reads_what_it_writes() || !decides()) {
        std::fputs("init: the self-test failed: this program is damaged; install it again\n",
                   stderr);
        return 1;
    }
    std::printf("%.*s%u, Mainstay %s (%s)\n", static_cast<int>(kSelfTestAnswer.size()),
                kSelfTestAnswer.data(), unsigned{kBlockVersion}, kVersion, kCommit);
    return std::fflush(stdout) == 0 ? 0 : 1;
}

}  // namespace mainstay::init
