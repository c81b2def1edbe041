#include "supervisor/svlogd/program.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/fd_io.h"
#include "common/runit_words.h"
#include "supervisor/svlog/stamp.h"
#include "supervisor/svlogd/line_reader.h"
#include "supervisor/svlogd/log_dir.h"

namespace mainstay::svlogd {
namespace {

constexpr int kExitFatal = 111;
constexpr std::uint64_t kUsualLineMax = 1000;
constexpr std::uint64_t kUsualBuffer = 1024;
constexpr std::uint64_t kMostBuffer = std::uint64_t{64} << 20U;
constexpr std::size_t kStampSize = 25;
constexpr std::size_t kSeparatorAt = 10;  ///< of date and time

enum class Stamping : std::uint8_t { None, Tai64n, Readable, Iso };

struct Settings {
    Replacement replacement;
    std::uint64_t line_max = kUsualLineMax;
    std::uint64_t buffer = kUsualBuffer;
    Stamping stamping = Stamping::None;
    Verbosity verbosity = Verbosity::Quiet;
    std::span<char* const> directories;
};

void complain(const std::string& text) {
    static_cast<void>(write_all(STDERR_FILENO, text + "\n"));
}

[[noreturn]] void fatal(const std::string& what) {
    complain("svlogd: fatal: " + what);
    ::_exit(kExitFatal);
}

/// "@4000000065f1c2d21dcd6500 ", "2026-11-22_05:16:21.97815 " or the same with a T, in UTC.
std::string stamp_of(Stamping stamping) {
    if (stamping == Stamping::None) {
        return {};
    }
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    const bool is_tai = stamping == Stamping::Tai64n;
    svlog::Stamp stamp(is_tai ? svlog::StampFormat::Tai64n : svlog::StampFormat::Iso);
    std::string text(stamp.text({now.tv_sec, static_cast<std::uint32_t>(now.tv_nsec)}));
    text.resize(kStampSize);
    if (stamping == Stamping::Readable) {
        text[kSeparatorAt] = '_';
    }
    return text + " ";
}

/// @returns what of it could not be sent, in words; empty: nothing
const char* send_by_udp(const UdpAddress& to, std::string_view message) {
    const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket.valid()) {
        return "warning: no udp socket available: ";
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(to.port);
    std::memcpy(&address.sin_addr, to.address.data(), to.address.size());
    const ssize_t sent = ::sendto(socket.get(), message.data(), message.size(), 0,
                                  reinterpret_cast<const sockaddr*>(&address), sizeof address);
    const bool is_sent = sent == static_cast<ssize_t>(message.size());
    return is_sent ? nullptr : "warning: failure sending through udp: ";
}

class Svlogd final : public LineListener {
  public:
    explicit Svlogd(const Settings& settings)
        : settings_(settings), reader_(settings.line_max, settings.replacement, *this) {
        for (const char* name : settings.directories) {
            const LogDirSettings rules{settings.line_max, settings.verbosity};
            auto directory = std::make_unique<LogDir>(name, rules);
            targets_.push_back({std::move(directory), {}, false});
        }
    }

    int run();

    void line_begins() override { stamp_ = stamp_of(settings_.stamping); }
    void line_is(std::string_view text, bool is_cut) override;
    void line_goes_on(std::string_view text) override;
    void line_ends() override;

  private:
    struct Target {
        std::unique_ptr<LogDir> directory;
        std::string pending;  ///< of the line
        bool is_writing = false;
    };

    void open_all();
    void obey_signals();
    void say_signal(const char* name) const;
    void bury_processors();
    void rotate_aged();
    int time_to_wait() const;
    bool read_some();
    void send(const LogDir& directory, std::string_view line, bool is_cut, std::string& pending);

    Settings settings_;
    LineReader reader_;
    std::vector<Target> targets_;
    std::string stamp_;
    UniqueFd signals_;
    bool ends_ = false;  ///< with the line
};

void Svlogd::open_all() {
    bool is_any_open = false;
    for (Target& target : targets_) {
        target.directory->close();
        is_any_open = target.directory->open() || is_any_open;
    }
    if (!is_any_open) {
        fatal("no functional log directories.");
    }
}

// --- lines --------------------------------------------------------------------------------------

void Svlogd::line_is(std::string_view text, bool is_cut) {
    for (Target& target : targets_) {
        target.is_writing = false;
        if (!target.directory->is_open()) {
            continue;
        }
        const Config& config = target.directory->config();
        const Selection selection = select(config, text);
        if (selection.is_for_stderr) {
            complain(stamp_ + config.prefix + std::string(text) + (is_cut ? "..." : ""));
        }
        if (!selection.is_logged) {
            continue;
        }
        if (config.udp) {
            send(*target.directory, text, is_cut, target.pending);
        }
        target.is_writing = !config.is_udp_only;
        if (target.is_writing) {
            target.pending.append(stamp_).append(config.prefix).append(text);
        }
    }
}

void Svlogd::send(const LogDir& directory, std::string_view line, bool is_cut,
                  std::string& pending) {
    std::string message = stamp_ + directory.config().prefix;
    message.append(line).append(is_cut ? "...\n" : "\n");
    if (const char* const failed = send_by_udp(*directory.config().udp, message)) {
        pending += failed + message;
    }
}

void Svlogd::line_goes_on(std::string_view text) {
    for (Target& target : targets_) {
        if (target.is_writing) {
            target.directory->write(target.pending);
            target.directory->write(text);
            target.pending.clear();
        }
    }
}

void Svlogd::line_ends() {
    for (Target& target : targets_) {
        if (target.is_writing) {
            target.pending += '\n';
        }
        target.directory->write(target.pending);
        target.pending.clear();
        target.is_writing = false;
    }
}

// --- what else happens --------------------------------------------------------------------------

void Svlogd::say_signal(const char* name) const {
    if (settings_.verbosity == Verbosity::Verbose) {
        complain(std::string("svlogd: info: ") + name + " received.");
    }
}

void Svlogd::bury_processors() {
    int status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
        for (Target& target : targets_) {
            if (target.directory->processor_ended(pid, status)) {
                break;
            }
        }
    }
}

void Svlogd::obey_signals() {
    signalfd_siginfo info{};
    while (::read(signals_.get(), &info, sizeof info) == sizeof info) {
        switch (info.ssi_signo) {
            case SIGTERM:
                say_signal("sigterm");
                ends_ = true;
                break;
            case SIGALRM:
                say_signal("sigalarm");
                for (Target& target : targets_) {
                    target.directory->rotate();
                }
                break;
            case SIGHUP:
                say_signal("sighangup");
                open_all();
                break;
            default:
                say_signal("sigchild");
                bury_processors();
                break;
        }
    }
}

void Svlogd::rotate_aged() {
    for (Target& target : targets_) {
        const auto due = target.directory->rotates_at();
        if (due && *due <= monotonic_now()) {
            target.directory->rotate();
        }
    }
}

int Svlogd::time_to_wait() const {
    int least = -1;
    for (const Target& target : targets_) {
        const auto due = target.directory->rotates_at();
        if (!due || !target.directory->is_open()) {
            continue;
        }
        using std::chrono::milliseconds;
        const auto left = std::chrono::ceil<milliseconds>(*due - monotonic_now()).count();
        const int bounded = static_cast<int>(std::clamp<std::int64_t>(left, 0, 1000000000));
        least = least < 0 ? bounded : std::min(least, bounded);
    }
    return least;
}

/// @returns false at the end
bool Svlogd::read_some() {
    // Told to end, it reads up to the end of the line and no further.
    std::vector<char> buffer(ends_ ? 1 : settings_.buffer);
    const ssize_t size = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) {
        return true;
    }
    if (size < 0) {
        complain(std::string("svlogd: warning: unable to read standard input: ") +
                 runit_error_text(errno));
    }
    reader_.take({buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))});
    return size > 0;
}

int Svlogd::run() {
    sigset_t signals;
    ::sigemptyset(&signals);
    for (const int signal : {SIGTERM, SIGCHLD, SIGALRM, SIGHUP}) {
        ::sigaddset(&signals, signal);
    }
    ::sigprocmask(SIG_BLOCK, &signals, nullptr);
    signals_ = UniqueFd(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals_.valid()) {
        fatal(std::string("unable to create signalfd: ") + runit_error_text(errno));
    }
    open_all();
    while (!ends_ || !reader_.is_complete()) {
        rotate_aged();
        std::array<pollfd, 2> sources{{{signals_.get(), POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}}};
        if (::poll(sources.data(), sources.size(), time_to_wait()) < 0) {
            continue;
        }
        if (sources[0].revents != 0) {
            obey_signals();
        } else if (sources[1].revents != 0 && !read_some()) {
            break;
        }
    }
    reader_.end();
    for (Target& target : targets_) {
        target.directory->wait_for_processor();
        target.directory->close();
    }
    return EXIT_SUCCESS;
}

// --- the command line ---------------------------------------------------------------------------

[[noreturn]] void usage(const char* program) {
    complain(std::string("usage: ") + program +
             " [-ttv] [-r c] [-R abc] [-l len] [-b buflen] dir ...\n");
    ::_exit(kExitFatal);
}

std::uint64_t positive_or(const char* text, std::uint64_t usual) noexcept {
    const std::uint64_t number = leading_number(text).value;
    return number != 0 ? std::min(number, kMostBuffer) : usual;
}

Settings parse_settings(std::span<char* const> words) {
    Settings settings;
    const char* const program = words.front();
    RunitOptions options(words.subspan(1), "R:r:l:b:tvV");
    while (const char letter = options.next()) {
        switch (letter) {
            case 'R':
                settings.replacement.further = options.value();
                if (settings.replacement.substitute == 0) {
                    settings.replacement.substitute = '_';
                }
                break;
            case 'r':
                if (std::strlen(options.value()) != 1) {
                    usage(program);
                }
                settings.replacement.substitute = options.value()[0];
                break;
            case 'l':
                settings.line_max = positive_or(options.value(), kUsualLineMax);
                break;
            case 'b':
                settings.buffer = positive_or(options.value(), kUsualBuffer);
                break;
            case 't':
                settings.stamping = settings.stamping == Stamping::None     ? Stamping::Tai64n
                                    : settings.stamping == Stamping::Tai64n ? Stamping::Readable
                                                                            : Stamping::Iso;
                break;
            case 'v':
                settings.verbosity = Verbosity::Verbose;
                break;
            case RunitOptions::kBad:
                complain("svlogd: " + options.problem());
                usage(program);
            default:
                usage(program);
        }
    }
    settings.directories = options.rest();
    if (settings.directories.empty() || settings.buffer <= settings.line_max) {
        usage(program);
    }
    return settings;
}

}  // namespace

int run_program(int argc, char** argv) {
    return Svlogd(parse_settings({argv, static_cast<std::size_t>(argc)})).run();
}

}  // namespace mainstay::svlogd
