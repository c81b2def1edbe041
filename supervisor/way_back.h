/// The way back to the program that ran before an upgrade, for as long as the new one has not shown
/// that it works: a fault, an exception, a start that takes too long or an early end executes the
/// former one in this same process, whose children stay its own. docs/decisions/0060.
///
/// State of the process, not of an object: a signal handler knows nothing else.
#pragma once

#include "supervisor/upgrade_note.h"

namespace mainstay::supervisor {

/// From now on faults and the deadline lead back. Called first of all in main(), and again when the
/// signals were set to their defaults.
/// @param link number of the boot link's descriptor, which is to survive; -1: none
void keep_way_back(const UpgradeNote& note, int link, char** argv);

/// The program works: there is no way back any more, and nothing of the former one is held.
void forget_way_back() noexcept;

/// Executes the former program, if there is a way back. @returns where there is none
void go_back() noexcept;

}  // namespace mainstay::supervisor
