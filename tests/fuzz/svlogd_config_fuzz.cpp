/// A config of svlogd, and a line that its patterns look at.
#include "input.h"
#include "supervisor/svlogd/config.h"
#include "supervisor/svlogd/line_reader.h"

using mainstay::fuzz::require;
namespace svlogd = mainstay::svlogd;

namespace {

/// Counts what a reader tells.
class Count final : public svlogd::LineListener {
  public:
    void line_begins() override { ++begun; }
    void line_is(std::string_view text, bool is_cut) override {
        bytes += text.size();
        require(text.size() <= 7 && is_cut == (text.size() == 7));
    }
    void line_goes_on(std::string_view text) override { bytes += text.size(); }
    void line_ends() override { ++ended; }

    std::size_t begun = 0;
    std::size_t ended = 0;
    std::size_t bytes = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest = mainstay::fuzz::text_of(data, size);
    const std::string_view line = mainstay::fuzz::take_part(rest);
    const svlogd::ReadConfig read = svlogd::parse_config(rest);
    static_cast<void>(svlogd::select(read.config, line));
    require(!read.config.udp || read.config.udp->port != 0);
    Count count;
    svlogd::LineReader reader(7, {}, count);
    reader.take(rest);
    reader.end();
    require(count.begun == count.ended && count.bytes + count.ended >= rest.size());
    return 0;
}
