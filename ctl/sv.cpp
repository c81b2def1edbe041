#include "ctl/sv.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "common/fd_io.h"
#include "common/paths.h"
#include "common/runit_words.h"
#include "common/version.h"
#include "ctl/socket_place.h"
#include "ctl/sv_command.h"
#include "ctl/terminal.h"

namespace mainstay::ctl {
namespace {

constexpr int kExitFatal = 100;
constexpr int kExitUsage = 100;
constexpr int kMostFailures = 99;
/// Of an init script, as the Linux Standard Base has them.
constexpr int kExitScriptUsage = 2;
constexpr int kExitScriptDown = 3;
constexpr int kExitScriptUnknown = 4;
constexpr int kExitScriptFatal = 151;
constexpr unsigned kUsualWait = 7;
constexpr std::chrono::milliseconds kPollInterval{420};
constexpr char kLogDirectory[] = "log";

void print(int fd, const std::string& text) {
    static_cast<void>(write_all(fd, text));
}

std::uint64_t tai_now() noexcept {
    using namespace std::chrono;
    return tai64(floor<seconds>(system_clock::now().time_since_epoch()).count());
}

/// What the status files said, or why they did not.
enum class Found : std::uint8_t { Status, NotRunning, Unreadable };

class Sv {
  public:
    Sv(std::string_view program, SvCaller caller) : program_(program), caller_(caller) {}

    int run(std::span<char* const> words);

  private:
    [[noreturn]] void usage() const;
    [[noreturn]] void fatal(const char* what) const;
    void say(const char* kind, std::string_view what, int code = 0);
    void fail(std::string_view what, int code = 0) { ++failures_, say("fail: ", what, code); }
    void warn(std::string_view what, int code = 0) { ++failures_, say("warning: ", what, code); }

    void choose_place(std::string_view service);
    bool enter(std::string_view service);
    void leave() const;
    std::string in_supervise(const char* name) const { return supervise_ + "/" + name; }
    Found read_status();
    Result<Normally> normally(std::string_view name) const;
    bool show_status(std::string_view name);
    bool show();
    void show_logger();
    bool send(const std::string& letters);
    bool checks_out() const;
    std::optional<bool> has_come();
    void wait_for_all();
    void give_up_on(std::string_view service);
    int exit_code() const;

    std::string program_;
    SvCaller caller_;
    SvCommand command_;
    std::string directory_ = kServiceDirectory;
    std::vector<std::string_view> services_;  ///< empty: no more to be done about it
    std::string_view service_;
    std::string suffix_;  ///< "/log" while it is about the logger
    std::string supervise_;
    UniqueFd start_;
    RunitStatus status_;
    std::chrono::seconds wait_{kUsualWait};
    std::uint64_t asked_at_ = 0;
    std::uint64_t now_ = 0;
    int failures_ = 0;
    std::optional<int> script_exit_;  ///< of `status` as an init script
};

void Sv::usage() const {
    const bool is_script = caller_ == SvCaller::InitScript;
    print(STDERR_FILENO,
          "usage: " + program_ +
              (is_script ? " [-w sec] command\n\n" : " [-v] [-w sec] command service ...\n\n"));
    ::_exit(is_script ? kExitScriptUsage : kExitUsage);
}

void Sv::fatal(const char* what) const {
    print(STDERR_FILENO, std::string("fatal: ") + what + ": " + runit_error_text(errno) + "\n");
    ::_exit(caller_ == SvCaller::InitScript ? kExitScriptFatal : kExitFatal);
}

void Sv::say(const char* kind, std::string_view what, int code) {
    std::string line(kind);
    line.append(service_).append(suffix_).append(": ").append(what);
    if (code != 0) {
        line.append(": ").append(runit_error_text(code));
    }
    print(STDOUT_FILENO, line + "\n");
}

/// Where `supervise` is not in the service's directory, as that cannot be written to: beside the
/// supervisor's control socket.
void Sv::choose_place(std::string_view service) {
    supervise_ = kSuperviseDirectory;
    if (::access(in_supervise(kRunitOk).c_str(), F_OK) == 0 || errno != ENOENT ||
        service.find('/') != std::string_view::npos) {
        return;
    }
    const std::string control =
        choose_socket(std::nullopt, environment(kSocketVariable), environment("XDG_RUNTIME_DIR"),
                      ::geteuid() == 0 ? User::Root : User::Other)
            .path;
    const std::string other = control.substr(0, control.rfind('/') + 1) + kSuperviseDirectory +
                              "/" + std::string(service) + suffix_;
    if (::access((other + "/" + kRunitOk).c_str(), F_OK) == 0) {
        supervise_ = other;
    }
}

bool Sv::enter(std::string_view service) {
    service_ = service;
    const bool is_path = service.empty() || service.front() == '/' || service.front() == '.' ||
                         service.back() == '/';
    const bool is_there =
        (is_path || ::chdir(directory_.c_str()) == 0) && ::chdir(std::string(service).c_str()) == 0;
    if (!is_there) {
        fail("unable to change to service directory", errno);
        return false;
    }
    choose_place(service);
    return true;
}

void Sv::leave() const {
    if (::fchdir(start_.get()) < 0) {
        fatal("unable to change to original directory");
    }
}

Found Sv::read_status() {
    if (const auto ok = open_file(in_supervise(kRunitOk).c_str(), O_WRONLY | O_NONBLOCK); !ok) {
        if (ok.error().code != ENXIO) {
            warn("unable to open supervise/ok", ok.error().code);
            return Found::Unreadable;
        }
        const bool is_done = command_.letters.front() == 'x';
        is_done ? say("ok: ", "runsv not running") : fail("runsv not running");
        return Found::NotRunning;
    }
    const auto file = open_file(in_supervise(kRunitStatus).c_str(), O_RDONLY | O_NONBLOCK);
    if (!file) {
        warn("unable to open supervise/status", file.error().code);
        return Found::Unreadable;
    }
    std::array<char, kRunitStatusSize> bytes{};
    const auto read = read_up_to(file->get(), bytes);
    if (!read) {
        warn("unable to read supervise/status", read.error().code);
        return Found::Unreadable;
    }
    const auto status = unpack_runit_status(*read);
    if (!status) {
        warn("unable to read supervise/status: bad format");
        return Found::Unreadable;
    }
    status_ = *status;
    return Found::Status;
}

Result<Normally> Sv::normally(std::string_view name) const {
    if (struct stat info{}; ::stat("down", &info) == 0) {
        return Normally::Down;
    }
    if (errno == ENOENT) {
        return Normally::Up;
    }
    const Error error = last_error("stat");
    print(STDERR_FILENO, "warning: unable to stat " + std::string(name) +
                             "/down: " + runit_error_text(error.code) + "\n");
    return error;
}

/// @returns whether the service runs, as far as that could be found out
bool Sv::show_status(std::string_view name) {
    if (const auto usually = normally(service_)) {
        print(STDOUT_FILENO, sv_status_text(status_, name, *usually, now_));
    }
    return status_.pid != 0;
}

/// @returns false where there is nothing more to be done about the service
bool Sv::show() {
    switch (read_status()) {
        case Found::Unreadable:
            script_exit_ = kExitScriptUnknown;
            return false;
        case Found::NotRunning:
            return false;
        case Found::Status:
            break;
    }
    bool runs = show_status(service_);
    if (::chdir(kLogDirectory) == 0) {
        suffix_ = std::string("/") + kLogDirectory;
        choose_place(service_);
        print(STDOUT_FILENO, "; ");
        if (read_status() == Found::Status) {
            runs = show_status(kLogDirectory);
            print(STDOUT_FILENO, "\n");
        }
        suffix_.clear();
    } else if (errno == ENOENT) {
        print(STDOUT_FILENO, "\n");
    } else {
        const int code = errno;
        print(STDOUT_FILENO, "; ");
        suffix_ = std::string("/") + kLogDirectory;
        warn("unable to change directory", code);
        suffix_.clear();
    }
    script_exit_ = runs ? 0 : kExitScriptDown;
    return true;
}

/// @returns false where nothing can be sent
bool Sv::send(const std::string& letters) {
    if (read_status() != Found::Status) {
        return false;
    }
    if (is_needless(letters, status_)) {
        return true;
    }
    const auto fifo = open_file(in_supervise(kRunitControl).c_str(), O_WRONLY | O_NONBLOCK);
    if (!fifo && fifo.error().code != ENXIO) {
        warn("unable to open supervise/control", fifo.error().code);
        return false;
    }
    if (!fifo) {
        letters.front() == 'x' ? say("ok: ", "runsv not running") : fail("runsv not running");
        return false;
    }
    if (const auto written = write_all(fifo->get(), letters); !written) {
        warn("unable to write to supervise/control", written.error().code);
        return false;
    }
    return true;
}

/// ./check of the service: none is as good as one that succeeds.
bool Sv::checks_out() const {
    const auto warning = [this](const char* what) {
        print(STDERR_FILENO, std::string("warning: unable to ") + what + " " +
                                 std::string(service_) + "/check: " + runit_error_text(errno) +
                                 "\n");
    };
    if (struct stat info{}; ::stat("check", &info) < 0) {
        if (errno == ENOENT) {
            return true;
        }
        warning("stat");
        return false;
    }
    const pid_t pid = ::fork();
    if (pid < 0) {
        warning("fork for");
        return false;
    }
    if (pid == 0) {
        ::close(STDOUT_FILENO);
        ::execl("check", "./check", nullptr);
        warning("run");
        ::_exit(0);
    }
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            warning("wait for child");
            return false;
        }
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// @returns nothing while it has not; otherwise whether it has, or never will
std::optional<bool> Sv::has_come() {
    const Found found = read_status();
    if (found != Found::Status) {
        return found == Found::NotRunning && command_.letters.front() == 'x';
    }
    for (const char letter : command_.letters) {
        const SvProgress progress = sv_progress(letter, status_, asked_at_);
        if (progress == SvProgress::NotYet ||
            (progress == SvProgress::IfChecked && !checks_out())) {
            return std::nullopt;
        }
    }
    print(STDOUT_FILENO, "ok: ");
    show_status(service_);
    print(STDOUT_FILENO, "\n");
    return true;
}

void Sv::give_up_on(std::string_view service) {
    service_ = service;
    print(STDOUT_FILENO, command_.kills_late ? "kill: " : "timeout: ");
    if (read_status() == Found::Status) {
        show_status(service);
        ++failures_;
    }
    print(STDOUT_FILENO, "\n");
    if (command_.kills_late) {
        send("k");
    }
}

void Sv::wait_for_all() {
    const auto begun = std::chrono::steady_clock::now();
    while (true) {
        const auto waited = std::chrono::steady_clock::now() - begun;
        bool is_done = true;
        for (std::string_view& service : services_) {
            if (service.data() == nullptr) {
                continue;
            }
            const bool is_there = enter(service);
            if (!is_there || has_come()) {
                service = {};
            } else if (waited > wait_) {
                give_up_on(service);
                service = {};
            } else {
                is_done = false;
            }
            leave();
        }
        if (is_done) {
            return;
        }
        std::this_thread::sleep_for(kPollInterval);
        now_ = tai_now();
    }
}

int Sv::exit_code() const {
    if (caller_ == SvCaller::InitScript && script_exit_) {
        return *script_exit_;
    }
    return std::min(failures_, kMostFailures);
}

int Sv::run(std::span<char* const> words) {
    if (const auto value = environment("SVDIR"); !value.empty()) {
        directory_ = value;
    }
    if (const auto value = environment("SVWAIT"); !value.empty()) {
        wait_ = std::chrono::seconds(leading_number(value).value);
    }
    bool is_verbose = false;
    RunitOptions options(words.subspan(1), "w:vV");
    while (const char letter = options.next()) {
        if (letter == 'w') {
            wait_ = std::chrono::seconds(leading_number(options.value()).value);
        } else if (letter == 'V') {
            print(STDERR_FILENO, "sv (mainstay) " + std::string(kVersion) + "\n");
            usage();
        } else if (letter == RunitOptions::kBad) {
            print(STDERR_FILENO, program_ + ": " + options.problem() + "\n");
            usage();
        }
        is_verbose = true;
    }
    auto rest = options.rest();
    const auto command =
        rest.empty() ? std::nullopt : parse_sv_command(rest.front(), caller_, is_verbose);
    if (caller_ == SvCaller::InitScript) {
        services_.emplace_back(program_);
    } else if (!rest.empty()) {
        services_.assign(rest.begin() + 1, rest.end());
    }
    if (!command || services_.empty()) {
        usage();
    }
    command_ = *command;
    asked_at_ = now_ = tai_now();
    auto here = open_file(".", O_RDONLY | O_DIRECTORY);
    if (!here) {
        fatal("unable to open current directory");
    }
    start_ = std::move(*here);
    for (std::string_view& service : services_) {
        const bool goes_on =
            enter(service) &&
            (command_.kind == SvCommand::Kind::CheckOnly ||
             (command_.kind == SvCommand::Kind::Show ? show() : send(command_.letters)));
        if (!goes_on) {
            service = {};
        }
        leave();
    }
    if (command_.waits) {
        wait_for_all();
    }
    return exit_code();
}

}  // namespace

int run_sv(std::span<char* const> words) {
    std::string_view program = words.empty() ? kSvName : words.front();
    program.remove_prefix(program.rfind('/') + 1);
    return Sv(program, program == kSvName ? SvCaller::Sv : SvCaller::InitScript).run(words);
}

}  // namespace mainstay::ctl
