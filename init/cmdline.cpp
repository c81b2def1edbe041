#include "init/cmdline.h"

#include <charconv>

#include "common/units.h"

namespace mainstay::init {
namespace {

constexpr std::string_view kBlanks = " \t\n\v\f\r";

bool is_blank(char c) noexcept {
    return kBlanks.find(c) != std::string_view::npos;
}

std::string_view without_quotes(std::string_view text) noexcept {
    if (!text.empty() && text.front() == '"') {
        text.remove_prefix(1);
        if (!text.empty() && text.back() == '"') {
            text.remove_suffix(1);
        }
    }
    return text;
}

template <std::size_t N>
void assign(FixedString<N>& target, std::string_view value) noexcept {
    target = FixedString<N>(value);
}

bool is_no(std::string_view value) noexcept {
    return value == "0" || value == "no" || value == "off" || value == "false";
}

bool is_yes(std::string_view value) noexcept {
    return value == "1" || value == "yes" || value == "on" || value == "true";
}

bool starts_with(std::string_view text, std::string_view prefix) noexcept {
    return text.substr(0, prefix.size()) == prefix;
}

std::string_view take_until(std::string_view& rest, char separator) noexcept {
    const std::size_t end = rest.find(separator);
    const std::string_view part = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    return part;
}

void assign(Duration& target, std::string_view value) noexcept {
    if (const auto parsed = parse_duration(value)) {
        target = *parsed;
    }
}

void assign(std::int32_t& target, std::string_view value) noexcept {
    std::int32_t number = 0;
    const auto [end, failure] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (failure == std::errc() && end == value.data() + value.size()) {
        target = number;
    }
}

void add_modules(FixedVector<FixedString<64>, 32>& modules, std::string_view list) noexcept {
    while (!list.empty()) {
        const std::string_view name = take_until(list, ',');
        if (!name.empty() && !modules.push_back(name)) {
            return;
        }
    }
}

EmergencyAction parse_emergency(std::string_view value) noexcept {
    if (value == "reboot") {
        return EmergencyAction::Reboot;
    }
    if (value == "poweroff") {
        return EmergencyAction::PowerOff;
    }
    return value == "halt" ? EmergencyAction::Halt : EmergencyAction::None;
}

void take_flag(Cmdline& cmdline, std::string_view key) noexcept {
    if (key == "ro") {
        cmdline.root_writable = false;
    } else if (key == "rw") {
        cmdline.root_writable = true;
    } else if (key == "rootwait") {
        cmdline.wait_for_root = true;
    } else if (key == "rd.overlay") {
        cmdline.overlay = OverlaySpec{OverlayKind::Memory, {}, {}};
    } else if (key == "rd.break") {
        cmdline.breaks.add(BreakPoint::Switch);
    } else if (key == "fastboot") {
        cmdline.fsck.mode = FsckMode::Skip;
    } else if (key == "forcefsck") {
        cmdline.fsck.mode = FsckMode::Force;
    } else if (key == "rd.shell") {
        cmdline.rescue_shell = true;
    } else {
        cmdline.level.take(key);
    }
}

/// The label of a CD is that of any other file system; dracut has a word of its own for it.
void take_root(Cmdline& cmdline, std::string_view value) noexcept {
    constexpr std::string_view kLive = "live:";
    constexpr std::string_view kCdPrefix = "CD";
    cmdline.live.is_live = starts_with(value, kLive);
    if (cmdline.live.is_live) {
        value.remove_prefix(kLive.size());
        if (starts_with(value, "CDLABEL=")) {
            value.remove_prefix(kCdPrefix.size());
        }
    }
    cmdline.root = parse_root(value);
}

void take_break(Cmdline& cmdline, std::string_view value) noexcept {
    while (!value.empty()) {
        const std::string_view name = take_until(value, ',');
        if (const auto point = parse_break(name)) {
            cmdline.breaks.add(*point);
        } else {
            assign(cmdline.unknown_break, name);
        }
    }
}

void assign(FsckMode& mode, std::string_view value) noexcept {
    if (value == "skip") {
        mode = FsckMode::Skip;
    } else if (value == "force") {
        mode = FsckMode::Force;
    } else if (value == "auto") {
        mode = FsckMode::Auto;
    }
}

void assign(FsckRepair& repair, std::string_view value) noexcept {
    if (value == "preen") {
        repair = FsckRepair::Preen;
    } else if (is_yes(value)) {
        repair = FsckRepair::All;
    } else if (is_no(value)) {
        repair = FsckRepair::Nothing;
    }
}

/// @returns whether the key was one of these
bool take_layer_setting(Cmdline& cmdline, const CmdlineWord& word) noexcept {
    if (word.key == "rd.overlay") {
        cmdline.overlay = parse_overlay(word.value);
    } else if (word.key == "rd.live.dir") {
        assign(cmdline.live.directory, word.value);
    } else if (word.key == "rd.live.squashimg") {
        assign(cmdline.live.image, word.value);
    } else {
        return false;
    }
    return true;
}

/// @returns whether the key was one of these
bool take_root_setting(Cmdline& cmdline, const CmdlineWord& word) noexcept {
    if (word.key == "root") {
        take_root(cmdline, word.value);
    } else if (word.key == "rootfstype") {
        assign(cmdline.root_type, word.value);
    } else if (word.key == "rootflags") {
        assign(cmdline.root_flags, word.value);
    } else if (word.key == "rootdelay") {
        assign(cmdline.root_delay, word.value);
    } else if (word.key == "rd.timeout" || word.key == "rootwait") {
        assign(cmdline.root_timeout, word.value);
    } else {
        return false;
    }
    return true;
}

void take_setting(Cmdline& cmdline, const CmdlineWord& word) noexcept {
    if (take_root_setting(cmdline, word) || take_layer_setting(cmdline, word)) {
        return;
    }
    if (word.key == "init") {
        assign(cmdline.init, word.value);
    } else if (word.key == "modules" || word.key == "modules_load" ||
               word.key == "rd.modules_load") {
        add_modules(cmdline.modules, word.value);
    } else if (word.key == "rd.shell" || word.key == "mainstay.rescue") {
        cmdline.rescue_shell = !is_no(word.value);
    } else if (word.key == "rd.emergency") {
        cmdline.emergency = parse_emergency(word.value);
    } else if (word.key == "rd.break") {
        take_break(cmdline, word.value);
    } else if (word.key == "fsck.mode") {
        assign(cmdline.fsck.mode, word.value);
    } else if (word.key == "fsck.repair") {
        assign(cmdline.fsck.repair, word.value);
    } else if (word.key == "panic") {
        assign(cmdline.panic_seconds, word.value);
    } else if (word.key == "mainstay.mounts") {
        cmdline.early_mounts = !is_no(word.value);
    } else if (word.key == "watchdog") {
        assign(cmdline.watchdog, word.value);
    } else if (word.key == "mainstay.shutdown-timeout") {
        assign(cmdline.shutdown_timeout, word.value);
    }
}

}  // namespace

void LevelWords::take(std::string_view word) noexcept {
    if (skips_next) {
        skips_next = false;
    } else if (word == "single" || word == "S" || word == "s" || word == "-s") {
        level = 'S';
    } else if (word.size() == 1 && word[0] >= '1' && word[0] <= '9') {
        level = word[0];
    } else if (word == "-b" || word == "emergency" || word == "rescue") {
        rescue_first = true;
    } else if (word == "-a" || word == "auto") {
        is_auto = true;
    } else if (word == "-z") {
        skips_next = true;
    }
}

void LevelWords::take(const LevelWords& later) noexcept {
    level = later.level != '\0' ? later.level : level;
    rescue_first = rescue_first || later.rescue_first;
    is_auto = is_auto || later.is_auto;
}

std::optional<CmdlineWord> take_word(std::string_view& rest) noexcept {
    while (!rest.empty() && is_blank(rest.front())) {
        rest.remove_prefix(1);
    }
    std::size_t end = 0;
    bool quoted = false;
    while (end < rest.size() && (quoted || !is_blank(rest[end]))) {
        quoted = quoted != (rest[end] == '"');
        ++end;
    }
    const std::string_view raw = rest.substr(0, end);
    rest.remove_prefix(end);
    // The kernel allows the quotes around the value (key="a b") and around the whole ("key=a b").
    const std::string_view word = without_quotes(raw);
    if (raw.empty() || word == "--") {
        rest = {};
        return std::nullopt;
    }
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos) {
        return CmdlineWord{word, {}, false};
    }
    return CmdlineWord{word.substr(0, equals), without_quotes(word.substr(equals + 1)), true};
}

RootSpec parse_root(std::string_view value) noexcept {
    struct Prefix {
        std::string_view text;
        RootKind kind;
    };
    constexpr std::array kPrefixes{
        Prefix{"UUID=", RootKind::Uuid}, Prefix{"LABEL=", RootKind::Label},
        Prefix{"PARTUUID=", RootKind::PartUuid}, Prefix{"PARTLABEL=", RootKind::PartLabel}};
    RootSpec spec;
    for (const Prefix& prefix : kPrefixes) {
        if (starts_with(value, prefix.text)) {
            spec.kind = prefix.kind;
            spec.value.append(without_quotes(value.substr(prefix.text.size())));
            return spec;
        }
    }
    if (value.empty()) {
        return spec;
    }
    spec.kind = RootKind::Path;
    spec.value.append(value.find('/') == std::string_view::npos ? "/dev/" : "").append(value);
    return spec;
}

OverlaySpec parse_overlay(std::string_view value) noexcept {
    constexpr std::string_view kSize = "size=";
    OverlaySpec spec;
    const std::string_view place = take_until(value, ',');
    if (is_no(place)) {
        spec.kind = OverlayKind::None;
    } else if (place.empty() || place == "tmpfs" || is_yes(place) || starts_with(place, kSize)) {
        spec.kind = OverlayKind::Memory;
    } else {
        spec.kind = OverlayKind::Device;
        spec.device = parse_root(place);
    }
    std::string_view options = starts_with(place, kSize) ? place : value;
    while (!options.empty()) {
        const std::string_view option = take_until(options, ',');
        if (starts_with(option, kSize)) {
            assign(spec.size, option.substr(kSize.size()));
        }
    }
    return spec;
}

std::string_view to_string(BreakPoint point) noexcept {
    switch (point) {
        case BreakPoint::Modules:
            return "modules";
        case BreakPoint::Root:
            return "root";
        case BreakPoint::Mount:
            return "mount";
        case BreakPoint::Switch:
            return "switch";
    }
    return "";
}

std::optional<BreakPoint> parse_break(std::string_view name) noexcept {
    struct Name {
        std::string_view text;
        BreakPoint point;
    };
    constexpr std::array kNames{
        Name{"modules", BreakPoint::Modules},  Name{"cmdline", BreakPoint::Modules},
        Name{"pre-udev", BreakPoint::Modules}, Name{"top", BreakPoint::Modules},
        Name{"root", BreakPoint::Root},        Name{"pre-trigger", BreakPoint::Root},
        Name{"initqueue", BreakPoint::Root},   Name{"premount", BreakPoint::Root},
        Name{"mount", BreakPoint::Mount},      Name{"pre-mount", BreakPoint::Mount},
        Name{"switch", BreakPoint::Switch},    Name{"pre-pivot", BreakPoint::Switch},
        Name{"cleanup", BreakPoint::Switch},   Name{"bottom", BreakPoint::Switch},
    };
    for (const Name& known : kNames) {
        if (known.text == name) {
            return known.point;
        }
    }
    return std::nullopt;
}

FixedString<200> LiveSpec::path() const noexcept {
    std::string_view below = image.view();
    FixedString<200> path;
    if (!starts_with(below, "/") && !directory.empty()) {
        std::string_view folder = directory.view();
        while (starts_with(folder, "/")) {
            folder.remove_prefix(1);
        }
        path.append(folder).append("/");
    }
    while (starts_with(below, "/")) {
        below.remove_prefix(1);
    }
    path.append(below);
    return path;
}

void Cmdline::read(std::string_view line) noexcept {
    while (const auto word = take_word(line)) {
        if (word->key.substr(0, 3) == "rd.") {
            has_rd_word = true;
        }
        if (word->has_value) {
            take_setting(*this, *word);
        } else {
            take_flag(*this, word->key);
        }
    }
    level.skips_next = false;  // the last -z of a line has no word to take away from the next line
}

}  // namespace mainstay::init
