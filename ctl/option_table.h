/// PURE. The options of svctl: one row each. A new option is an enumerator here and a row in
/// option_table.cpp; which commands take it is said in the commands' rows.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace mainstay::ctl {

/// The options; those of all commands first.
enum class Option : std::uint8_t {
    Control,
    Json,
    Timeout,
    Help,
    Version,
    NoWait,
    Follow,
    Lines,
    Up,
    Ready,
    Down,
    Boot,
    Runtime,
    Root,
};

struct OptionRow {
    Option option = Option::Help;
    std::string_view name;     ///< "--follow"
    std::string_view letter;   ///< "-f"; may be empty
    std::string_view value;    ///< what it takes: "N"; empty: nothing
    std::string_view summary;  ///< one line without a full stop
};

/// Every option, in the order of the enum.
std::span<const OptionRow> option_rows() noexcept;
const OptionRow& row_of(Option option) noexcept;

/// A set of options.
using OptionSet = std::uint32_t;
constexpr OptionSet bit_of(Option option) noexcept {
    return OptionSet{1} << static_cast<unsigned>(option);
}

}  // namespace mainstay::ctl
