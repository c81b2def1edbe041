#include "supervisor/app.h"

#include <fcntl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <utility>

#include "common/fd_io.h"
#include "common/version.h"
#include "supervisor/boot_link_client.h"
#include "supervisor/cgroup.h"
#include "supervisor/check_runner.h"
#include "supervisor/control_handler.h"
#include "supervisor/control_server.h"
#include "supervisor/control_socket.h"
#include "supervisor/log_pipes.h"
#include "supervisor/loop.h"
#include "supervisor/proc_family.h"
#include "supervisor/process_watch.h"
#include "supervisor/readiness_channels.h"
#include "supervisor/scan.h"
#include "supervisor/service_dir.h"
#include "supervisor/service_set.h"
#include "supervisor/spawn.h"

namespace mainstay::supervisor {
namespace {

constexpr int kExitDone = 0;
constexpr int kExitCannotRun = 1;
/// PID 1 goes on alone after 10 s of silence; this is how often it hears of us at least.
constexpr Duration kProgressInterval = std::chrono::seconds(3);

UniqueFd open_null() {
    auto null = open_file("/dev/null", O_RDWR);
    return null ? std::move(*null) : UniqueFd(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
}

/// Services are told the path and have another working directory: it must be whole.
std::string notify_directory(const std::string& control_socket) {
    if (control_socket.starts_with('/')) {
        return notify_directory_of(control_socket);
    }
    std::array<char, PATH_MAX> here{};
    const char* directory = ::getcwd(here.data(), here.size());
    return notify_directory_of(std::string(directory == nullptr ? "" : directory) + "/" +
                               control_socket);
}

protocol::Greeting greeting() {
    return {kVersion, kCommit, protocol::kVersion, ::getpid()};
}

class App final : public ScanListener, public ServiceObserver {
  public:
    App(AppSettings settings, Journal& journal)
        : settings_(std::move(settings)),
          journal_(journal),
          spawner_({settings_.environment, settings_.born_with.descriptor_limit,
                    settings_.born_with.oom_score},
                   open_null()),
          processes_(loop_, spawner_),
          outputs_(loop_, LogLimits{}),
          cgroups_(journal_),
          family_(cgroups_),
          checks_({processes_, outputs_, loop_, journal_}),
          readiness_({loop_, journal_, processes_, family_, checks_},
                     notify_directory(settings_.options.control_socket)),
          services_({loop_, processes_, outputs_, definitions_, journal_, readiness_}),
          scan_(loop_, journal_, *this, settings_.options.directory),
          handler_({services_, processes_, outputs_, loop_}, greeting()) {
        processes_.set_listener(services_);
        processes_.hear_before_exits([this](ProcessKey key) { readiness_.hear(key); });
        readiness_.set_listener(services_);
        services_.observe(*this);
    }

    int run() {
        auto signals = signal_descriptor();
        if (!signals) {
            journal_.error(std::string("signalfd: ") + errno_text(signals.error().code));
            return kExitCannotRun;
        }
        signals_ = std::move(*signals);
        signal_watch_ = loop_.watch_readable(signals_.get(), [this] { on_signals(); });
        if (!start_control()) {
            return kExitCannotRun;
        }
        start_boot_link();
        if (const auto started = scan_.start(); !started) {
            journal_.error(settings_.options.directory + ": changes are not noticed: inotify: " +
                           errno_text(started.error().code));
        }
        scanned_ = true;
        say_when_boot_is_complete();
        loop_.run();
        // The connections that were closed take their leave while what they refer to is there.
        loop_.run_what_is_ready();
        return kExitDone;
    }

    void entry_added(const std::string& name, const std::string& path) override {
        services_.add(name, path);
    }
    void entry_removed(const std::string& name) override { services_.remove(name); }

    void service_changed(const Service& service) override {
        static_cast<void>(service);
        say_when_boot_is_complete();
        has_progress_ = true;
    }
    void service_forgotten(ServiceId service) override {
        readiness_.forget(service);
        say_when_boot_is_complete();
    }

  private:
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
            ControlServer::Settings{options.control_socket, group, ::geteuid()});
        if (!control_->start()) {
            journal_.error("another supervisor answers on " + options.control_socket +
                           "; stop it first, or give this one a socket with --control");
            return false;
        }
        return true;
    }

    void start_boot_link() {
        if (settings_.boot_link.valid()) {
            link_.emplace(
                loop_, journal_, std::move(settings_.boot_link),
                BootLinkClient::Listener{[this] { stop("PID 1 asks for it"); },
                                         [this] { stop("the link to PID 1 is closed"); }});
            tell(LinkType::Hello, static_cast<std::uint32_t>(::getpid()), "");
        }
    }

    void tell(LinkType type, std::uint32_t value, std::string_view text) {
        if (link_) {
            link_->send(type, value, text);
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
        services_.stop_all();
        keep_reporting();
        end_if_stopped();
    }

    void keep_reporting() {
        report_progress();
        loop_.call_after(kProgressInterval, [this] { keep_reporting(); });
    }

    void report_progress() {
        has_progress_ = false;
        for (const ServiceId id : services_.all()) {
            const Service* service = services_.find(id);
            if (!is_resting(service->snapshot.state)) {
                tell(LinkType::Progress, static_cast<std::uint32_t>(services_.count_not_resting()),
                     service->name);
                return;
            }
        }
    }

    void end_if_stopped() {
        const bool is_done = services_.is_stopping() && services_.count_not_resting() == 0;
        if (is_done && !std::exchange(ended_, true)) {
            journal_.info("all services are down");
            control_->stop();
            tell(LinkType::Stopped, 0, "");
            loop_.stop();
        }
    }

    void say_when_boot_is_complete() {
        if (scanned_ && !boot_complete_ && services_.all_settled()) {
            boot_complete_ = true;
            tell(LinkType::BootComplete, 0, "");
        }
    }

    AppSettings settings_;
    Journal& journal_;
    Loop loop_;
    Spawner spawner_;
    ServiceDirs definitions_;
    ProcessWatch processes_;
    LogPipes outputs_;
    CgroupTree cgroups_;
    ProcFamily family_;
    CheckRunner checks_;
    ReadinessChannels readiness_;
    ServiceSet services_;
    Scan scan_;
    ControlHandler handler_;
    std::unique_ptr<ControlServer> control_;
    std::optional<BootLinkClient> link_;
    UniqueFd signals_;
    Watch signal_watch_;
    bool scanned_ = false;
    bool boot_complete_ = false;
    bool has_progress_ = false;
    bool ended_ = false;
};

}  // namespace

int run_app(AppSettings settings, Journal& journal) {
    return App(std::move(settings), journal).run();
}

}  // namespace mainstay::supervisor
