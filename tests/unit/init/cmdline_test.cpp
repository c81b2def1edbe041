#include "init/cmdline.h"

#include <catch2/catch.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "common/units.h"

using mainstay::Duration;
using mainstay::kForever;
using mainstay::init::BreakPoint;
using mainstay::init::Cmdline;
using mainstay::init::CmdlineWord;
using mainstay::init::EmergencyAction;
using mainstay::init::FsckMode;
using mainstay::init::FsckRepair;
using mainstay::init::OverlayKind;
using mainstay::init::OverlaySpec;
using mainstay::init::parse_break;
using mainstay::init::parse_overlay;
using mainstay::init::parse_root;
using mainstay::init::RootKind;
using mainstay::init::RootSpec;
using mainstay::init::take_word;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

/// The words of a line as "key" or "key=value", so that lists of them compare and print.
std::vector<std::string> words_of(std::string_view line) {
    std::vector<std::string> words;
    while (const auto word = take_word(line)) {
        std::string text(word->key);
        if (word->has_value) {
            text.append("=").append(word->value);
        }
        words.push_back(text);
    }
    return words;
}

using Words = std::vector<std::string>;

Cmdline read(std::string_view line) {
    Cmdline cmdline;
    cmdline.read(line);
    return cmdline;
}

std::string value_of(const RootSpec& spec) {
    return std::string(spec.value.view());
}

std::vector<std::string> modules_of(const Cmdline& cmdline) {
    std::vector<std::string> names;
    for (const auto& name : cmdline.modules) {
        names.emplace_back(name.view());
    }
    return names;
}

/// Whether nothing that PID 1 takes differs from the defaults.
bool is_default(const Cmdline& cmdline) {
    const Cmdline defaults;
    return cmdline.root == defaults.root && cmdline.root_type.empty() &&
           cmdline.root_flags.empty() && !cmdline.root_writable && !cmdline.wait_for_root &&
           cmdline.root_delay == defaults.root_delay &&
           cmdline.root_timeout == defaults.root_timeout && cmdline.init.empty() &&
           cmdline.modules.empty() && !cmdline.has_rd_word && cmdline.rescue_shell &&
           cmdline.emergency == EmergencyAction::None && cmdline.panic_seconds == 0 &&
           cmdline.early_mounts && cmdline.shutdown_timeout == defaults.shutdown_timeout &&
           cmdline.level == mainstay::init::LevelWords{};
}

}  // namespace

TEST_CASE("words are split at blanks", "[cmdline]") {
    CHECK(words_of("").empty());
    CHECK(words_of("  \t\r\n").empty());
    CHECK(words_of("quiet") == Words{"quiet"});
    CHECK(words_of("  ro\tquiet  root=/dev/vda1\n") == Words{"ro", "quiet", "root=/dev/vda1"});
    CHECK(words_of("a\vb\fc") == Words{"a", "b", "c"});
    CHECK(words_of("a=b=c") == Words{"a=b=c"});
    CHECK(words_of("a=") == Words{"a="});
    CHECK(words_of("=a") == Words{"=a"});
}

TEST_CASE("a value may be empty, or not there", "[cmdline]") {
    std::string_view rest = "a a= a=\"\"";
    CHECK_FALSE(take_word(rest)->has_value);
    const auto empty = take_word(rest);
    CHECK(empty->has_value);
    CHECK(empty->value.empty());
    const auto quoted = take_word(rest);
    CHECK(quoted->has_value);
    CHECK(quoted->value.empty());
    CHECK_FALSE(take_word(rest));
}

TEST_CASE("double quotes hold words together, as in the kernel", "[cmdline]") {
    // Worked out by the kernel's next_arg(): an opening quote of the word or of the value is
    // dropped, and then one at the end; quotes elsewhere stay.
    CHECK(words_of("key=\"a b\" c") == Words{"key=a b", "c"});
    CHECK(words_of("\"key=a b\" c") == Words{"key=a b", "c"});
    CHECK(words_of("\"a word\" c") == Words{"a word", "c"});
    CHECK(words_of("key=a\" \"b c") == Words{"key=a\" \"b", "c"});
    CHECK(words_of("key=\"a b\"x c") == Words{"key=a b\"x", "c"});
    CHECK(words_of("key=\"a\tb\nc\"") == Words{"key=a\tb\nc"});
    CHECK(words_of("k\"e y\"=v") == Words{"k\"e y\"=v"});
    CHECK(words_of("key=\"a=b c\"") == Words{"key=a=b c"});
    CHECK(words_of("\"key=\"a b\"\" c") == Words{"key=a", "b\"\"", "c"});
    // There is no escape: a backslash is a character like any other.
    CHECK(words_of("key=\"a\\\" b\"") == Words{"key=a\\", "b\""});
    CHECK(words_of("key='a b'") == Words{"key='a", "b'"});
}

TEST_CASE("quotes that are not closed reach to the end", "[cmdline]") {
    CHECK(words_of("a key=\"b c") == Words{"a", "key=b c"});
    CHECK(words_of("a \"key=b c") == Words{"a", "key=b c"});
    CHECK(words_of("a \"") == Words{"a", ""});
    CHECK(words_of("a key=\"") == Words{"a", "key="});
    CHECK(words_of("\"\"") == Words{""});
    CHECK(words_of("\"\"\"") == Words{"\""});
}

TEST_CASE("after -- all belongs to init", "[cmdline]") {
    CHECK(words_of("a -- b root=/dev/x") == Words{"a"});
    CHECK(words_of("--").empty());
    CHECK(words_of("a \"--\" b") == Words{"a"});
    CHECK(words_of("a --b ---") == Words{"a", "--b", "---"});
    CHECK(words_of("a --=x b") == Words{"a", "--=x", "b"});
    std::string_view rest = "-- b";
    CHECK_FALSE(take_word(rest));
    CHECK_FALSE(take_word(rest));
    CHECK(is_default(read("quiet -- single root=/dev/vda1")));
}

TEST_CASE("-- ends its own line only", "[cmdline]") {
    Cmdline cmdline;
    cmdline.read("rw -- single");
    cmdline.read("root=/dev/vda1");
    CHECK(cmdline.root_writable);
    CHECK_FALSE(cmdline.level.asks_for_shell());
    CHECK(value_of(cmdline.root) == "/dev/vda1");
}

TEST_CASE("what belongs to others changes nothing", "[cmdline]") {
    CHECK(is_default(read("")));
    CHECK(
        is_default(read("BOOT_IMAGE=/vmlinuz console=ttyS0,115200 quiet loglevel=3 splash "
                        "systemd.unit=x.target net.ifnames=0 rootfoo=1 xroot=/dev/x Root=/x "
                        "RW panicx=3 singleuser ro.x=1 init2=/x")));
    // A flag with a value, a setting without one.
    CHECK(
        is_default(read("rw=1 single=1 emergency=1 root rootfstype rootflags init "
                        "panic modules rootdelay mainstay.mounts mainstay.rescue")));
}

TEST_CASE("the forms of root=", "[cmdline]") {
    struct Row {
        std::string_view word;
        RootKind kind;
        std::string_view value;
    };
    const Row row = GENERATE(values<Row>({
        {"root=/dev/vda1", RootKind::Path, "/dev/vda1"},
        {"root=vda1", RootKind::Path, "/dev/vda1"},
        {"root=/dev/mapper/vg-root", RootKind::Path, "/dev/mapper/vg-root"},
        {"root=UUID=1234-ABCD", RootKind::Uuid, "1234-ABCD"},
        {"root=LABEL=root", RootKind::Label, "root"},
        {"root=LABEL=a/b=c", RootKind::Label, "a/b=c"},
        {"root=PARTUUID=0a1b2c3d-01", RootKind::PartUuid, "0a1b2c3d-01"},
        {"root=PARTLABEL=system", RootKind::PartLabel, "system"},
        {"root=LABEL=\"my root\"", RootKind::Label, "my root"},
        {"root=\"LABEL=my root\"", RootKind::Label, "my root"},
        {"\"root=LABEL=my root\"", RootKind::Label, "my root"},
        {"root=PARTLABEL=\"Linux root (x86)\"", RootKind::PartLabel, "Linux root (x86)"},
        {"root=\"UUID=1234\"", RootKind::Uuid, "1234"},
        {"root=uuid=1234", RootKind::Path, "/dev/uuid=1234"},
        {"root=", RootKind::None, ""},
    }));
    INFO("word: " << row.word);
    const Cmdline cmdline = read(std::string("quiet ").append(row.word).append(" ro"));
    CHECK(cmdline.root.kind == row.kind);
    CHECK(value_of(cmdline.root) == row.value);
}

TEST_CASE("an identifier that is empty still asks for a root that cannot be found", "[cmdline]") {
    // Not None: that would mean the initramfs is to stay, and nobody asked for it.
    CHECK(parse_root("UUID=").kind == RootKind::Uuid);
    CHECK(parse_root("UUID=").value.empty());
    CHECK(parse_root("LABEL=\"\"").kind == RootKind::Label);
    CHECK(parse_root("LABEL=\"\"").value.empty());
}

TEST_CASE("every setting is taken", "[cmdline]") {
    CHECK(read("rootfstype=ext4").root_type == "ext4");
    CHECK(read("rootflags=noatime,subvol=@").root_flags == "noatime,subvol=@");
    CHECK(read("rw").root_writable);
    CHECK_FALSE(read("ro").root_writable);
    CHECK(read("rootwait").wait_for_root);
    CHECK(read("rootwait=7").root_timeout == std::chrono::seconds(7));
    CHECK_FALSE(read("rootwait=7").wait_for_root);
    CHECK(read("rootdelay=5").root_delay == seconds(5));
    CHECK(read("rd.timeout=90").root_timeout == seconds(90));
    CHECK(read("rd.timeout=500ms").root_timeout == milliseconds(500));
    CHECK(read("rd.timeout=infinity").root_timeout == kForever);
    CHECK(read("quiet").root_timeout == seconds(60));
    CHECK(read("init=/usr/lib/systemd/systemd").init == "/usr/lib/systemd/systemd");
    CHECK(read("panic=10").panic_seconds == 10);
    CHECK(read("panic=-1").panic_seconds == -1);
    CHECK_FALSE(read("mainstay.mounts=no").early_mounts);
    CHECK(read("mainstay.mounts=yes").early_mounts);
    CHECK(read("mainstay.shutdown-timeout=30").shutdown_timeout == seconds(30));
    CHECK(read("mainstay.shutdown-timeout=10min").shutdown_timeout == minutes(10));
    CHECK(read("quiet").shutdown_timeout == minutes(5));
}

TEST_CASE("the rescue shell can be forbidden", "[cmdline]") {
    CHECK(read("quiet").rescue_shell);
    CHECK(read("rd.shell").rescue_shell);
    CHECK(read("rd.shell=1").rescue_shell);
    CHECK(read("mainstay.rescue=on").rescue_shell);
    CHECK_FALSE(read("rd.shell=0").rescue_shell);
    CHECK_FALSE(read("mainstay.rescue=off").rescue_shell);
    for (const std::string no : {"0", "no", "off", "false"}) {
        CHECK_FALSE(read("rd.shell=" + no).rescue_shell);
        CHECK_FALSE(read("mainstay.rescue=" + no).rescue_shell);
        CHECK_FALSE(read("mainstay.mounts=" + no).early_mounts);
    }
    // panic= says what follows, not whether there is a shell.
    CHECK(read("panic=10").rescue_shell);
}

TEST_CASE("what follows when all fails", "[cmdline]") {
    CHECK(read("rd.emergency=reboot").emergency == EmergencyAction::Reboot);
    CHECK(read("rd.emergency=poweroff").emergency == EmergencyAction::PowerOff);
    CHECK(read("rd.emergency=halt").emergency == EmergencyAction::Halt);
    CHECK(read("rd.emergency=dance").emergency == EmergencyAction::None);
    CHECK(read("rd.emergency=").emergency == EmergencyAction::None);
}

TEST_CASE("words that ask for the single-user shell", "[cmdline]") {
    const std::string word = GENERATE("single", "S", "s", "1", "-b", "emergency", "rescue");
    INFO("word: " << word);
    CHECK(read(word).level.asks_for_shell());
    CHECK(read("quiet " + word + " ro").level.asks_for_shell());
    CHECK_FALSE(read("x" + word).level.asks_for_shell());
    CHECK_FALSE(read(word + "x").level.asks_for_shell());
}

TEST_CASE("words of sysvinit's init", "[cmdline]") {
    CHECK(read("single").level.level == 'S');
    CHECK(read("-s").level.level == 'S');
    CHECK(read("quiet 4 ro").level.level == '4');
    CHECK(read("single 2").level.level == '2');
    CHECK(read("0").level.level == '\0');
    CHECK_FALSE(read("3").level.asks_for_shell());
    CHECK(read("emergency").level.rescue_first);
    CHECK_FALSE(read("single").level.rescue_first);
    CHECK(read("auto").level.is_auto);
    CHECK(read("-a").level.is_auto);
    CHECK(read("-z single").level == mainstay::init::LevelWords{'\0', false, false, false});
    // At the end of a line, such as /etc/cmdline, it says nothing of the kernel's.
    CHECK_FALSE(read("single -z").level.skips_next);

    mainstay::init::LevelWords words = read("single auto").level;
    words.take(read("5 emergency").level);
    CHECK(words == mainstay::init::LevelWords{'5', true, true, false});
    words.take(read("quiet").level);
    CHECK(words.level == '5');
}

TEST_CASE("a word starting rd. makes an initramfs of it", "[cmdline]") {
    CHECK(read("rd.break").has_rd_word);
    CHECK(read("rd.anything=1").has_rd_word);
    CHECK(read("\"rd.x=a b\"").has_rd_word);
    CHECK_FALSE(read("rd rdx.y=1 x.rd.y ord.x").has_rd_word);
    CHECK_FALSE(read("-- rd.break").has_rd_word);
}

TEST_CASE("modules add up over words and lines", "[cmdline]") {
    Cmdline cmdline = read("modules=loop,squashfs,,sd-mod modules_load=virtio_net");
    CHECK(modules_of(cmdline) == Words{"loop", "squashfs", "sd-mod", "virtio_net"});
    cmdline.read("rd.modules_load=ext4 modules=");
    CHECK(modules_of(cmdline) == Words{"loop", "squashfs", "sd-mod", "virtio_net", "ext4"});
    CHECK(modules_of(read("modules=,,,")).empty());
}

TEST_CASE("too many modules are cut off", "[cmdline]") {
    std::string line = "modules=m0";
    for (int i = 1; i < 100; ++i) {
        line += ",m" + std::to_string(i);
    }
    const Cmdline cmdline = read(line + " rw");
    CHECK(cmdline.modules.size() == cmdline.modules.capacity());
    CHECK(cmdline.modules[31] == "m31");
    CHECK(cmdline.root_writable);
}

TEST_CASE("later words win", "[cmdline]") {
    CHECK(read("root=/dev/a root=UUID=1 root=/dev/b").root == parse_root("/dev/b"));
    CHECK_FALSE(read("rw ro").root_writable);
    CHECK(read("ro rw").root_writable);
    CHECK(read("rootfstype=ext4 rootfstype=xfs").root_type == "xfs");
    CHECK(read("rootflags=a rootflags=").root_flags.empty());
    CHECK(read("init=/a init=/b").init == "/b");
    CHECK(read("rd.shell=0 rd.shell=1").rescue_shell);
    CHECK_FALSE(read("rd.shell=1 mainstay.rescue=off").rescue_shell);
    CHECK(read("panic=1 panic=2").panic_seconds == 2);
    CHECK(read("rd.timeout=1 rd.timeout=2").root_timeout == seconds(2));
    CHECK(read("rd.emergency=halt rd.emergency=reboot").emergency == EmergencyAction::Reboot);
    CHECK(read("root=/dev/a root=").root.kind == RootKind::None);
}

TEST_CASE("a second line adds to the first, and wins", "[cmdline]") {
    Cmdline cmdline;
    cmdline.read("root=/dev/sda1 rootfstype=ext4 rw rd.timeout=5\nmodules=loop\n");
    cmdline.read("BOOT_IMAGE=/vmlinuz root=LABEL=other ro rd.timeout=7");
    CHECK(cmdline.root == parse_root("LABEL=other"));
    CHECK(cmdline.root_type == "ext4");
    CHECK_FALSE(cmdline.root_writable);
    CHECK(cmdline.root_timeout == seconds(7));
    CHECK(modules_of(cmdline) == Words{"loop"});
    CHECK(cmdline.has_rd_word);
}

TEST_CASE("numbers that are none, or too large, leave what was there", "[cmdline]") {
    for (const std::string number : {"", "x", "1x", " 1", "0x10", "99999999999999999999",
                                     "2147483648", "-2147483649", "1.5", "--1", "1,2"}) {
        INFO("number: " << number);
        CHECK(read("panic=3 panic=\"" + number + "\"").panic_seconds == 3);
    }
    CHECK(read("panic=2147483647").panic_seconds == 2147483647);
    CHECK(read("panic=-2147483648").panic_seconds == -2147483647 - 1);
    for (const std::string duration :
         {"", "x", "-1", "5parsecs", "99999999999999999999", "9223372036854775807", "1e3", ".5"}) {
        INFO("duration: " << duration);
        Cmdline cmdline = read("rootdelay=3 rd.timeout=4 mainstay.shutdown-timeout=5");
        for (const std::string key : {"rootdelay=", "rd.timeout=", "mainstay.shutdown-timeout="}) {
            cmdline.read(key + duration);
        }
        CHECK(cmdline.root_delay == seconds(3));
        CHECK(cmdline.root_timeout == seconds(4));
        CHECK(cmdline.shutdown_timeout == seconds(5));
    }
}

TEST_CASE("values that are too long are cut, and the words after them still count", "[cmdline]") {
    const std::string long_value(5000, 'x');
    const Cmdline cmdline =
        read("root=/dev/" + long_value + " rootfstype=" + long_value + " rootflags=" + long_value +
             " init=/" + long_value + " modules=" + long_value + " rw");
    CHECK(cmdline.root.value.size() == cmdline.root.value.capacity());
    CHECK(cmdline.root_type.size() == cmdline.root_type.capacity());
    CHECK(cmdline.root_flags.size() == cmdline.root_flags.capacity());
    CHECK(cmdline.init.size() == cmdline.init.capacity());
    REQUIRE(cmdline.modules.size() == 1);
    CHECK(cmdline.modules[0].size() == cmdline.modules[0].capacity());
    CHECK(cmdline.root_writable);
}

TEST_CASE("a line of 100 KB is read to its end", "[cmdline]") {
    std::string many = "root=/dev/vda1 ";
    while (many.size() < 100'000) {
        many += "word=value \"quoted word\" ";
    }
    CHECK(value_of(read(many + "rw").root) == "/dev/vda1");
    CHECK(read(many + "rw").root_writable);
    CHECK(read(std::string(100'000, 'x') + " rw").root_writable);
    CHECK(read(std::string(100'000, ' ') + "rw").root_writable);
    CHECK(read(std::string(100'000, '"') + " rw").root_writable);
    CHECK(is_default(read(std::string(100'001, '"') + " rw")));
    CHECK(is_default(read(std::string(100'000, '='))));
}

TEST_CASE("bytes that are no text do no harm", "[cmdline]") {
    std::string all_bytes;
    for (int i = 0; i < 256; ++i) {
        all_bytes += static_cast<char>(i);
    }
    Cmdline cmdline = read("rw root=" + all_bytes + "\" ro");
    CHECK(cmdline.root.kind == RootKind::Path);
    CHECK(words_of(std::string(3, '\0')).size() == 1);
}

TEST_CASE("a live root is a medium and a file on it", "[cmdline]") {
    const Cmdline plain = read("root=live:CDLABEL=DEMO");
    CHECK(plain.live.is_live);
    CHECK(plain.root == parse_root("LABEL=DEMO"));
    CHECK(plain.live.path() == "LiveOS/squashfs.img");
    CHECK(read("root=live:/dev/sr0").root == parse_root("/dev/sr0"));
    CHECK(read("root=live:UUID=ab").root.kind == RootKind::Uuid);
    CHECK(read("root=live:").root.kind == RootKind::None);

    CHECK(read("rd.live.dir=/demo rd.live.squashimg=a.sqfs").live.path() == "demo/a.sqfs");
    CHECK(read("rd.live.dir= rd.live.squashimg=a.sqfs").live.path() == "a.sqfs");
    CHECK(read("rd.live.dir=no rd.live.squashimg=/b/a.sqfs").live.path() == "b/a.sqfs");
    CHECK_FALSE(read("root=live:LABEL=A root=/dev/sda1").live.is_live);
}

TEST_CASE("what an overlay is written on", "[cmdline]") {
    const OverlaySpec memory{OverlayKind::Memory, {}, {}};
    CHECK(read("").overlay.kind == OverlayKind::Unset);
    CHECK(read("rd.overlay").overlay == memory);
    for (const char* word : {"", "tmpfs", "1", "yes", "tmpfs,", "tmpfs,dir=no"}) {
        CAPTURE(word);
        CHECK(parse_overlay(word) == memory);
    }
    for (const char* word : {"0", "no", "off"}) {
        CHECK(parse_overlay(word).kind == OverlayKind::None);
    }
    CHECK(parse_overlay("tmpfs,size=50%").size == "50%");
    CHECK(parse_overlay("size=8m").size == "8m");
    CHECK(parse_overlay("size=8m").kind == OverlayKind::Memory);
    const OverlaySpec device = parse_overlay("LABEL=KEEP");
    CHECK(device.kind == OverlayKind::Device);
    CHECK(device.device == parse_root("LABEL=KEEP"));
    CHECK(parse_overlay("vda2").device == parse_root("/dev/vda2"));
}

TEST_CASE("where a boot stops for a shell", "[cmdline]") {
    CHECK(read("").breaks.empty());
    CHECK(read("rd.break").breaks.has(BreakPoint::Switch));
    const Cmdline several = read("rd.break=modules,root rd.break=pre-mount rd.break=nowhere");
    CHECK(several.breaks.has(BreakPoint::Modules));
    CHECK(several.breaks.has(BreakPoint::Root));
    CHECK(several.breaks.has(BreakPoint::Mount));
    CHECK_FALSE(several.breaks.has(BreakPoint::Switch));
    CHECK(several.unknown_break == "nowhere");
    for (const auto point :
         {BreakPoint::Modules, BreakPoint::Root, BreakPoint::Mount, BreakPoint::Switch}) {
        CHECK(parse_break(to_string(point)) == point);
    }
}

TEST_CASE("how file systems are checked", "[cmdline]") {
    CHECK(read("").fsck.mode == FsckMode::Auto);
    CHECK(read("fastboot").fsck.mode == FsckMode::Skip);
    CHECK(read("forcefsck").fsck.mode == FsckMode::Force);
    CHECK(read("fsck.mode=force fsck.mode=skip fsck.mode=odd").fsck.mode == FsckMode::Skip);
    CHECK(read("fsck.mode=force fsck.mode=auto").fsck.mode == FsckMode::Auto);
    CHECK(read("fsck.repair=yes").fsck.repair == FsckRepair::All);
    CHECK(read("fsck.repair=no").fsck.repair == FsckRepair::Nothing);
    CHECK(read("fsck.repair=no fsck.repair=preen").fsck.repair == FsckRepair::Preen);
}
