/// What runsv takes of a service before anything of it is started: its `supervise` directory, and
/// its logger's.
#pragma once

#include <optional>
#include <string>

#include "supervisor/runit_files.h"
#include "supervisor/supervise_dir.h"

namespace mainstay::supervisor::runsv {

struct Reservation {
    struct Place {
        SuperviseDir directory;
        RunitStatus status;
    };
    Place own;
    std::optional<Place> log;  ///< nothing where there is none, or `log` leads elsewhere
};

/// @param path of the service's directory
/// @param tries of a lock whose holder is dead, each after 5 ms; 0: nobody was there before
Result<Reservation, SuperviseFault> reserve(const std::string& path, int tries);

/// As runsv puts it, which is in the service's directory then: "unable to open supervise/lock:
/// ...".
std::string text_of(const SuperviseFault& fault, const std::string& path);

}  // namespace mainstay::supervisor::runsv
