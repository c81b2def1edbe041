/// PURE. The file `config` of a log directory of svlogd, and which lines it selects (runit:
/// src/svlogd.c, src/pmatch.c).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mainstay::svlogd {

struct UdpAddress {
    std::array<std::uint8_t, 4> address{};
    std::uint16_t port = 0;

    friend bool operator==(const UdpAddress&, const UdpAddress&) = default;
};

struct Config {
    std::uint64_t size_max = 1000000;  ///< bytes of `current`; 0: any
    std::uint64_t keep_max = 10;       ///< old files; 0: any
    std::uint64_t keep_min = 10;       ///< that stay when the disk is full
    std::uint64_t age_max = 0;         ///< seconds after which `current` is rotated; 0: never
    std::string processor;             ///< for sh -c; empty: none
    std::string prefix;
    std::optional<UdpAddress> udp;
    bool is_udp_only = false;
    std::vector<std::string> patterns;  ///< each with its + - e or E in front

    friend bool operator==(const Config&, const Config&) = default;
};

struct ReadConfig {
    Config config;
    std::vector<std::string> warnings;
};

/// Lines that mean nothing are ignored, as svlogd does.
ReadConfig parse_config(std::string_view text);

/// Whether the whole line is as the pattern says: `*` is any run without the character that
/// follows it, at the end all the rest; `+` is the character that follows it, once or more.
bool matches(std::string_view pattern, std::string_view line) noexcept;

struct Selection {
    bool is_logged = true;
    bool is_for_stderr = false;
};
Selection select(const Config& config, std::string_view line) noexcept;

/// "@4000…s": the name of a finished file, or one on its way.
bool is_old_file(std::string_view name) noexcept;

/// What of a directory goes.
struct Removal {
    std::vector<std::string> leftovers;  ///< of processors that did not end well
    std::optional<std::string> oldest;   ///< where there are more than @p keep; 0: any number stays
};
Removal to_be_removed(const std::vector<std::string>& names, std::uint64_t keep);

/// The oldest file where there are more than @p keep of any kind, on a full disk.
std::optional<std::string> to_be_sacrificed(const std::vector<std::string>& names,
                                            std::uint64_t keep);

/// Whether `current` is to be rotated after a whole line.
bool is_full(std::uint64_t size, std::uint64_t line_max, const Config& config) noexcept;

}  // namespace mainstay::svlogd
