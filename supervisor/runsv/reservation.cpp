#include "supervisor/runsv/reservation.h"

#include <poll.h>
#include <sys/stat.h>

#include <array>

#include "common/fd_io.h"
#include "common/runit_words.h"
#include "supervisor/definition.h"

namespace mainstay::supervisor::runsv {
namespace {

constexpr int kPause = 5;  // milliseconds

/// One that leads elsewhere may be a service itself.
bool has_own_log(const std::string& path) {
    struct stat info {};
    return ::lstat((path + "/" + kLogDirectory).c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

/// What a house that died has written stays true of what goes on.
RunitStatus status_before(const std::string& directory) {
    std::array<char, kRunitStatusSize + 1> buffer;
    const std::string path = directory + "/" + kSuperviseDirectory + "/" + kRunitStatus;
    const auto text = read_file(path.c_str(), buffer);
    return text ? unpack_runit_status(*text).value_or(RunitStatus()) : RunitStatus();
}

Result<Reservation::Place, SuperviseFault> reserve_place(const std::string& directory, int tries) {
    Reservation::Place place;
    if (tries > 0) {
        place.status = status_before(directory);
    }
    if (place.status.seconds == 0) {
        struct stat info {};
        const bool is_down = ::stat((directory + "/" + kDownFile).c_str(), &info) == 0;
        place.status.want = is_down ? RunitWant::Down : RunitWant::Up;
    }
    auto made = RunitFiles::reserve(directory, place.status);
    for (; !made && made.error().kind == SuperviseFault::Kind::Fading && tries > 0; --tries) {
        ::poll(nullptr, 0, kPause);
        made = RunitFiles::reserve(directory, place.status);
    }
    if (!made) {
        return made.error();
    }
    place.directory = std::move(*made);
    return place;
}

}  // namespace

Result<Reservation, SuperviseFault> reserve(const std::string& path, int tries) {
    Reservation reservation;
    TRY(reservation.own, reserve_place(path, tries));
    if (has_own_log(path)) {
        TRY(reservation.log, reserve_place(path + "/" + kLogDirectory, tries));
    }
    return reservation;
}

std::string text_of(const SuperviseFault& fault, const std::string& path) {
    const bool is_below = fault.path.starts_with(path + "/");
    const std::string place = is_below ? fault.path.substr(path.size() + 1) : fault.path;
    if (*fault.action == '\0') {
        return place + " exists but is not a fifo";
    }
    return std::string("unable to ") + fault.action + " " + place + ": " +
           runit_error_text(fault.code);
}

}  // namespace mainstay::supervisor::runsv
