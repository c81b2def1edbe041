#include "common/boot_times.h"

#include <catch2/catch.hpp>
#include <string>

using namespace mainstay;
using std::chrono::milliseconds;

TEST_CASE("what is written of a boot is read again", "[boot_times]") {
    std::string text;
    BootTimes expected;
    for (std::size_t i = 0; i < kBootMomentCount; ++i) {
        text.append(boot_time_line(BootMoment(i), 1.25 + static_cast<double>(i)).view());
        expected[i] = milliseconds(1250 + 1000 * static_cast<int>(i));
    }
    CHECK(text.substr(0, 30) == "initramfs 1.250\nroot 2.250\nswi");
    CHECK(parse_boot_times(text) == expected);
}

TEST_CASE("what is no moment of a boot counts for nothing", "[boot_times]") {
    for (const char* text : {"", "\n\n", "init", "init ", "init 2", "init 2.6", "init 2.6000",
                             "init x.600", "init 2.600 ", "init -2.600", "other 2.600", " 2.600",
                             "init 2.-60", "init 99999999999.600"}) {
        CAPTURE(text);
        CHECK(parse_boot_times(text) == BootTimes{});
    }
    const BootTimes times = parse_boot_times("nonsense\ninit 2.600\ninit 3.700\n");
    CHECK(times[static_cast<std::size_t>(BootMoment::Init)] == milliseconds(3700));
}
