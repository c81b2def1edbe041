/// PURE. Who is logged in where, from records of utmp(5), and who may call a shutdown at the
/// keyboard. Whoever is in the group utmp may write there: a record is believed to name a terminal
/// only where it cannot name anything else.
#pragma once

#include <span>
#include <string_view>

#include "common/fixed.h"

namespace mainstay::init {

/// Of one record in bytes, on this architecture.
extern const std::size_t kLoginRecordSize;

struct Login {
    FixedString<33> user;
    FixedString<33> terminal;  ///< below /dev, without it

    bool is_somebody() const noexcept { return !terminal.empty(); }
};

/// @param record kLoginRecordSize bytes
/// @param login nobody for a record of another kind, and where what should be a terminal's name
/// leads out of /dev or has other characters than names of devices have
void read_login(std::span<const char> record, Login& login) noexcept;

/// Whether /etc/shutdown.allow names @p user: one name a line, "#" begins a comment line.
bool names_user(std::string_view allowed, std::string_view user) noexcept;

}  // namespace mainstay::init
