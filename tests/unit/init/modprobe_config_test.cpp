#include "init/modprobe_config.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using mainstay::init::ModprobeConfig;
using mainstay::init::ModuleOptions;
using mainstay::init::SoftDependency;
using mainstay::init::unknown_symbol;
using Names = std::vector<std::string>;

namespace {

std::string options_of(const ModprobeConfig& config, std::string_view name) {
    ModuleOptions options;
    CHECK(config.collect_options(name, options));
    return std::string(options.view());
}

Names soft_of(std::string_view files, std::string_view name, SoftDependency which) {
    Names names;
    ModprobeConfig(files, "").for_each_soft(
        name, which, [&](std::string_view other) { names.emplace_back(other); });
    return names;
}

}  // namespace

TEST_CASE("options add up, those of the command line last", "[modprobe]") {
    const ModprobeConfig config(
        "options a-b one=1  two=2 \n#options a_b no=1\noptions c x=1\n\toptions a_b \\\n three=3",
        "quiet a_b.four=4 a-b.five=\"5 6\" a_b.flag c.y=2 a_bc.no=1");
    CHECK(options_of(config, "a_b") == "one=1  two=2 three=3 four=4 five=\"5 6\" flag");
    CHECK(options_of(config, "c") == "x=1 y=2");
    CHECK(options_of(config, "d").empty());
    CHECK(options_of({"options a", ""}, "a").empty());
}

TEST_CASE("options that do not fit are refused, not cut", "[modprobe]") {
    const std::string most(ModuleOptions::capacity(), 'x');
    ModuleOptions options;
    CHECK(ModprobeConfig("options a " + most, "").collect_options("a", options));
    const std::string more = "options a " + most + "y\noptions a ok=1";
    options.clear();
    CHECK_FALSE(ModprobeConfig(more, "").collect_options("a", options));
    CHECK(options == "ok=1");
}

TEST_CASE("what is blacklisted, and what is disabled", "[modprobe]") {
    const ModprobeConfig config(
        "blacklist a-b\ninstall c /bin/true\ninstall d /sbin/modprobe -i d\n",
        "modprobe.blacklist=e,f-g rd.driver.blacklist=h");
    for (const char* name : {"a_b", "e", "f_g", "h"}) {
        CHECK(config.is_blacklisted(name));
        CHECK_FALSE(config.is_disabled(name));
    }
    CHECK_FALSE(config.is_blacklisted("c"));
    CHECK(config.is_disabled("c"));
    CHECK_FALSE(config.is_disabled("d"));
    CHECK_FALSE(config.is_blacklisted("a"));
}

TEST_CASE("what comes before a module and after it", "[modprobe]") {
    const char* const files =
        "softdep a pre: b c post: d\nsoftdep a_x pre: no\nsoftdep a post: e\n";
    CHECK(soft_of(files, "a", SoftDependency::Before) == Names{"b", "c"});
    CHECK(soft_of(files, "a", SoftDependency::After) == Names{"d", "e"});
    CHECK(soft_of("softdep a b c", "a", SoftDependency::Before).empty());
    CHECK(soft_of("softdep a pre:", "a", SoftDependency::Before).empty());
}

TEST_CASE("the kernel's log names the missing symbol", "[modprobe]") {
    CHECK(unknown_symbol("3,481,1234,-;isofs: Unknown symbol cdrom_x (err -2)\n", "isofs") ==
          "cdrom_x");
    CHECK(unknown_symbol("3,1,2,-;virtio_a: Unknown symbol y (err 0)", "virtio-a") == "y");
    CHECK(unknown_symbol("3,1,2,-;other: Unknown symbol y (err 0)", "isofs").empty());
    CHECK(unknown_symbol("3,1,2,-;isofs: loaded", "isofs").empty());
    CHECK(unknown_symbol("isofs: Unknown symbol ", "isofs").empty());
}
