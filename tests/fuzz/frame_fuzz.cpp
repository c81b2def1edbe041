// The lines of a stream do not depend on the pieces it arrives in, and never exceed the limit.
#include <string>
#include <vector>

#include "common/frame.h"
#include "input.h"

namespace {

using mainstay::fuzz::require;
using mainstay::fuzz::text_of;

constexpr std::size_t kLimit = 32;

struct Outcome {
    std::vector<std::string> lines;
    bool too_long = false;
    bool partial = false;

    bool operator==(const Outcome&) const = default;
};

Outcome split(std::string_view stream, std::size_t step) {
    mainstay::LineSplitter splitter(kLimit);
    Outcome outcome;
    while (!stream.empty()) {
        splitter.feed(stream.substr(0, step));
        stream.remove_prefix(step < stream.size() ? step : stream.size());
        while (const auto line = splitter.next()) {
            outcome.lines.emplace_back(*line);
        }
    }
    outcome.too_long = splitter.is_too_long();
    outcome.partial = splitter.has_partial_line();
    return outcome;
}

}  // namespace

// The first byte says how large the pieces are.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::string_view stream = text_of(data + 1, size - 1);
    const Outcome whole = split(stream, stream.size() + 1);
    require(split(stream, std::size_t{data[0]} + 1) == whole);
    for (const std::string& line : whole.lines) {
        require(line.size() <= kLimit && line.find('\n') == std::string::npos);
    }
    return 0;
}
