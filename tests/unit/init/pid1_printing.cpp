#include "pid1_printing.h"

#include <array>
#include <type_traits>

namespace mainstay::init {
namespace {

std::string seconds_of(Duration duration) {
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(duration).count()) +
           " s";
}

struct EffectText {
    std::string operator()(const RunNext& effect) const {
        return std::string("run the ") + (effect.is_first ? "first " : "next ") +
               text_of(effect.entry_class) + " entry";
    }
    std::string operator()(const StartAll& effect) const {
        return "start all " + text_of(effect.entry_class) + " entries";
    }
    std::string operator()(const Arm& effect) const { return "arm " + seconds_of(effect.after); }
    std::string operator()(Do effect) const { return text_of(effect); }
};

}  // namespace

std::string text_of(EntryClass entry_class) {
    constexpr std::array<const char*, kEntryClassCount> kWords{
        "none",    "sysinit",   "wait",      "once",   "respawn",      "ctrlaltdel", "shutdown",
        "restart", "powerfail", "kbrequest", "native", "powerfailnow", "powerokwait"};
    static_assert(static_cast<std::size_t>(EntryClass::PowerOk) + 1 == kWords.size());
    return kWords[static_cast<std::size_t>(entry_class)];
}

std::string text_of(Do effect) {
    constexpr std::array<const char*, 20> kWords{"disarm",
                                                 "arm the shutdown limit",
                                                 "name who is waited for",
                                                 "name who is left",
                                                 "reload",
                                                 "resume respawning",
                                                 "ask the supervisor",
                                                 "abandon who is waited for",
                                                 "terminate all",
                                                 "kill all",
                                                 "sync",
                                                 "swapoff",
                                                 "unmount",
                                                 "record the boot",
                                                 "announce the level",
                                                 "end what is not in the level",
                                                 "kill what is not in the level",
                                                 "name what is not in the level",
                                                 "end the system",
                                                 "reset now"};
    static_assert(static_cast<std::size_t>(Do::ResetNow) + 1 == kWords.size());
    return kWords[static_cast<std::size_t>(effect)];
}

std::string text_of(const Effect& effect) {
    return std::visit(EffectText{}, effect);
}

std::string text_of(const Effects& effects) {
    std::string text;
    for (const Effect& effect : effects) {
        text.append(text.empty() ? "" : ", ").append(text_of(effect));
    }
    return text;
}

std::string text_of(const Event& event) {
    constexpr std::array<const char*, 21> kWords{"begin",
                                                 "waited ended",
                                                 "none left",
                                                 "requested",
                                                 "ctrl-alt-del",
                                                 "power",
                                                 "level asked",
                                                 "old level gone",
                                                 "level through",
                                                 "demand asked",
                                                 "keyboard request",
                                                 "reload asked",
                                                 "pause asked",
                                                 "resume asked",
                                                 "supervisor progressed",
                                                 "supervisor ended",
                                                 "nobody left",
                                                 "all unmounted",
                                                 "deadline passed",
                                                 "shutdown limit passed",
                                                 "recovered"};
    static_assert(std::variant_size_v<Event> == kWords.size());
    std::string text = kWords[event.index()];
    if (const auto* requested = std::get_if<Requested>(&event)) {
        text.append(requested->pace == Pace::AtOnce ? " at once: " : ": ");
        text.append(to_string(requested->request));
    } else if (const auto* asked = std::get_if<LevelAsked>(&event)) {
        text.append(": ").append(1, asked->level);
    } else if (const auto* deadline = std::get_if<DeadlinePassed>(&event)) {
        text.append(" ").append(std::to_string(deadline->generation));
    }
    return text;
}

std::string text_of(const Pid1State& state) {
    return std::string(to_string(state.phase)) + ", request " +
           std::string(to_string(state.request)) + (state.paused ? ", paused" : "") + ", round " +
           std::to_string(state.round) + ", generation " + std::to_string(state.generation) +
           ", presses " + std::to_string(state.presses.size()) + ", level " +
           (state.level.current == '\0' ? "none" : std::string(1, state.level.current));
}

}  // namespace mainstay::init
