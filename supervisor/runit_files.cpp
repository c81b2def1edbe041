#include "supervisor/runit_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "common/fd_io.h"
#include "supervisor/definition.h"
#include "supervisor/runit_wire.h"

namespace mainstay::supervisor {
namespace {

/// Of a boot that does not become complete.
constexpr Duration kPatienceWithBoot = std::chrono::seconds(1);
constexpr int kOpenedAtATime = 4;
constexpr int kWrittenAtATime = 8;
/// Until it is seen whether starts wait no more for their turn.
constexpr Duration kPauseOfABurst = std::chrono::milliseconds(5);
/// While all services stop, what is over within this time is written once, at the end.
constexpr Duration kPauseAtTheEnd = std::chrono::milliseconds(200);
/// A lock that nobody holds who can be seen is tried for 10 s.
constexpr Duration kPauseOfTries = std::chrono::milliseconds(100);
constexpr int kMostTries = 100;
constexpr int kCommandsAtATime = 32;

Result<void> set_down_file(const std::string& directory, DownFile wanted) {
    const std::string path = directory + "/" + kDownFile;
    switch (wanted) {
        case DownFile::Stays:
            break;
        case DownFile::Made:
            TRY_VOID(open_file(path.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0644));
            break;
        case DownFile::Removed:
            if (::unlink(path.c_str()) < 0 && errno != ENOENT) {
                return last_error("remove");
            }
            break;
    }
    return {};
}

struct WallTime {
    std::int64_t seconds;
    std::uint32_t nanoseconds;
};

/// The wall clock, as it was @p ago.
WallTime wall_clock(Duration ago) noexcept {
    using namespace std::chrono;
    const auto then = system_clock::now().time_since_epoch() - ago;
    const auto whole = floor<seconds>(then);
    return {whole.count(),
            static_cast<std::uint32_t>(duration_cast<nanoseconds>(then - whole).count())};
}

void set_time(RunitStatus& status, Duration ago) noexcept {
    const WallTime time = wall_clock(std::max(ago, Duration::zero()));
    status.seconds = tai64(time.seconds);
    status.nanoseconds = time.nanoseconds;
}

void make_directories(const std::string& path) {
    for (std::size_t slash = path.find('/', 1); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
        // Those above are 0755, as the control socket's; that of a service is made elsewhere.
        ::mkdir(path.substr(0, slash).c_str(), 0755);
    }
}

/// Whether another run began: the time is that of its start.
bool is_another_run(const RunitStatus& before, const RunitStatus& now) noexcept {
    return now.state == RunitState::Run &&
           (before.state != RunitState::Run || before.pid != now.pid);
}

bool is_same(RunitStatus a, const RunitStatus& b) noexcept {
    a.seconds = b.seconds;
    a.nanoseconds = b.nanoseconds;
    return a == b;
}

}  // namespace

RunitFiles::RunitFiles(const Ports& ports, std::string directory)
    : os_(ports),
      directory_(std::move(directory)),
      fifos_(os_.loop, [this](ServiceId service) { on_commands(service); }) {
    os_.scripts.tell_when_idle([this](ServiceId service) {
        if (const auto found = open_.find(service); found != open_.end() && !has_finished_) {
            fifos_.listen(found->second.directory.control(), service);
        }
    });
}

// --- opening ------------------------------------------------------------------------------------

bool RunitFiles::may_have_one(const Service& service) const noexcept {
    const Snapshot& s = service.snapshot;
    return service.definition.policy.type != ServiceType::Group && !service.leaving &&
           !open_.contains(service.id) && !os_.services.is_stopping() &&
           !(s.retired && is_resting(s.state)) &&
           ((s.has_run && s.pid > 0 && s.state != ServiceState::Starting) ||
            os_.services.is_settled(service));
}

void RunitFiles::open_soon(const Service& service) {
    if (!may_have_one(service) || !refused_.insert(service.id).second) {
        return;
    }
    to_be_opened_.push_back(service.id);
    if (has_begun_) {
        work();
    } else if (!std::exchange(waits_to_begin_, true)) {
        os_.loop.call_after(kPatienceWithBoot, [this] { begin(); });
    }
}

void RunitFiles::begin() {
    has_begun_ = true;
    for (const ServiceId id : os_.services.all()) {
        // Also those of whom nothing was heard: that the supervisor before this one started.
        const Service& service = *os_.services.find(id);
        if (const auto found = open_.find(id); found != open_.end()) {
            look_at_first(service, found->second);
        } else {
            open_soon(service);
        }
    }
    work();
}

/// A turn of the loop each: what services are in need of comes between.
void RunitFiles::work() {
    if (to_be_opened_.empty() || std::exchange(works_, true)) {
        return;
    }
    os_.loop.call_after(is_in_a_burst() ? kPauseOfABurst : Duration::zero(), [this] {
        works_ = false;
        if (!is_in_a_burst()) {
            open_some();
        }
        work();
    });
}

void RunitFiles::open_some() {
    for (int i = 0; i < kOpenedAtATime && !to_be_opened_.empty(); ++i) {
        const ServiceId id = to_be_opened_.front();
        to_be_opened_.pop_front();
        if (const Service* service = os_.services.find(id);
            service != nullptr && may_have_one(*service)) {
            open(*service);
        } else {
            refused_.erase(id);
            fading_.erase(id);
        }
    }
}

void RunitFiles::open(const Service& service) {
    RunitStatus status = runit_status_of(service);
    set_first_time(service, status);
    auto made = open_somewhere(service, status);
    if (!made) {
        return not_opened(service, made.error());
    }
    refused_.erase(service.id);
    told_.erase(service.id);
    fading_.erase(service.id);
    adopt(service, std::move(*made), status);
}

Result<SuperviseDir, SuperviseFault> RunitFiles::reserve(const std::string& service_directory,
                                                         RunitStatus& status) {
    if (status.seconds == 0) {
        set_time(status, Duration::zero());
    }
    return SuperviseDir::open(service_directory + "/" + kSuperviseDirectory, status);
}

void RunitFiles::adopt(const Service& service, SuperviseDir directory, const RunitStatus& status) {
    Open& open = open_[service.id];
    open.directory = std::move(directory);
    open.status = status;
    open.is_written = true;
    fifos_.listen(open.directory.control(), service.id);
}

/// Several services can have one directory (instances of a template, links): the second finds
/// that this program has it open, and gets a place elsewhere.
Result<SuperviseDir, SuperviseFault> RunitFiles::open_somewhere(const Service& service,
                                                                const RunitStatus& status) {
    const std::string usual = service.definition.resolved + "/" + kSuperviseDirectory;
    auto made = SuperviseDir::open(usual, status);
    const bool is_for_elsewhere =
        !made && (made.error().kind == SuperviseFault::Kind::ReadOnly ||
                  (made.error().kind == SuperviseFault::Kind::Fading && has_open(usual)));
    if (!is_for_elsewhere) {
        return made;
    }
    // A directory that is not there has no service that could be driven.
    if (struct stat info{}; ::stat(service.definition.resolved.c_str(), &info) < 0) {
        return made;
    }
    const std::string elsewhere = directory_ + "/" + service.name;
    make_directories(elsewhere);
    return SuperviseDir::open(elsewhere, status);
}

bool RunitFiles::has_open(const std::string& directory) const {
    return std::any_of(open_.begin(), open_.end(), [&directory](const auto& each) {
        return each.second.directory.path() == directory + "/";
    });
}

void RunitFiles::not_opened(const Service& service, const SuperviseFault& fault) {
    // Of one in another pid namespace no more is to be seen than of one who is dead.
    if (fault.kind == SuperviseFault::Kind::Fading &&
        (++fading_[service.id] < kMostTries || fault.holder != 0)) {
        return open_later();
    }
    fading_.erase(service.id);
    if (fault.kind != SuperviseFault::Kind::Held && fault.kind != SuperviseFault::Kind::Fading) {
        // Tried again at each run, said once: a service that is not there is restarted for ever.
        if (told_.insert(service.id).second) {
            os_.journal.warning(service.name + ": cannot be driven by sv: " + fault.message);
        }
        return;
    }
    os_.journal.error(service.name + ": " + fault.message +
                      ", who supervises it; it is stopped here and left to that one");
    os_.services.post(service.id, WantDown{});
}

void RunitFiles::open_later() {
    if (std::exchange(waits_for_locks_, true)) {
        return;
    }
    os_.loop.call_after(kPauseOfTries, [this] {
        waits_for_locks_ = false;
        for (const auto& [id, tries] : fading_) {
            if (std::find(to_be_opened_.begin(), to_be_opened_.end(), id) == to_be_opened_.end()) {
                to_be_opened_.push_back(id);
            }
        }
        work();
    });
}

void RunitFiles::set_first_time(const Service& service, RunitStatus& status) const {
    const bool runs = status.state != RunitState::Down;
    set_time(status,
             runs ? os_.loop.now() - service.executed : os_.loop.age_clock() - service.since);
}

// --- writing ------------------------------------------------------------------------------------

void RunitFiles::service_changed(const Service& service) {
    const auto found = open_.find(service.id);
    if (found != open_.end()) {
        look_at(service, found->second);
        close_if_left(service);
        return;
    }
    // What was wrong with its directory may be mended by the next run.
    if (service.snapshot.state == ServiceState::Starting && !service.snapshot.has_auxiliary) {
        refused_.erase(service.id);
    }
    open_soon(service);
}

void RunitFiles::look_at(const Service& service, Open& open) {
    RunitStatus now = runit_status_of(service);
    if (is_same(now, open.status)) {
        return;
    }
    const bool went_down = now.state == RunitState::Down && open.status.state != RunitState::Down;
    if (is_another_run(open.status, now) || went_down) {
        set_time(now, Duration::zero());
    } else {
        now.seconds = open.status.seconds;
        now.nanoseconds = open.status.nanoseconds;
    }
    open.status = now;
    if (std::exchange(open.is_written, false)) {
        write_soon(service.id);
    }
}

/// One that was opened before anything was known of it.
void RunitFiles::look_at_first(const Service& service, Open& open) {
    RunitStatus now = runit_status_of(service);
    if (!is_same(now, open.status)) {
        set_first_time(service, now);
        open.status = now;
        write(open);
    }
    close_if_left(service);
}

/// After all that happens at the same moment: a restart comes before the news of it.
void RunitFiles::write_soon(ServiceId service) {
    to_be_written_.push_back(service);
    write_after(os_.services.is_stopping() ? kPauseAtTheEnd : Duration::zero());
}

void RunitFiles::write_after(Duration pause) {
    if (!std::exchange(writes_soon_, true)) {
        os_.loop.call_after(pause, [this] {
            writes_soon_ = false;
            write_some();
        });
    }
}

void RunitFiles::write_some() {
    if (is_in_a_burst()) {
        return write_after(kPauseOfABurst);
    }
    for (int i = 0; i < kWrittenAtATime && !to_be_written_.empty(); ++i) {
        write(to_be_written_.front());
        to_be_written_.pop_front();
    }
    if (!to_be_written_.empty()) {
        write_after(Duration::zero());
    }
}

/// A thousand services or more want to be started again, or for the first time, at once.
bool RunitFiles::is_in_a_burst() const noexcept {
    return os_.services.are_starts_waiting();
}

void RunitFiles::write(ServiceId service) {
    if (const auto found = open_.find(service); found != open_.end() && !found->second.is_written) {
        write(found->second);
    }
}

void RunitFiles::write(Open& open) {
    open.is_written = true;
    took(open, open.directory.write(open.status));
}

void RunitFiles::took(Open& open, const Result<void>& written) {
    if (!written && !std::exchange(open.has_failed, true)) {
        os_.journal.warning(open.directory.path() + ": " + written.error().action + ": " +
                            errno_text(written.error().code) + "; sv shows what was true before");
    } else if (written) {
        open.has_failed = false;
    }
}

void RunitFiles::finish(LastWrite where) {
    has_finished_ = true;
    to_be_written_.clear();
    fifos_.close();
    for (auto& [id, open] : open_) {
        const bool is_lost = where == LastWrite::WhereItLasts && open.directory.is_in_memory();
        if (std::exchange(open.is_written, true) || is_lost) {
            open.directory.close_fifos();
        } else {
            took(open, open.directory.write_last(open.status));
        }
    }
}

// --- closing ------------------------------------------------------------------------------------

/// What `exit` asks for; as runsv's end, which comes after its logger's.
bool RunitFiles::has_left(const Service& service) const {
    const auto rests = [](const Service& s) {
        return is_resting(s.snapshot.state) && !has_process(s.snapshot);
    };
    if (!service.snapshot.retired || !rests(service)) {
        return false;
    }
    const Service* logger = os_.services.find(service.logger);
    const bool is_own = logger != nullptr && logger->feeder == service.id;
    return !is_own || rests(*logger);
}

void RunitFiles::close_if_left(const Service& service) {
    if (has_left(service)) {
        close(service.id);
    }
    if (const Service* feeder = os_.services.find(service.feeder);
        feeder != nullptr && has_left(*feeder)) {
        close(feeder->id);
    }
}

void RunitFiles::close(ServiceId service) {
    const auto found = open_.find(service);
    if (found == open_.end() || os_.services.is_stopping()) {
        return;  // finish() does it, for all
    }
    fifos_.leave(found->second.directory.control());
    if (!found->second.is_written) {
        took(found->second, found->second.directory.write_last(found->second.status));
    }
    open_.erase(found);
}

void RunitFiles::service_forgotten(ServiceId service) {
    refused_.erase(service);
    told_.erase(service);
    if (const auto found = open_.find(service); found != open_.end()) {
        found->second.status.state = RunitState::Down;
        found->second.status.pid = 0;
        found->second.is_written = false;
        close(service);
    }
}

// --- commands -----------------------------------------------------------------------------------

/// While a script runs that was asked for here, what comes after it stays in the fifo: in order, as
/// runsv obeys it, and bounded by the kernel.
void RunitFiles::on_commands(ServiceId service) {
    os_.processes.reap_pending();
    for (int i = 0; i < kCommandsAtATime; ++i) {
        const auto found = open_.find(service);
        if (found == open_.end() || has_finished_) {
            return;
        }
        if (os_.scripts.is_busy(service)) {
            fifos_.leave(found->second.directory.control());
            return;
        }
        char command = 0;
        if (::read(found->second.directory.control(), &command, 1) != 1) {
            return;
        }
        obey(service, command);
    }
}

/// What is wanted now is in the file before anything else is done: sv sends nobody what it has.
void RunitFiles::obey(ServiceId id, char command) {
    const Service* service = os_.services.find(id);
    if (service == nullptr) {
        return;
    }
    const LastingCommand lasting = lasting_command(command);
    if (const auto done = set_down_file(service->definition.path, lasting.file); !done) {
        os_.journal.warning(service->name + ": " + done.error().action + " its file `down`: " +
                            errno_text(done.error().code) + "; it starts by itself as before");
    }
    if (const auto event = event_of_command(lasting.command, *service)) {
        os_.services.post(id, *event);
        write(id);
    }
}

}  // namespace mainstay::supervisor
