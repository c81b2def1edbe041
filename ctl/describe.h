/// PURE. The words for what is going on with a service, as an admin reads them. Text of others
/// (causes, paths) is put in as it is: whoever prints makes it visible().
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "common/service_view.h"
#include "ctl/style.h"

namespace mainstay::ctl {

/// Where a service stands, from an admin's view; also the order of a table.
enum class Standing : std::uint8_t { Trouble, OnItsWay, Ready, Done, Down };
Standing standing(const ServiceView& view) noexcept;

/// The colour of a state's word in that standing.
Colour colour_of(Standing standing) noexcept;

/// "1st", "2nd", "3rd", "11th", "21st".
std::string ordinal(unsigned number);

/// The time until something: "0.3 s", "8 s", "2 h 5 m". Rounded up, so that it is never 0 too
/// early.
std::string countdown_text(std::chrono::milliseconds left);

/// How long something lasted: "0.31 s", "12 s", "3 m".
std::string lasted_text(std::chrono::milliseconds span);

/// How the last run went wrong: "exit 1", "exec ./run: No such file or directory". Empty when it
/// has not run yet.
std::string death_text(const ServiceView& view);

/// How one death came about: "exit 1", "killed by KILL (out of memory)", "killed by ABRT
/// (watchdog)".
std::string death_text(const Death& death);

/// "needs db (starting, 41 s left)", "needs nix (does not exist)", "after net (starting)".
std::string blocker_text(const BlockerView& blocker);

/// "db (starting)", "nix (does not exist)".
std::string related_text(const RelatedView& related);

/// The last column of a table: whatever matters most beside the state.
std::string detail(const ServiceView& view);

/// "next start in 8 s (7th restart)", where @p counted is " restart".
std::string next_start_text(const ServiceView& view, std::string_view counted);

/// Why a service is not where it should be, for the line that says a command failed: "exit 1, next
/// start in 2 s (3rd restart)", "stopping, pid 33, KILL in 4 s".
std::string trouble_text(const ServiceView& view);

}  // namespace mainstay::ctl
