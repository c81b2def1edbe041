#include "supervisor/runsv/house.h"

#include <fcntl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <map>
#include <optional>
#include <utility>

#include "common/fd_io.h"
#include "common/runit_words.h"
#include "supervisor/check_runner.h"
#include "supervisor/control_scripts.h"
#include "supervisor/descriptor_reserve.h"
#include "supervisor/descriptor_store.h"
#include "supervisor/file_lock.h"
#include "supervisor/listening_sockets.h"
#include "supervisor/loop.h"
#include "supervisor/no_cgroups.h"
#include "supervisor/proc_family.h"
#include "supervisor/process_watch.h"
#include "supervisor/readiness_channels.h"
#include "supervisor/runit_files.h"
#include "supervisor/runsv/adapt.h"
#include "supervisor/runsv/logger_pipes.h"
#include "supervisor/runsv/reservation.h"
#include "supervisor/runsv/takeover.h"
#include "supervisor/scan.h"
#include "supervisor/service_dir.h"
#include "supervisor/service_set.h"
#include "supervisor/session.h"
#include "supervisor/spawn.h"
#include "supervisor/state_store.h"

namespace mainstay::supervisor::runsv {
namespace {

constexpr int kExitDone = 0;
constexpr int kExitFatal = 111;
/// As often as runsvdir tries again what could not be done, and starts again what has left.
constexpr Duration kPause = std::chrono::seconds(1);
/// What a house that was killed had in hand keeps its locks for a moment longer than it lived.
constexpr int kMostLockTries = 200;

/// For the few services that have notify sockets, and such as have no place for a `supervise`.
std::string runtime_directory(int number) {
    const char* own = std::getenv("XDG_RUNTIME_DIR");
    const std::string usual = own != nullptr && *own == '/' ? own : "/tmp";
    return (::geteuid() == 0 ? "/run" : usual) + "/mainstay-runsv." + std::to_string(number);
}

UniqueFd open_null() {
    auto null = open_file("/dev/null", O_RDWR);
    return null ? std::move(*null) : UniqueFd(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
}

class AdaptedDirs final : public Definitions {
  public:
    explicit AdaptedDirs(std::uint32_t umask) noexcept : umask_(umask) {}

    LoadedDefinition load(const std::string& path) override {
        LoadedDefinition loaded = directories_.load(path);
        adapt(loaded.definition, umask_);
        return loaded;
    }

  private:
    ServiceDirs directories_;
    std::uint32_t umask_;
};

struct FileId {
    dev_t device = 0;
    ino_t inode = 0;

    friend bool operator==(const FileId&, const FileId&) = default;
};

class House final : public ScanListener, public ServiceObserver, public System {
  public:
    House(HouseSettings settings, Voice& voice)
        : settings_(std::move(settings)),
          voice_(voice),
          spawner_({settings_.birthright.environment, settings_.birthright.limits.descriptor_limit,
                    settings_.birthright.limits.oom_score},
                   open_null()),
          processes_(loop_, spawner_),
          keeper_(settings_.runsvdir.get()),
          state_(loop_),
          outputs_(keeper_),
          definitions_(settings_.birthright.umask),
          family_(cgroups_),
          checks_({processes_, outputs_, loop_, voice_}),
          store_({loop_, keeper_}),
          readiness_({loop_, voice_, processes_, family_, checks_, keeper_, store_},
                     runtime_directory(settings_.birthright.number)),
          sockets_({loop_, keeper_, store_}),
          scripts_({processes_, outputs_, loop_, voice_}),
          services_({loop_, processes_, outputs_, definitions_, voice_, cgroups_, readiness_,
                     sessions_, *this, state_, &scripts_, &sockets_}),
          runit_({loop_, voice_, processes_, services_, scripts_},
                 runtime_directory(settings_.birthright.number) + ".runit"),
          scan_(loop_, voice_, *this, settings_.directory) {
        processes_.set_listener(services_);
        processes_.hear_before_exits([this](ProcessKey key) { readiness_.hear(key); });
        readiness_.set_listener(services_);
        sockets_.set_listener(services_);
        services_.observe(runit_);
        services_.observe(*this);
    }

    int run() {
        auto signals = signal_descriptor();
        if (!signals) {
            voice_.error(std::string("signalfd: ") + errno_text(signals.error().code));
            return kExitFatal;
        }
        signals_ = std::move(*signals);
        signal_watch_ = loop_.watch_readable(signals_.get(), [this] { on_signals(); });
        if (settings_.holds == HouseSettings::Holds::Services) {
            begin_scan();
        } else if (!take_the_one()) {
            return kExitFatal;
        }
        runit_.begin();
        loop_.run();
        loop_.run_what_is_ready();
        return kExitDone;
    }

    void entries_begin() override { batch_.emplace(services_); }
    void entry_added(const std::string& name, const std::string& path) override {
        wanted_[name] = path;
    }
    void entry_removed(const std::string& name) override {
        wanted_.erase(name);
        services_.remove(name);
    }
    void entries_end() override {
        take_what_is_wanted();
        make_room_for_descriptors(services_.all().size());
        batch_.reset();
    }

    void service_changed(const Service& service) override {
        if (service.snapshot.retired) {
            look_soon();
        }
    }
    void service_forgotten(ServiceId service) override {
        readiness_.forget(service);
        taken_.erase(service);
        look_soon();
    }

    void reboot() override { refuse_failure_action(); }
    void power_off() override { refuse_failure_action(); }
    void exit_with(std::uint8_t /*code*/) override { refuse_failure_action(); }

  private:
    struct Taken {
        std::string name;
        std::string path;
        FileId file;
    };

    /// The lock is for who would supervise the same directory in another way: that is refused then.
    void begin_scan() {
        if (auto directory = open_file(settings_.directory.c_str(), O_RDONLY | O_DIRECTORY)) {
            if (try_lock(directory->get()).state == LockAttempt::State::Ours) {
                tree_lock_ = std::move(*directory);
            }
        }
        runsvdir_watch_ = loop_.watch_readable(settings_.runsvdir.get(), [this] { orphaned(); });
        const bool follows =
            !settings_.table.empty() && take_over(settings_.table, std::move(settings_.kept),
                                                  {state_, processes_, outputs_, readiness_,
                                                   sockets_, store_, services_, voice_});
        lock_tries_ = follows ? kMostLockTries : 0;
        {
            const ServiceSet::Batch together(services_);
            if (const auto started = scan_.start(); !started) {
                voice_.warning(std::string("changes are not noticed: inotify: ") +
                               errno_text(started.error().code));
            }
            services_.end_inheritance();
        }
        readiness_.drop_the_rest();
        sockets_.drop_the_rest();
        lock_tries_ = 0;
    }

    bool take_the_one() {
        const std::string& path = settings_.directory;
        struct stat info {};
        const int found = ::stat((path + "/.").c_str(), &info);
        if (found < 0 || ::access(path.c_str(), X_OK) < 0) {
            voice_.fatal(std::string("unable to change to directory: ") + runit_error_text(errno));
            return false;
        }
        return take(path.substr(path.rfind('/') + 1), path) == Outcome::Taken;
    }

    // --- taking in ------------------------------------------------------------------------------

    enum class Outcome : std::uint8_t { Taken, Refused, NotYet };

    void take_what_is_wanted() {
        bool is_refused = false;
        std::erase_if(wanted_, [&](const auto& each) {
            const Outcome outcome = take(each.first, each.second);
            is_refused = is_refused || outcome == Outcome::Refused;
            return outcome == Outcome::Taken;
        });
        if (is_refused) {
            try_again_later();
        }
    }

    void try_again_later() {
        if (!std::exchange(waits_to_try_, true)) {
            loop_.call_after(kPause, [this] {
                waits_to_try_ = false;
                const ServiceSet::Batch batch(services_);
                take_what_is_wanted();
            });
        }
    }

    /// What is there by another name already waits for that to go, as runsvdir has it.
    bool is_taken(const FileId& file) const {
        return std::any_of(taken_.begin(), taken_.end(),
                           [&](const auto& each) { return each.second.file == file; });
    }

    Outcome take(const std::string& name, const std::string& path) {
        struct stat info {};
        if (services_.find(name) != nullptr || ::stat(path.c_str(), &info) < 0 ||
            is_taken({info.st_dev, info.st_ino})) {
            return Outcome::NotYet;
        }
        auto reserved = reserve(path, lock_tries_);
        if (!reserved) {
            tell(name, text_of(reserved.error(), path));
            lock_tries_ = 0;  // once is enough for all
            return Outcome::Refused;
        }
        const ServiceSet::Batch batch(services_);
        services_.add(name, path);
        adopt(name, std::move(reserved->own));
        if (reserved->log) {
            adopt(name + "/" + kLogDirectory, std::move(*reserved->log));
        }
        if (const Service* service = services_.find(name)) {
            taken_[service->id] = {name, path, {info.st_dev, info.st_ino}};
        }
        return Outcome::Taken;
    }

    void tell(const std::string& name, const std::string& why) {
        if (settings_.holds == HouseSettings::Holds::Service) {
            voice_.fatal(why);
        } else {
            voice_.fatal_of(name, why);
        }
    }

    void adopt(const std::string& name, Reservation::Place place) {
        if (const Service* service = services_.find(name)) {
            runit_.adopt(*service, std::move(place.directory), place.status);
        }
    }

    // --- leaving --------------------------------------------------------------------------------

    void on_signals() {
        signalfd_siginfo info{};
        while (::read(signals_.get(), &info, sizeof info) == sizeof info) {
            if (info.ssi_signo != SIGCHLD) {
                leave();
            }
        }
        processes_.reap_pending();
        look_soon();
    }

    /// As if each had been told to exit.
    void leave() {
        scan_.end();
        wanted_.clear();
        services_.stop_all();
        look_soon();
    }

    /// runsvdir has ended: each goes on until it is told to exit.
    void orphaned() {
        runsvdir_watch_.reset();
        keeper_.end();
        settings_.runsvdir.reset();
        scan_.end();
        wanted_.clear();
        look_soon();
    }

    bool comes_back() const noexcept {
        return settings_.runsvdir.valid() && !services_.is_stopping();
    }

    void look_soon() {
        if (!std::exchange(looks_soon_, true)) {
            loop_.call_after(Duration::zero(), [this] {
                looks_soon_ = false;
                look_who_has_left();
            });
        }
    }

    void look_who_has_left() {
        if (comes_back()) {
            return take_back();
        }
        const bool are_all =
            services_.is_stopping()
                ? services_.count_not_resting() == 0
                : std::all_of(taken_.begin(), taken_.end(),
                              [this](const auto& each) { return has_left(each.first); });
        if (are_all && !std::exchange(has_ended_, true)) {
            runit_.finish(RunitFiles::LastWrite::Everywhere);
            loop_.stop();
        }
    }

    bool has_left(ServiceId id) const {
        const Service* service = services_.find(id);
        return service == nullptr || (service->snapshot.retired && !runit_.is_open(id));
    }

    void take_back() {
        std::vector<Taken> left;
        for (const auto& [id, taken] : taken_) {
            const Service* service = services_.find(id);
            if (service != nullptr && !service->leaving && has_left(id)) {
                left.push_back(taken);
            }
        }
        for (const Taken& each : left) {
            wanted_[each.name] = each.path;
            services_.remove(each.name);
        }
        if (!wanted_.empty()) {
            try_again_later();
        }
    }

    void refuse_failure_action() {
        voice_.warning("nothing is done about it: PID 1 is not asked here");
    }

    HouseSettings settings_;
    Voice& voice_;
    Loop loop_;
    Spawner spawner_;
    ProcessWatch processes_;
    LinkKeeper keeper_;
    NoCgroups cgroups_;
    StateStore state_;
    LoggerPipes outputs_;
    AdaptedDirs definitions_;
    ProcFamily family_;
    CheckRunner checks_;
    DescriptorStore store_;
    ReadinessChannels readiness_;
    ListeningSockets sockets_;
    RealSessions sessions_;
    ControlScripts scripts_;
    ServiceSet services_;
    RunitFiles runit_;
    Scan scan_;
    UniqueFd tree_lock_;
    UniqueFd signals_;
    Watch signal_watch_;
    Watch runsvdir_watch_;
    std::map<std::string, std::string> wanted_;  ///< not taken in yet: names and paths
    std::map<ServiceId, Taken> taken_;
    std::optional<ServiceSet::Batch> batch_;
    int lock_tries_ = 0;
    bool waits_to_try_ = false;
    bool looks_soon_ = false;
    bool has_ended_ = false;
};

}  // namespace

int run_house(HouseSettings settings, Voice& voice) {
    return House(std::move(settings), voice).run();
}

}  // namespace mainstay::supervisor::runsv
