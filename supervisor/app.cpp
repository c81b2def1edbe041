#include "supervisor/app.h"

#include <fcntl.h>
#include <sys/signalfd.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <optional>
#include <utility>

#include "common/fd_io.h"
#include "common/version.h"
#include "supervisor/boot_link_client.h"
#include "supervisor/cgroup.h"
#include "supervisor/check_runner.h"
#include "supervisor/control_handler.h"
#include "supervisor/control_server.h"
#include "supervisor/control_socket.h"
#include "supervisor/descriptor_reserve.h"
#include "supervisor/descriptor_store.h"
#include "supervisor/enabled_links.h"
#include "supervisor/listening_sockets.h"
#include "supervisor/log_pipes.h"
#include "supervisor/loop.h"
#include "supervisor/places.h"
#include "supervisor/proc_family.h"
#include "supervisor/process_watch.h"
#include "supervisor/readiness_channels.h"
#include "supervisor/runit_files.h"
#include "supervisor/scan.h"
#include "supervisor/scan_merge.h"
#include "supervisor/service_dir.h"
#include "supervisor/service_set.h"
#include "supervisor/session.h"
#include "supervisor/spawn.h"
#include "supervisor/state_store.h"
#include "supervisor/succession.h"
#include "supervisor/tree_lock.h"
#include "supervisor/upgrade.h"
#include "supervisor/way_back.h"

namespace mainstay::supervisor {
namespace {

constexpr int kExitDone = 0;
constexpr int kExitCannotRun = 1;
/// As init(8) has them, by number of the kernel.
constexpr int kPoweroffSignal = 38;
constexpr int kRebootSignal = 39;
/// PID 1 goes on alone after 10 s of silence; this is how often it hears of us at least.
constexpr Duration kProgressInterval = std::chrono::seconds(3);
/// How long a new program works before the one before it is let go.
constexpr Duration kProof = std::chrono::seconds(1);

UniqueFd open_null() {
    auto null = open_file("/dev/null", O_RDWR);
    return null ? std::move(*null) : UniqueFd(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
}

/// Whose members may read log files.
constexpr char kLogGroup[] = "adm";

Places places_for(const Options& options) {
    return places_of(options.control_socket, options.state_directory);
}

LogPipesSettings log_settings(AppSettings& settings) {
    LogPipesSettings log;
    log.svlog.log_directory = settings.options.log_directory;
    log.svlog.environment = settings.environment;
    log.group = find_group(kLogGroup).value_or(svlog::kNoGroup);
    log.own_messages = std::move(settings.own_messages);
    if (!settings.boot_link.valid()) {
        // Nobody keeps descriptors: the next supervisor has to find svlog, which holds them.
        log.record = places_for(settings.options).svlog;
    }
    return log;
}

ControlHandler::Self about_ourselves() {
    utsname system{};
    ::uname(&system);
    return {{kVersion, kCommit, protocol::kVersion, ::getpid()}, system.nodename};
}

/// Services that are enabled until the next boot. Where that is the scanned directory itself, there
/// is none.
std::string runtime_directory(const Options& options) {
    std::string directory = places_for(options).enabled;
    return directory == options.directory ? std::string() : directory;
}

class App final : public ScanListener, public ServiceObserver, public System {
  public:
    App(AppSettings settings, Journal& journal)
        : settings_(std::move(settings)),
          journal_(journal),
          merge_(*this),
          spawner_({settings_.environment, settings_.born_with.descriptor_limit,
                    settings_.born_with.oom_score},
                   open_null()),
          processes_(loop_, spawner_),
          link_(loop_, journal_, std::move(settings_.boot_link)),
          state_(loop_),
          outputs_(loop_, journal_, link_, log_settings(settings_)),
          cgroups_(journal_),
          family_(cgroups_),
          checks_({processes_, outputs_, loop_, journal_}),
          store_({loop_, link_}),
          readiness_({loop_, journal_, processes_, family_, checks_, link_, store_},
                     places_for(settings_.options).notify),
          sockets_({loop_, link_, store_}),
          scripts_({processes_, outputs_, loop_, journal_}),
          services_({loop_, processes_, outputs_, definitions_, journal_, cgroups_, readiness_,
                     sessions_, *this, state_, &scripts_, &sockets_}),
          runit_({loop_, journal_, processes_, services_, scripts_},
                 places_for(settings_.options).supervise),
          succession_({link_, state_, processes_, outputs_, readiness_, sockets_, store_, services_,
                       journal_},
                      {places_for(settings_.options).state, places_for(settings_.options).svlog}),
          scan_(loop_, journal_, merge_.first(), settings_.options.directory),
          enabled_({settings_.options.directory, runtime_directory(settings_.options),
                    settings_.options.definitions},
                   [this] { look_again(); }),
          upgrade_(
              loop_, journal_, settings_.argv, link_.descriptor(),
              {[this] { return obstacle_to_upgrade(); }, [this] { return link_.is_handed_over(); },
               [this] { return control_->is_quiet(); }, [this] { return note_for_upgrade(); },
               [this] { handler_.upgrade_changed(); }}),
          handler_({services_, processes_, outputs_, loop_, enabled_, cgroups_, checks_, family_,
                    upgrade_},
                   about_ourselves()) {
        processes_.set_listener(services_);
        processes_.hear_before_exits([this](ProcessKey key) { readiness_.hear(key); });
        readiness_.set_listener(services_);
        sockets_.set_listener(services_);
        services_.observe(*this);
        services_.observe(runit_);
        spawner_.hear_of_missed_cgroups([this](int code) { cgroups_.not_entered(code); });
    }

    int run() {
        auto signals = signal_descriptor();
        if (!signals) {
            journal_.error(std::string("signalfd: ") + errno_text(signals.error().code));
            return kExitCannotRun;
        }
        signals_ = std::move(*signals);
        signal_watch_ = loop_.watch_readable(signals_.get(), [this] { on_signals(); });
        if (!start_control() || !lock_services()) {
            return kExitCannotRun;
        }
        cgroups_.prepare();
        take_over();
        say_when_boot_is_complete();
        prove_worth();
        loop_.run();
        upgrade_.confirm();
        // The connections that were closed take their leave while what they refer to is there.
        loop_.run_what_is_ready();
        return exit_code_;
    }

    void entry_added(const std::string& name, const std::string& path) override {
        services_.add(name, path);
    }
    void entry_removed(const std::string& name) override { services_.remove(name); }

    void service_changed(const Service& service) override {
        static_cast<void>(service);
        say_when_boot_is_complete();
        has_progress_ = true;
        look_soon_whether_all_is_down();
    }
    void service_forgotten(ServiceId service) override {
        readiness_.forget(service);
        say_when_boot_is_complete();
    }

    void entries_begin() override { batch_.emplace(services_); }
    void entries_end() override {
        make_room_for_descriptors(services_.all().size());
        batch_.reset();
    }

    void reboot() override { ask_pid_1(kRebootSignal, "reboot"); }
    void power_off() override { ask_pid_1(kPoweroffSignal, "poweroff"); }
    void exit_with(std::uint8_t code) override {
        exit_code_ = code;
        stop("on-failure-action = exit");
    }

  private:
    /// From whoever was here before, if anybody was.
    void take_over() {
        succession_.begin(settings_.link_version);
        boot_complete_ = (succession_.flags() & state_table::kBootComplete) != 0;
        if (boot_complete_) {
            handler_.boot_completed();
        }
        start_scans();
        succession_.end();
        scanned_ = true;
        if (boot_complete_) {
            runit_.begin();
        }
        link_.listen({[this](LinkStop what_follows) {
                          machine_ends_ = what_follows == LinkStop::MachineEnds;
                          stop("PID 1 asks for it");
                      },
                      [this] {
                          processes_.keeper_is_gone();
                          stop("the link to PID 1 is closed");
                      },
                      [this](const LinkProcess& process) { kept_process_ended(process); }});
        processes_.ask_keeper([this] { link_.look(); });
        if ((succession_.flags() & state_table::kStopping) != 0) {
            stop("the supervisor before was about to");
        }
    }

    /// Of this program, where it has come into another one's place.
    void prove_worth() {
        if (settings_.upgrade) {
            upgrade_.tell_of(*settings_.upgrade);
            loop_.call_after(kProof, [this] { upgrade_.confirm(); });
        }
    }

    std::string obstacle_to_upgrade() {
        if (services_.is_stopping()) {
            return "the supervisor is about to end";
        }
        const bool keeps = !link_.is_there() || link_.keeps();
        return keeps && state_.has_all()
                   ? ""
                   : "what runs is not all in a state table, so another program would not know it";
    }

    UpgradeNote note_for_upgrade() {
        processes_.kill_helpers();
        UpgradeNote note;
        note.control = control_->listener();
        note.sessions = control_->idle_sessions();
        if (const auto& limit = settings_.born_with.descriptor_limit) {
            note.descriptor_limit = UpgradeNote::Limit{limit->rlim_cur, limit->rlim_max};
        }
        if (const auto& score = settings_.born_with.oom_score) {
            note.oom_score = score->substr(0, score->find('\n'));
        }
        return note;
    }

    void kept_process_ended(const LinkProcess& process) {
        processes_.kept_process_ended(
            {{process.service, static_cast<std::uint32_t>(process.generation)},
             process.pid,
             UniqueFd(),
             ExitStatus::from_wait(process.wait_status)});
    }

    /// What both directories hold is judged together. That of the runtime is made when it is
    /// needed, and needs no word before.
    void start_scans() {
        const ServiceSet::Batch together(services_);
        if (const auto started = scan_.start(); !started) {
            journal_.error(settings_.options.directory + ": changes are not noticed: inotify: " +
                           errno_text(started.error().code));
        }
        const std::string directory = runtime_directory(settings_.options);
        if (!directory.empty()) {
            runtime_scan_.emplace(loop_, journal_, merge_.second(), directory,
                                  Scan::Missing::Usual);
            static_cast<void>(runtime_scan_->start());
        }
        succession_.all_were_added();
    }

    void look_again() {
        scan_.look_again();
        if (runtime_scan_) {
            runtime_scan_->look_again();
        }
    }

    bool start_control() {
        const Options& options = settings_.options;
        const auto group = find_group(options.control_group);
        if (!group && options.group_was_named) {
            journal_.error("no group " + options.control_group +
                           " in /etc/group; only root may "
                           "look");
        }
        control_ = std::make_unique<ControlServer>(
            loop_, journal_, handler_,
            ControlServer::Settings{
                options.control_socket, group, ::geteuid(),
                settings_.upgrade ? settings_.upgrade->control : -1,
                settings_.upgrade ? settings_.upgrade->sessions : std::vector<int>()});
        if (!control_->start()) {
            journal_.error("another supervisor answers on " + options.control_socket +
                           "; stop it first, or give this one a socket with --control");
            return false;
        }
        return true;
    }

    /// Never two supervisors of one tree, whatever sockets they have.
    bool lock_services() {
        tree_lock_ = lock_tree(settings_.options.directory);
        if (tree_lock_.holder != 0) {
            journal_.error(settings_.options.directory + " is supervised by pid " +
                           std::to_string(tree_lock_.holder) + ", which has locked " +
                           tree_lock_.what +
                           "; stop that one first, or give this one another directory");
            control_->stop();
            return false;
        }
        return true;
    }

    /// Where PID 1 is not ours it would take the signals for something else, or die of them.
    void ask_pid_1(int signal, const char* what) {
        if (!link_.is_there() || !settings_.pid_1_is_ours) {
            journal_.error(std::string(what) + ": PID 1 is not ours; nothing is done");
        } else if (::kill(1, signal) != 0) {
            journal_.error(std::string(what) + ": signal to PID 1: " + errno_text(errno));
        }
    }

    void on_signals() {
        signalfd_siginfo info{};
        while (::read(signals_.get(), &info, sizeof info) == sizeof info) {
            if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT) {
                stop(info.ssi_signo == SIGTERM ? "TERM" : "INT");
            }
        }
        processes_.reap_pending();
        // A thousand exits at once are one message: PID 1 wants to know that it goes on.
        if (services_.is_stopping() && has_progress_) {
            report_progress();
        }
        end_if_stopped();
    }

    void stop(const char* why) {
        if (services_.is_stopping()) {
            return;
        }
        journal_.info(std::string("stopping all services: ") + why);
        state_.mark(state_table::kStopping);
        services_.stop_all();
        // While they end. Nothing that comes now is started any more.
        scan_.end();
        if (runtime_scan_) {
            runtime_scan_->end();
        }
        control_->stop_watching();
        keep_reporting();
        end_if_stopped();
    }

    void keep_reporting() {
        report_progress();
        loop_.call_after(kProgressInterval, [this] {
            control_->make_again_if_lost();
            keep_reporting();
        });
    }

    void report_progress() {
        has_progress_ = false;
        if (!link_.is_there() || !settings_.pid_1_is_ours) {
            return;  // nobody loses patience
        }
        for (const ServiceId id : services_.all()) {
            const Service* service = services_.find(id);
            if (!is_resting(service->snapshot.state)) {
                link_.send(LinkType::Progress,
                           static_cast<std::uint32_t>(services_.count_not_resting()),
                           service->name);
                return;
            }
        }
    }

    /// Of who is no child of ours no signal tells that it has ended.
    void look_soon_whether_all_is_down() {
        if (services_.is_stopping() && !std::exchange(will_look_, true)) {
            loop_.call_after(Duration::zero(), [this] {
                will_look_ = false;
                end_if_stopped();
            });
        }
    }

    void end_if_stopped() {
        const bool is_done = services_.is_stopping() && services_.count_not_resting() == 0;
        if (is_done && !std::exchange(ended_, true)) {
            journal_.info("all services are down");
            control_->stop();
            leave_files();
            // What they said last is written before PID 1 takes the disks away.
            outputs_.finish([this] {
                succession_.leave_nothing();
                link_.send(LinkType::Stopped, 0, "");
                loop_.stop();
            });
        }
    }

    void leave_files() {
        using LastWrite = RunitFiles::LastWrite;
        runit_.finish(machine_ends_ ? LastWrite::WhereItLasts : LastWrite::Everywhere);
        if (machine_ends_) {
            cgroups_.leave_all();
        }
    }

    void say_when_boot_is_complete() {
        if (scanned_ && !boot_complete_ && services_.all_settled()) {
            boot_complete_ = true;
            handler_.boot_completed();
            runit_.begin();
            link_.send(LinkType::BootComplete, 0, "");
            state_.mark(state_table::kBootComplete);
        }
    }

    AppSettings settings_;
    Journal& journal_;
    ScanMerge merge_;
    Loop loop_;
    Spawner spawner_;
    ServiceDirs definitions_;
    ProcessWatch processes_;
    BootLinkClient link_;
    StateStore state_;
    LogPipes outputs_;
    CgroupTree cgroups_;
    ProcFamily family_;
    CheckRunner checks_;
    DescriptorStore store_;
    ReadinessChannels readiness_;
    ListeningSockets sockets_;
    RealSessions sessions_;
    ControlScripts scripts_;
    ServiceSet services_;
    RunitFiles runit_;
    Succession succession_;
    Scan scan_;
    std::optional<Scan> runtime_scan_;
    EnabledLinks enabled_;
    Upgrade upgrade_;
    ControlHandler handler_;
    std::unique_ptr<ControlServer> control_;
    TreeLock tree_lock_;
    UniqueFd signals_;
    Watch signal_watch_;
    std::optional<ServiceSet::Batch> batch_;  ///< while a scan tells what it found
    int exit_code_ = kExitDone;
    bool scanned_ = false;
    bool boot_complete_ = false;
    bool has_progress_ = false;
    bool machine_ends_ = false;
    bool will_look_ = false;
    bool ended_ = false;
};

}  // namespace

int run_app(AppSettings settings, Journal& journal) {
    std::optional<App> app;  // stays as it is while the program before this one is executed
    try {
        app.emplace(std::move(settings), journal);
        const int code = app->run();
        if (code != kExitDone) {
            go_back();  // does nothing where another program was not before this one
        }
        return code;
    } catch (...) {
        go_back();
        throw;
    }
}

}  // namespace mainstay::supervisor
