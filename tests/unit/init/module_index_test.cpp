#include "init/module_index.h"

#include <catch2/catch.hpp>
#include <ostream>
#include <string>
#include <vector>

using mainstay::init::Found;
using mainstay::init::is_same_module;
using mainstay::init::LoadOrder;
using mainstay::init::module_name;
using mainstay::init::ModuleIndex;

namespace {

constexpr std::string_view kDep =
    "kernel/drivers/virtio/virtio_ring.ko: kernel/drivers/virtio/virtio.ko\n"
    "kernel/drivers/virtio/virtio.ko:\n"
    "kernel/drivers/virtio/virtio_pci.ko.xz: kernel/drivers/virtio/virtio_pci_modern_dev.ko.xz "
    "kernel/drivers/virtio/virtio_ring.ko.xz kernel/drivers/virtio/virtio.ko.xz\n"
    "kernel/drivers/block/virtio_blk.ko.zst: kernel/drivers/virtio/virtio_ring.ko.zst\n"
    "kernel/drivers/scsi/sd_mod.ko.gz: kernel/lib/crc-t10dif.ko.gz "
    "kernel/drivers/scsi/scsi_mod.ko.gz\n"
    "kernel/lib/crc-t10dif.ko.gz:\n"
    "kernel/fs/ext4/ext4.ko: kernel/lib/crc16.ko kernel/fs/mbcache.ko kernel/fs/jbd2/jbd2.ko\n"
    "extra/foo-bar.ko:\n";

constexpr std::string_view kAlias =
    "# Aliases extracted from modules themselves.\n"
    "alias virtio:d00000002v* virtio_blk\n"
    "alias virtio:d00000001v* virtio_net\n"
    "alias pci:v00001AF4d*sv*sd*bc*sc*i* virtio_pci\n"
    "alias fs-ext4 ext4\n"
    "alias fs-ext3 ext4\n"
    "alias usb:v0123p4567d*dc*dsc*dp*ic03isc*ip*in* one\n"
    "alias usb:v*p*d*dc*dsc*dp*ic03isc*ip*in* usbhid\n"
    "alias cpu:type:x86,ven*fam*mod*:feature:*00[0-2]A* aes_wide\n"
    "alias acpi*:PNP0[CD]0?:* button\n"
    "alias of:N*T*Cvendor,dev-a of_dev\n";

constexpr std::string_view kBuiltin =
    "kernel/fs/squashfs/squashfs.ko\n"
    "kernel/drivers/tty/serial/8250/8250.ko\n"
    "kernel/drivers/nvme/host/nvme-core.ko\n";

using Names = std::vector<std::string>;

Names names(const LoadOrder& order) {
    Names paths;
    for (const std::string_view path : order) {
        paths.emplace_back(path);
    }
    return paths;
}

Names matching(const ModuleIndex& index, std::string_view alias) {
    Names found;
    index.match_alias(alias, [&](std::string_view name) { found.emplace_back(name); });
    return found;
}

Names matching_line(std::string_view line, std::string_view alias) {
    return matching(ModuleIndex({}, line, {}), alias);
}

Found find_in(std::string_view dep, std::string_view name) {
    LoadOrder order;
    return ModuleIndex(dep, {}, {}).find(name, order);
}

}  // namespace

TEST_CASE("the name of a module is its file's, without compression", "[modules]") {
    CHECK(module_name("kernel/drivers/block/virtio_blk.ko") == "virtio_blk");
    CHECK(module_name("kernel/drivers/block/virtio_blk.ko.xz") == "virtio_blk");
    CHECK(module_name("kernel/drivers/block/virtio_blk.ko.gz") == "virtio_blk");
    CHECK(module_name("kernel/drivers/block/virtio_blk.ko.zst") == "virtio_blk");
    CHECK(module_name("virtio_blk.ko") == "virtio_blk");
    CHECK(module_name("virtio_blk") == "virtio_blk");
    CHECK(module_name("a.ko/b.ko") == "b");
    CHECK(module_name("").empty());
    CHECK(module_name("kernel/").empty());
}

TEST_CASE("dashes and underscores are alike in names", "[modules]") {
    CHECK(is_same_module("sd_mod", "sd-mod"));
    CHECK(is_same_module("a-b_c", "a_b-c"));
    CHECK(is_same_module("ext4", "ext4"));
    CHECK(is_same_module("", ""));
    CHECK_FALSE(is_same_module("ext4", "ext"));
    CHECK_FALSE(is_same_module("ext", "ext4"));
    CHECK_FALSE(is_same_module("sd_mod", "sd mod"));
    CHECK_FALSE(is_same_module("Ext4", "ext4"));
}

TEST_CASE("a module comes with what it needs, the last of the line first", "[modules]") {
    const ModuleIndex index(kDep, kAlias, kBuiltin);
    LoadOrder order;
    CHECK(index.find("ext4", order) == Found::Yes);
    CHECK(names(order) == Names{"kernel/fs/jbd2/jbd2.ko", "kernel/fs/mbcache.ko",
                                "kernel/lib/crc16.ko", "kernel/fs/ext4/ext4.ko"});
    CHECK(index.find("virtio_pci", order) == Found::Yes);
    CHECK(names(order) == Names{"kernel/drivers/virtio/virtio.ko.xz",
                                "kernel/drivers/virtio/virtio_ring.ko.xz",
                                "kernel/drivers/virtio/virtio_pci_modern_dev.ko.xz",
                                "kernel/drivers/virtio/virtio_pci.ko.xz"});
    CHECK(index.find("virtio", order) == Found::Yes);
    CHECK(names(order) == Names{"kernel/drivers/virtio/virtio.ko"});
}

TEST_CASE("a module is found by its name in either spelling", "[modules]") {
    const ModuleIndex index(kDep, kAlias, kBuiltin);
    LoadOrder order;
    for (const std::string_view name : {"foo-bar", "foo_bar"}) {
        CHECK(index.find(name, order) == Found::Yes);
        CHECK(names(order) == Names{"extra/foo-bar.ko"});
    }
    CHECK(index.find("sd-mod", order) == Found::Yes);
    CHECK(order.size() == 3);
    CHECK(index.find("crc_t10dif", order) == Found::Yes);
}

TEST_CASE("what is built in needs no loading", "[modules]") {
    const ModuleIndex index(kDep, kAlias, kBuiltin);
    LoadOrder order;
    CHECK(index.find("squashfs", order) == Found::Builtin);
    CHECK(order.empty());
    CHECK(index.find("nvme_core", order) == Found::Builtin);
    CHECK(index.find("8250", order) == Found::Builtin);
}

TEST_CASE("what is not there is not found, and leaves no old order behind", "[modules]") {
    const ModuleIndex index(kDep, kAlias, kBuiltin);
    LoadOrder order;
    REQUIRE(index.find("ext4", order) == Found::Yes);
    CHECK(index.find("xfs", order) == Found::No);
    CHECK(order.empty());
    for (const std::string_view name :
         {"ext", "ext44", "xt4", "kernel/fs/ext4/ext4.ko", "ext4.ko", "", "*", "virtio\n"}) {
        INFO("name: " << name);
        CHECK(index.find(name, order) == Found::No);
    }
    const ModuleIndex none({}, {}, {});
    CHECK(none.find("ext4", order) == Found::No);
    CHECK(matching(none, "fs-ext4").empty());
}

TEST_CASE("no name finds nothing, whatever the texts hold", "[modules]") {
    LoadOrder order;
    for (const std::string_view text :
         {"\n", "\n\n", ":\n", ".ko:\n", "kernel/:\n", "kernel/.ko: a.ko\n", "kernel/.ko\n"}) {
        INFO("text: " << text);
        CHECK(ModuleIndex(text, {}, text).find("", order) == Found::No);
    }
}

TEST_CASE("64 files are loaded for a module, not more", "[modules]") {
    std::string line = "a.ko:";
    for (int i = 1; i < 64; ++i) {
        line += " d" + std::to_string(i) + ".ko";
    }
    LoadOrder order;
    CHECK(ModuleIndex(line, {}, {}).find("a", order) == Found::Yes);
    CHECK(order.size() == 64);
    CHECK(order[0] == "d63.ko");
    CHECK(order[63] == "a.ko");
    line += " one_more.ko\n";
    CHECK(ModuleIndex(line, {}, {}).find("a", order) == Found::TooManyDependencies);
    CHECK(order.empty());
}

TEST_CASE("devices and file systems find their modules by alias", "[modules]") {
    const ModuleIndex index(kDep, kAlias, kBuiltin);
    CHECK(matching(index, "virtio:d00000002v00001AF4") == Names{"virtio_blk"});
    CHECK(matching(index, "pci:v00001AF4d00001042sv00001AF4sd00001100bc01sc00i00") ==
          Names{"virtio_pci"});
    CHECK(matching(index, "pci:v00008086d00001042sv00001AF4sd00001100bc01sc00i00").empty());
    CHECK(matching(index, "fs-ext4") == Names{"ext4"});
    CHECK(matching(index, "fs-ext3") == Names{"ext4"});
    CHECK(matching(index, "fs-ext").empty());
    CHECK(matching(index, "virtio:d00000003v00001AF4").empty());
    CHECK(matching(index, "").empty());
}

TEST_CASE("all modules of an alias are named, in the order of the file", "[modules]") {
    const ModuleIndex index(kDep, kAlias, kBuiltin);
    CHECK(matching(index, "usb:v0123p4567d0110dc00dsc00dp00ic03isc01ip01in00") ==
          Names{"one", "usbhid"});
    CHECK(matching(index, "usb:v0124p4567d0110dc00dsc00dp00ic03isc01ip01in00") == Names{"usbhid"});
}

TEST_CASE("patterns have brackets and question marks", "[modules]") {
    const ModuleIndex index(kDep, kAlias, kBuiltin);
    CHECK(matching(index, "cpu:type:x86,ven0000fam0006mod0055:feature:,0001A,") ==
          Names{"aes_wide"});
    CHECK(matching(index, "cpu:type:x86,ven0000fam0006mod0055:feature:,0003A,").empty());
    CHECK(matching(index, "acpi:PNP0C0A:") == Names{"button"});
    CHECK(matching(index, "acpi:PNP0D01:") == Names{"button"});
    CHECK(matching(index, "acpi:PNP0E01:").empty());
    CHECK(matching(index, "acpi:PNP0C:").empty());
    CHECK(matching(index, "of:NusbT<NULL>Cvendor,dev-a") == Names{"of_dev"});
    // A star takes slashes and a leading dot as well.
    CHECK(matching_line("alias a:* m\n", "a:.b/c") == Names{"m"});
    CHECK(matching_line("alias a:[!0-9] m\n", "a:x") == Names{"m"});
    CHECK(matching_line("alias a:[!0-9] m\n", "a:5").empty());
    CHECK(matching_line("alias *:x m\n", "a:x") == Names{"m"});
    CHECK(matching_line("alias ?:x m\n", "a:x") == Names{"m"});
    CHECK(matching_line("alias [ab]:x m\n", "a:x") == Names{"m"});
    CHECK(matching_line("alias \\a:x m\n", "a:x") == Names{"m"});
}

TEST_CASE("an alias as long as a uevent can carry is matched whole", "[modules]") {
    // A keyboard's: hundreds of keys, then what the pattern looks for at the end.
    std::string alias = "input:b0003v046DpC52Be0111-e0,1,4,11,14,k";
    while (alias.size() < 1900) {
        alias += "71,72,73,";
    }
    alias += "ramlsfw";
    CHECK(matching_line("alias input:b*v*p*e*-e*0,*k*r*a*m*l*s*f*w* evdev\n", alias) ==
          Names{"evdev"});
    CHECK(matching_line("alias input:b*v*p*e*-e*0,*k*r*a*m*l*s*f*w*x evdev\n", alias).empty());
    CHECK(matching_line("alias " + alias + " same\n", alias) == Names{"same"});
    CHECK(matching_line("alias " + alias + "x longer\n", alias).empty());
}

TEST_CASE("what is too long matches nothing, rather than by its beginning", "[modules]") {
    const std::string start = "a:" + std::string(10'000, 'x');
    CHECK(matching_line("alias " + start + "1 one\n", start + "2").empty());
    CHECK(matching_line("alias " + start + "1 one\nalias a:* any\n", "a:x") == Names{"any"});
}

TEST_CASE("texts that are cut off or garbage", "[modules]") {
    LoadOrder order;
    SECTION("without a last newline") {
        CHECK(find_in("a.ko: b.ko\nc.ko:", "c") == Found::Yes);
        CHECK(matching_line("alias a:* m", "a:x") == Names{"m"});
        CHECK(ModuleIndex({}, {}, "kernel/x.ko").find("x", order) == Found::Builtin);
    }
    SECTION("without a colon a line is no line") {
        CHECK(find_in("a.ko b.ko\nc.k", "a") == Found::No);
        CHECK(find_in("a.ko b.ko\nc.ko", "c") == Found::No);
    }
    SECTION("aliases cut off") {
        CHECK(matching_line("alias", "a").empty());
        CHECK(matching_line("alias a", "a").empty());
        CHECK(matching_line("alias a ", "a").empty());
        CHECK(matching_line("ali", "a").empty());
        CHECK(matching_line("aliases a m", "a").empty());
        CHECK(matching_line("alias [a m", "a").empty());
        CHECK(matching_line("\n\n \n", "").empty());
    }
    SECTION("any bytes") {
        std::string garbage;
        for (int i = 0; i < 4096; ++i) {
            garbage += static_cast<char>((i * 7 + i / 256) & 0xff);
        }
        const ModuleIndex index(garbage, garbage, garbage);
        CHECK(index.find("ext4", order) == Found::No);
        CHECK(matching(index, "fs-ext4").empty());
    }
    SECTION("several blanks between the words") {
        CHECK(ModuleIndex("a.ko:   b.ko  c.ko  \n", {}, {}).find("a", order) == Found::Yes);
        CHECK(names(order) == Names{"c.ko", "b.ko", "a.ko"});
    }
}
