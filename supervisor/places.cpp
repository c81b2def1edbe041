#include "supervisor/places.h"

#include "common/runit_status.h"

namespace mainstay::supervisor {
namespace {

/// What a control socket is usually called, in a directory of the supervisor's own.
constexpr std::string_view kUsual = "/control";

std::string directory_of_socket(std::string_view control_socket) {
    const std::size_t slash = control_socket.rfind('/');
    return slash == std::string_view::npos ? "." : std::string(control_socket.substr(0, slash));
}

}  // namespace

Places places_of(std::string_view control_socket, std::string_view state_directory) {
    const bool is_own = !state_directory.empty() || control_socket.ends_with(kUsual);
    const std::string directory = state_directory.empty() ? directory_of_socket(control_socket)
                                                          : std::string(state_directory);
    const std::string named = is_own ? directory + "/" : std::string(control_socket) + ".";
    Places places;
    places.state = named + "state";
    places.svlog = places.state + ".svlog";
    places.notify = named + "notify";
    places.enabled = directory + "/enabled";
    places.supervise = directory + "/" + kSuperviseDirectory;
    return places;
}

}  // namespace mainstay::supervisor
