/// runit's `supervise` directories of all services and loggers: keeps what is written there true,
/// and does what clients ask on the control fifos (sv, s6-svc, echo). docs/compatibility.md says
/// what is like runsv and what is not.
///
/// It costs no start anything: a directory is opened once its service has come to an outcome, a few
/// at a time, when the boot is complete or has gone on for a while. What has changed is written a
/// few at a time as well, and neither is done while starts wait for their turn. What services need
/// comes first, also of descriptors: these take numbers of the lower half only.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "supervisor/command_fifos.h"
#include "supervisor/control_scripts.h"
#include "supervisor/journal.h"
#include "supervisor/loop.h"
#include "supervisor/service_set.h"
#include "supervisor/supervise_dir.h"

namespace mainstay::supervisor {

class RunitFiles final : public ServiceObserver {
  public:
    struct Ports {
        Loop& loop;
        Journal& journal;
        Processes& processes;
        ServiceSet& services;
        ControlScripts& scripts;
    };

    /// @param directory where those of services lie that cannot have one of their own: read-only
    /// directories, and such as several services share
    RunitFiles(const Ports& ports, std::string directory);

    /// The boot is complete.
    void begin();

    /// Opens the directory of a service that is to be taken in, or of its logger: what is not its
    /// own shall not be started. To be given to adopt().
    /// @param status what is written there first; its time is now where it has none
    static Result<SuperviseDir, SuperviseFault> reserve(const std::string& service_directory,
                                                        RunitStatus& status);
    void adopt(const Service& service, SuperviseDir directory, const RunitStatus& status);

    /// Whether clients find the service supervised.
    bool is_open(ServiceId service) const { return open_.contains(service); }

    enum class LastWrite : std::uint8_t {
        Everywhere,
        WhereItLasts,  ///< the machine ends: what is in memory only is not worth the time
    };
    /// The supervisor ends: nobody is told any more that it is there, and what is not written yet
    /// is. To be called once.
    void finish(LastWrite where);

    void service_changed(const Service& service) override;
    void service_forgotten(ServiceId service) override;

  private:
    struct Open {
        SuperviseDir directory;
        RunitStatus status;
        bool is_written = false;
        bool has_failed = false;  ///< to write, and said so
    };

    bool may_have_one(const Service& service) const noexcept;
    void open_soon(const Service& service);
    void work();
    void open_some();
    bool is_in_a_burst() const noexcept;
    void open(const Service& service);
    Result<SuperviseDir, SuperviseFault> open_somewhere(const Service& service,
                                                        const RunitStatus& status);
    bool has_open(const std::string& directory) const;
    void not_opened(const Service& service, const SuperviseFault& fault);
    void open_later();
    void set_first_time(const Service& service, RunitStatus& status) const;
    void look_at(const Service& service, Open& open);
    void look_at_first(const Service& service, Open& open);
    void write_soon(ServiceId service);
    void write_after(Duration pause);
    void write_some();
    void write(ServiceId service);
    void write(Open& open);
    void took(Open& open, const Result<void>& written);
    void close(ServiceId service);
    void close_if_left(const Service& service);
    bool has_left(const Service& service) const;
    void on_commands(ServiceId service);
    void obey(ServiceId service, char command);

    Ports os_;
    std::string directory_;
    CommandFifos fifos_;
    std::unordered_map<ServiceId, Open> open_;
    std::deque<ServiceId> to_be_opened_;
    std::unordered_set<ServiceId> refused_;      ///< asked or refused: until their next run
    std::unordered_set<ServiceId> told_;         ///< of whom it was said that they cannot be driven
    std::unordered_map<ServiceId, int> fading_;  ///< whose lock may soon be free, and tries so far
    std::deque<ServiceId> to_be_written_;
    bool has_begun_ = false;
    bool waits_to_begin_ = false;
    bool works_ = false;
    bool writes_soon_ = false;
    bool has_finished_ = false;
    bool waits_for_locks_ = false;
};

}  // namespace mainstay::supervisor
