// Our reader of JSON accepts and reads what the library that it replaces accepts and reads.
#include <algorithm>

#include "input.h"
#include "json_reference.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = mainstay::fuzz::text_of(data, size);
    // The comparison recurses, the reader does not: deep nesting is left to the unit test.
    const auto brackets =
        std::count_if(text.begin(), text.end(), [](char c) { return c == '[' || c == '{'; });
    if (brackets < 200) {
        mainstay::fuzz::require(mainstay::test::same_as_reference(text));
    } else {
        static_cast<void>(mainstay::protocol::JsonDocument(text));
    }
    return 0;
}
