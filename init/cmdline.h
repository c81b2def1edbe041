/// PURE. The kernel command line: splitting it as the kernel does (double quotes hold words
/// together) and the words that mean something to PID 1. Unknown words are never an error: they
/// belong to others.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/clock.h"
#include "common/fixed.h"
#include "init/fsck_plan.h"

namespace mainstay::init {

struct CmdlineWord {
    std::string_view key;    ///< up to the first `=`
    std::string_view value;  ///< without the quotes around it
    bool has_value = false;
};

/// Takes the next word off @p rest.
/// @returns nothing at the end, and at the word `--`, after which all belongs to init's arguments.
std::optional<CmdlineWord> take_word(std::string_view& rest) noexcept;

enum class RootKind : std::uint8_t { None, Path, Uuid, Label, PartUuid, PartLabel };

struct RootSpec {
    RootKind kind = RootKind::None;
    FixedString<256> value;  ///< "/dev/vda1", or the identifier without its prefix

    friend bool operator==(const RootSpec&, const RootSpec&) noexcept = default;
};

/// Reads the value of `root=`: a path, `UUID=…`, `LABEL=…`, `PARTUUID=…`, `PARTLABEL=…`; a name
/// without a slash is one below /dev.
RootSpec parse_root(std::string_view value) noexcept;

enum class EmergencyAction : std::uint8_t { None, Reboot, PowerOff, Halt };

/// `rd.overlay`: what takes the writes, so that the root itself is never written to.
enum class OverlayKind : std::uint8_t {
    Unset,   ///< not said: a live root gets one in memory, any other none
    None,    ///< rd.overlay=0
    Memory,  ///< rd.overlay, rd.overlay=tmpfs
    Device,  ///< rd.overlay=LABEL=…, rd.overlay=/dev/…
};

struct OverlaySpec {
    OverlayKind kind = OverlayKind::Unset;
    RootSpec device;
    FixedString<32> size;  ///< of the tmpfs, as tmpfs(5) has it; empty: half of the memory

    friend bool operator==(const OverlaySpec&, const OverlaySpec&) noexcept = default;
};

/// Reads the value of `rd.overlay=`: `tmpfs` (also 1, yes, on) or a device as root= names it, and
/// after a comma `size=…`; 0, no and off switch it off.
OverlaySpec parse_overlay(std::string_view value) noexcept;

/// `root=live:…`: the root lies in a file on the medium that root= names.
struct LiveSpec {
    bool is_live = false;
    FixedString<96> directory{"LiveOS"};    ///< rd.live.dir=
    FixedString<96> image{"squashfs.img"};  ///< rd.live.squashimg=

    /// Of the image below the medium's mount point, without a leading slash.
    FixedString<200> path() const noexcept;
};

/// `rd.break=`: where the boot stops for a shell, each before the step of that name.
enum class BreakPoint : std::uint8_t {
    Modules,  ///< before modules are loaded
    Root,     ///< before the root device is looked for
    Mount,    ///< the device is there, and not mounted yet
    Switch,   ///< all is mounted; also `rd.break` alone
};
inline constexpr std::size_t kBreakPointCount = 4;
std::string_view to_string(BreakPoint point) noexcept;

/// A set of them, also as a plain number that goes through a pipe.
class BreakPoints {
  public:
    void add(BreakPoint point) noexcept { bits_ |= bit(point); }
    bool has(BreakPoint point) const noexcept { return (bits_ & bit(point)) != 0; }
    bool empty() const noexcept { return bits_ == 0; }
    friend bool operator==(const BreakPoints&, const BreakPoints&) noexcept = default;

  private:
    static unsigned bit(BreakPoint point) noexcept { return 1U << static_cast<unsigned>(point); }
    unsigned bits_ = 0;
};

/// Our names, and those of dracut and Debian's initramfs for the same places.
std::optional<BreakPoint> parse_break(std::string_view name) noexcept;

/// The words of sysvinit's init: what the boot leads to.
struct LevelWords {
    char level = '\0';          ///< S (single s -s), or 1 to 9
    bool rescue_first = false;  ///< a shell before anything else: -b emergency rescue
    bool is_auto = false;       ///< -a auto: nobody has chosen this boot
    bool skips_next = false;    ///< -z: the word after it means nothing

    void take(std::string_view word) noexcept;
    /// What was said later wins.
    void take(const LevelWords& later) noexcept;
    /// Where there are no runlevels.
    bool asks_for_shell() const noexcept { return rescue_first || level == 'S' || level == '1'; }

    friend bool operator==(const LevelWords&, const LevelWords&) noexcept = default;
};

/// What PID 1 takes from the command line. Later words win.
struct Cmdline {
    RootSpec root;  ///< root=; of a live root: its medium
    LiveSpec live;
    OverlaySpec overlay;          ///< rd.overlay
    FixedString<64> root_type;    ///< rootfstype=
    FixedString<256> root_flags;  ///< rootflags=
    bool root_writable = false;   ///< rw, ro
    bool wait_for_root = false;   ///< rootwait: no deadline for the root device
    Duration root_delay{0};       ///< rootdelay=
    Duration root_timeout = std::chrono::seconds(60);  ///< rd.timeout=, rootwait=
    FixedString<256> init;                             ///< init=, empty: the usual places
    FixedVector<FixedString<64>, 32> modules;          ///< modules=, modules_load=, by name
    bool has_rd_word = false;                          ///< a word starting `rd.` was seen
    BreakPoints breaks;                                ///< rd.break
    FixedString<32> unknown_break;                     ///< what rd.break= gave and is none
    FsckPolicy fsck;           ///< fsck.mode=, fsck.repair=, fastboot, forcefsck
    bool rescue_shell = true;  ///< rd.shell=0 and mainstay.rescue=off forbid it
    EmergencyAction emergency = EmergencyAction::None;  ///< rd.emergency=
    std::int32_t panic_seconds = 0;  ///< panic=: reboot after so long; negative: at once
    bool early_mounts = true;        ///< mainstay.mounts=no
    Duration shutdown_timeout = std::chrono::minutes(5);  ///< mainstay.shutdown-timeout=
    FixedString<96> watchdog;  ///< watchdog=, as parse_watchdog() reads it; empty: none
    LevelWords level;

    /// Takes the words of @p line, which may be called again for a further line: its words win.
    void read(std::string_view line) noexcept;
};

}  // namespace mainstay::init
