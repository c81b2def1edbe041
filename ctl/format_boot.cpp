#include "ctl/format_boot.h"

#include "ctl/text.h"

namespace mainstay::ctl {
namespace {

using std::chrono::milliseconds;

const std::optional<milliseconds>& at(const BootTimes& times, BootMoment moment) {
    return times[static_cast<std::size_t>(moment)];
}

std::string in_seconds(milliseconds time) {
    const auto tenths = (time.count() + 50) / 100;
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
}

/// What lies between two moments, where both are known and the clock did not go backwards.
std::optional<milliseconds> between(const std::optional<milliseconds>& from,
                                    const std::optional<milliseconds>& to) {
    return from && to && *from <= *to ? std::optional(*to - *from) : std::nullopt;
}

}  // namespace

std::string format_boot(const BootTimes& times, const Style& style) {
    const auto& initramfs = at(times, BootMoment::Initramfs);
    const auto& init = at(times, BootMoment::Init);
    const auto& entries = at(times, BootMoment::Entries);
    const auto& complete = at(times, BootMoment::Complete);
    std::string parts;
    const auto add = [&](const char* name, const std::optional<milliseconds>& took) {
        if (took) {
            parts.append(parts.empty() ? "" : ", ")
                .append(name)
                .append(" ")
                .append(in_seconds(*took));
        }
    };
    add("kernel", initramfs ? initramfs : init);
    add("initramfs", between(initramfs, at(times, BootMoment::Switch)));
    if (const auto root = between(initramfs, at(times, BootMoment::Root))) {
        parts.append(" (root ").append(in_seconds(*root)).append(")");
    }
    add("startup", between(init, entries));
    add("services", between(entries, complete));
    if (parts.empty()) {
        return parts;
    }
    std::string line =
        complete ? "boot " + in_seconds(*complete) + " s" : std::string("boot so far");
    line.append(": ").append(parts);
    return (style.width == kNoWidthLimit ? line : fit(line, style.width, style.charset)) + "\n";
}

std::string format_boot_json(const BootTimes& times) {
    std::string fields;
    for (std::size_t i = 0; i < kBootMomentCount; ++i) {
        if (times[i]) {
            fields.append(fields.empty() ? "\"" : ",\"").append(to_string(BootMoment(i)));
            fields.append("_ms\":").append(std::to_string(times[i]->count()));
        }
    }
    return fields.empty() ? fields : "{\"boot\":{" + fields + "}}\n";
}

}  // namespace mainstay::ctl
