#include "init/early_record.h"

#include <catch2/catch.hpp>

using mainstay::init::EarlyRecord;
using mainstay::init::parse_early_record;
using mainstay::init::to_text;

TEST_CASE("what the initramfs leaves is read back", "[early]") {
    const EarlyRecord record{3.5, 6.125, 6.25};
    CHECK(to_text(record) == "started 3.500\nmounted 6.125\nswitched 6.250\n");
    CHECK(parse_early_record(to_text(record)) == record);
}

TEST_CASE("what is no such record is not believed", "[early]") {
    for (const char* text : {"", "started 1.000\n", "started 1.000\nmounted 2.000\nswitched 3.000",
                             "started 1.0\nmounted 2.000\nswitched 3.000\n",
                             "started 3.000\nmounted 2.000\nswitched 3.000\n",
                             "started 1.000\nmounted 4.000\nswitched 3.000\n",
                             "started -1.000\nmounted 2.000\nswitched 3.000\n",
                             "started 99999999999.000\nmounted 2.000\nswitched 3.000\n"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_early_record(text).has_value());
    }
}
