#include "init/holdouts.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <charconv>

#include "common/fd_io.h"
#include "common/fixed.h"

namespace mainstay::init {
namespace {

constexpr unsigned kMostNamed = 10;

struct ProcessLine {
    std::string_view command;
    char state = '?';
    unsigned flags = 0;  ///< PF_* of the kernel's include/linux/sched.h
};

/// /proc/PID/stat: "pid (command) state parent group session terminal foreground flags …"
/// (proc(5)); the command may hold anything, so the last ")" ends it.
std::optional<ProcessLine> parse_stat(std::string_view text) noexcept {
    const std::size_t open = text.find('(');
    const std::size_t close = text.rfind(')');
    if (open == std::string_view::npos || close == std::string_view::npos || close < open ||
        close + 4 > text.size()) {
        return std::nullopt;
    }
    ProcessLine line;
    line.command = text.substr(open + 1, close - open - 1);
    line.state = text[close + 2];
    std::string_view rest = text.substr(close + 4);
    for (int skipped = 0; skipped < 5; ++skipped) {
        const std::size_t blank = rest.find(' ');
        rest.remove_prefix(blank == std::string_view::npos ? rest.size() : blank + 1);
    }
    std::from_chars(rest.data(), rest.data() + rest.size(), line.flags);
    return line;
}

std::optional<unsigned> parse_pid(const char* name) noexcept {
    const std::string_view text(name);
    unsigned pid = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), pid);
    if (failure != std::errc() || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return pid;
}

/// Reads the directory with getdents64 through a small buffer: opendir(3) would ask for heap
/// memory.
class ProcessWalk {
  public:
    explicit ProcessWalk(int proc_fd) noexcept : proc_fd_(proc_fd) {
        (void)::lseek(proc_fd, 0, SEEK_SET);
    }

    template <typename Take>
    void for_each(Take&& take) noexcept {
        alignas(dirent64) std::array<char, 4096> entries;
        while (true) {
            const ssize_t count = ::getdents64(proc_fd_, entries.data(), entries.size());
            if (count <= 0) {
                return;
            }
            for (ssize_t offset = 0; offset < count;) {
                const auto* entry = reinterpret_cast<const dirent64*>(entries.data() + offset);
                offset += entry->d_reclen;
                if (const auto pid = parse_pid(entry->d_name)) {
                    visit(*pid, take);
                }
            }
        }
    }

  private:
    template <typename Take>
    void visit(unsigned pid, Take&& take) noexcept {
        FixedString<32> path;
        path.append_format("%u/stat", pid);
        const UniqueFd fd(::openat(proc_fd_, path.c_str(), O_RDONLY | O_CLOEXEC));
        std::array<char, 512> buffer;
        const auto text = read_up_to(fd.get(), buffer);
        const auto line = text ? parse_stat(*text) : std::nullopt;
        if (line) {
            take(pid, *line);
        }
    }

    int proc_fd_;
};

bool is_of_user_space(unsigned pid, const ProcessLine& line) noexcept {
    constexpr unsigned kKernelThread = 0x00200000;  // PF_KTHREAD
    return pid != 1 && (line.flags & kKernelThread) == 0 && line.state != 'Z';
}

}  // namespace

void name_holdouts(int proc_fd, const char* what, Log& log) noexcept {
    unsigned found = 0;
    ProcessWalk(proc_fd).for_each([&](unsigned pid, const ProcessLine& line) {
        if (!is_of_user_space(pid, line)) {
            return;
        }
        if (++found <= kMostNamed) {
            log.warning("pid %u (%.*s) is %s", pid, static_cast<int>(line.command.size()),
                        line.command.data(), what);
        }
    });
    if (found > kMostNamed) {
        log.warning("and %u more", found - kMostNamed);
    }
}

}  // namespace mainstay::init
