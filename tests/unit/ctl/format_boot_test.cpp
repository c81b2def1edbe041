#include "ctl/format_boot.h"

#include <catch2/catch.hpp>

#include "views.h"

using namespace mainstay;
using namespace mainstay::ctl;
using namespace mainstay::ctl::test;

namespace {

const BootTimes kWhole = parse_boot_times(
    "initramfs 1.271\nroot 2.420\nswitch 2.500\ninit 2.602\nentries 3.900\ncomplete 6.418\n");

}  // namespace

TEST_CASE("a boot shows how long which part of it took", "[boot]") {
    CHECK(format_boot(kWhole, kPlain) ==
          "boot 6.4 s: kernel 1.3, initramfs 1.2 (root 1.1), startup 1.3, services 2.5\n");
    CHECK(format_boot(kWhole, kNarrow) == "boot 6.4 s: kernel 1.3, initramfs 1.2 (~\n");
    CHECK(format_boot(parse_boot_times("init 1.600\nentries 1.700\n"), kPlain) ==
          "boot so far: kernel 1.6, startup 0.1\n");
    CHECK(format_boot({}, kPlain).empty());
}

TEST_CASE("a clock that went backwards gives no part", "[boot]") {
    CHECK(format_boot(parse_boot_times("init 5.000\nentries 4.000\ncomplete 6.000\n"), kPlain) ==
          "boot 6.0 s: kernel 5.0, services 2.0\n");
}

TEST_CASE("for programs a boot has its moments", "[boot]") {
    CHECK(format_boot_json(kWhole) ==
          "{\"boot\":{\"initramfs_ms\":1271,\"root_ms\":2420,\"switch_ms\":2500,\"init_ms\":2602,"
          "\"entries_ms\":3900,\"complete_ms\":6418}}\n");
    CHECK(format_boot_json(parse_boot_times("init 0.050\n")) == "{\"boot\":{\"init_ms\":50}}\n");
    CHECK(format_boot_json({}).empty());
}
