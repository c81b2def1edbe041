#include "supervisor/session.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstring>
#include <memory>
#include <string>

#include "common/fd_io.h"
#include "supervisor/proc_text.h"

namespace mainstay::supervisor {
namespace {

constexpr std::size_t kMaxMembers = 4096;
constexpr int kMaxRounds = 100;

struct CloseDirectory {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

template <typename Number>
bool parse(std::string_view text, Number& number) noexcept {
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, number);
    return parsed.ec == std::errc() && parsed.ptr == end;
}

/// The letter after the command, in whose name may be anything.
bool is_dead(std::string_view stat) noexcept {
    const std::size_t name_end = stat.rfind(')');
    const char state = name_end + 2 < stat.size() ? stat[name_end + 2] : 'X';
    return state == 'Z' || state == 'X';
}

bool is_alive_in(std::int32_t pid, std::int32_t session) {
    std::array<char, 512> buffer;
    const std::string path = "/proc/" + std::to_string(pid) + "/stat";
    const auto text = read_file(path.c_str(), buffer);
    const auto stat = text ? parse_proc_stat(*text) : std::nullopt;
    return stat && stat->session == session && !is_dead(*text);
}

/// A pidfd names one process for all time; that it is of the session is asked after it is open.
void kill_member(std::int32_t pid, std::int32_t session) {
    const UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (process.valid() && is_alive_in(pid, session)) {
        ::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0);
    }
}

}  // namespace

std::vector<std::int32_t> session_members(std::int32_t session) {
    std::vector<std::int32_t> members;
    const std::unique_ptr<DIR, CloseDirectory> proc(::opendir("/proc"));
    while (const dirent* entry = proc ? ::readdir(proc.get()) : nullptr) {
        std::int32_t pid = 0;
        if (parse(entry->d_name, pid) && pid != session && is_alive_in(pid, session)) {
            members.push_back(pid);
        }
        if (members.size() == kMaxMembers) {
            break;
        }
    }
    return members;
}

std::size_t kill_session(std::int32_t session) {
    std::size_t met = 0;
    for (int round = 0; round < kMaxRounds; ++round) {
        const auto members = session_members(session);
        if (members.empty()) {
            break;
        }
        met = std::max(met, members.size());
        for (const std::int32_t pid : members) {
            kill_member(pid, session);
        }
    }
    return met;
}

}  // namespace mainstay::supervisor
