#include "supervisor/runit_wire.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>

namespace mainstay::supervisor {
namespace {

struct Letter {
    char letter;
    int signal;
};
constexpr std::array kLetters{
    Letter{'t', SIGTERM}, Letter{'k', SIGKILL}, Letter{'p', SIGSTOP}, Letter{'c', SIGCONT},
    Letter{'a', SIGALRM}, Letter{'h', SIGHUP},  Letter{'i', SIGINT},  Letter{'q', SIGQUIT},
    Letter{'1', SIGUSR1}, Letter{'2', SIGUSR2},
};

/// Of s6: scripts below control/ are runit's, and have none of these.
constexpr std::array kLettersOfS6{Letter{'b', SIGABRT}, Letter{'y', SIGWINCH}};

bool was_told_to_end(const Service& service) noexcept {
    const Snapshot& s = service.snapshot;
    const bool is_ending =
        s.state == ServiceState::Stopping && s.sent_signal != 0 &&
        (s.stop_stage == StopStage::Terminate || s.stop_stage == StopStage::Kill);
    return s.has_run && !service.stop_signal_replaced && (is_ending || s.sent_signal == SIGTERM);
}

std::string_view next_word(std::string_view& line) noexcept {
    const std::size_t begin = line.find_first_not_of(' ');
    line.remove_prefix(begin == std::string_view::npos ? line.size() : begin);
    const std::string_view word = line.substr(0, line.find(' '));
    line.remove_prefix(word.size());
    return word;
}

template <typename Number>
bool read_number(std::string_view word, Number& number, int base) noexcept {
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number, base);
    return error == std::errc() && end == word.data() + word.size();
}

/// "08:01:1234": major and minor in hexadecimal.
bool is_file(std::string_view word, unsigned major, unsigned minor, std::uint64_t inode) noexcept {
    const std::size_t first = word.find(':');
    const std::size_t second = word.find(':', first == std::string_view::npos ? first : first + 1);
    if (second == std::string_view::npos) {
        return false;
    }
    unsigned its_major = 0;
    unsigned its_minor = 0;
    std::uint64_t its_inode = 0;
    return read_number(word.substr(0, first), its_major, 16) &&
           read_number(word.substr(first + 1, second - first - 1), its_minor, 16) &&
           read_number(word.substr(second + 1), its_inode, 10) && its_major == major &&
           its_minor == minor && its_inode == inode;
}

/// "1: FLOCK  ADVISORY  WRITE 4711 08:01:1234 0 EOF"; of who waits for one: "1: -> FLOCK …".
std::int32_t holder_in_line(std::string_view line, unsigned major, unsigned minor,
                            std::uint64_t inode) noexcept {
    next_word(line);
    if (next_word(line) != "FLOCK") {
        return 0;
    }
    next_word(line);
    next_word(line);
    std::int32_t pid = 0;
    const bool has_pid = read_number(next_word(line), pid, 10);
    return has_pid && pid > 0 && is_file(next_word(line), major, minor, inode) ? pid : 0;
}

}  // namespace

RunitStatus runit_status_of(const Service& service) noexcept {
    const Snapshot& s = service.snapshot;
    RunitStatus status;
    if (s.has_run && s.pid > 0) {
        status.state = RunitState::Run;
        status.pid = static_cast<std::uint32_t>(s.pid);
    } else if (s.state == ServiceState::Finishing) {
        status.state = RunitState::Finish;
        status.pid = static_cast<std::uint32_t>(s.auxiliary_pid);
    }
    // One that rests, or waits for whoever comes, stays so until it is asked, also where it is
    // wanted: sv sends nobody an 'u' who has it already.
    const bool is_wanted = s.wanted == Wanted::Up && !is_resting(s.state) && !s.listening;
    status.want = s.retired ? RunitWant::Exit : is_wanted ? RunitWant::Up : RunitWant::Down;
    status.paused = s.paused;
    status.got_term = was_told_to_end(service);
    return status;
}

std::optional<Event> event_of_command(char command, const Service& service) noexcept {
    switch (command) {
        case 'u':
            return WantUp{};
        case 'd':
            return WantDown{Patience::Endless};
        case 'o':
            return WantOnce{};
        case 'x':
            return service.feeder != 0 ? std::nullopt
                                       : std::optional<Event>(Retire{Patience::Endless});
        case 'r':
            return TryRestart{};
        case 'O':  // not again; and not at all where it does not run
            return service.snapshot.has_run && service.snapshot.pid > 0
                       ? std::optional<Event>(WantOnce{})
                       : std::optional<Event>(WantDown{Patience::Endless});
        default:
            break;
    }
    const auto is_it = [command](const Letter& known) { return known.letter == command; };
    if (const auto* of_runit = std::find_if(kLetters.begin(), kLetters.end(), is_it);
        of_runit != kLetters.end()) {
        return SendSignal{of_runit->signal};
    }
    const auto* of_s6 = std::find_if(kLettersOfS6.begin(), kLettersOfS6.end(), is_it);
    return of_s6 != kLettersOfS6.end() ? std::optional<Event>(SendSignal{of_s6->signal})
                                       : std::nullopt;
}

LastingCommand lasting_command(char command) noexcept {
    switch (command) {
        case 'D':
            return {'d', DownFile::Made};
        case 'U':
            return {'u', DownFile::Removed};
        case 'Q':
            return {'O', DownFile::Made};
        default:
            return {command, DownFile::Stays};
    }
}

char control_letter(int signal) noexcept {
    for (const Letter& known : kLetters) {
        if (known.signal == signal) {
            return known.letter;
        }
    }
    return 0;
}

std::int32_t holder_of_lock(std::string_view proc_locks, unsigned device_major,
                            unsigned device_minor, std::uint64_t inode) noexcept {
    while (!proc_locks.empty()) {
        const std::size_t end = proc_locks.find('\n');
        const std::string_view line = proc_locks.substr(0, end);
        const std::int32_t pid = holder_in_line(line, device_major, device_minor, inode);
        if (pid != 0) {
            return pid;
        }
        proc_locks.remove_prefix(end == std::string_view::npos ? proc_locks.size() : end + 1);
    }
    return 0;
}

}  // namespace mainstay::supervisor
