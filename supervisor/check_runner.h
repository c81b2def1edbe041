/// Runs the check programs of services, as runit has them: exit 0 means ready. With `ready = check`
/// again and again from the exec on until it succeeds; otherwise when somebody asks. Never two of
/// one service at a time, and none for longer than kCheckTimeout.
///
/// A check runs as the service does (user, limits, environment, directory), with its standard
/// output thrown away, as sv has it, and its standard error in the service's log.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "supervisor/journal.h"
#include "supervisor/os_clock.h"
#include "supervisor/os_helpers.h"
#include "supervisor/os_outputs.h"

namespace mainstay::supervisor {

/// Then a check is killed, and has failed.
inline constexpr Duration kCheckTimeout = std::chrono::seconds(10);

enum class CheckOutcome : std::uint8_t {
    Passed,
    Failed,
    Impossible,  ///< there is no check program, or it cannot be executed
};

class CheckRunner {
  public:
    struct Ports {
        Helpers& helpers;
        Outputs& outputs;
        Clock& clock;
        Journal& journal;
    };
    /// Called once, from the loop; never from within the call that asked.
    using Done = std::function<void(CheckOutcome)>;

    explicit CheckRunner(const Ports& ports) : os_(ports) {}

    /// Checks once. If a check of the service runs already, its outcome is the answer.
    void check(ServiceId service, const std::string& name, const Definition& definition, Done done);

    /// Checks now and every check-interval, until it passes; then @p passed is called.
    void check_until_passed(ServiceId service, const std::string& name,
                            const Definition& definition, std::function<void()> passed);

    /// Ends what check_until_passed() began; who asked for one check still gets its answer.
    void stop(ServiceId service);

  private:
    struct Running {
        std::string name;
        HelperId helper = 0;
        TimerId timeout = kNoTimer;
        bool is_own = false;        ///< of check_until_passed()
        std::vector<Done> waiting;  ///< besides
    };
    struct Repeated {
        std::string name;
        Definition definition;
        std::function<void()> passed;
        TimerId next = kNoTimer;
    };

    /// @returns whether a check runs now
    bool begin(ServiceId service, const std::string& name, const Definition& definition);
    void ended(ServiceId service, const HelperEnd& end);
    void repeat(ServiceId service);
    void repeat_later(ServiceId service);
    void complain(const std::string& name, const ExecFault& fault);

    Ports os_;
    std::unordered_map<ServiceId, Running> running_;
    std::unordered_map<ServiceId, Repeated> repeated_;
};

}  // namespace mainstay::supervisor
