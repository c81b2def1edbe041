#include "ctl/run_program.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>

#include "common/exit_status.h"
#include "common/fd_io.h"
#include "ctl/terminal.h"

namespace mainstay::ctl {
namespace {

std::string own_directory() {
    std::array<char, PATH_MAX> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): read next
    const ssize_t size = ::readlink("/proc/self/exe", buffer.data(), buffer.size());
    const std::string path(buffer.data(), size < 0 ? 0 : static_cast<std::size_t>(size));
    return path.substr(0, path.rfind('/') + 1);
}

bool is_program(const std::string& path) noexcept {
    return ::access(path.c_str(), X_OK) == 0;
}

std::optional<std::string> find_in_path(const std::string& name) {
    std::string_view path = environment("PATH");
    while (!path.empty()) {
        const std::string_view directory = path.substr(0, path.find(':'));
        path.remove_prefix(std::min(directory.size() + 1, path.size()));
        std::string candidate(directory);
        candidate.append("/").append(name);
        if (!directory.empty() && is_program(candidate)) {
            return candidate;
        }
    }
    return std::nullopt;
}

std::string read_to_end(int fd) {
    std::string text;
    std::array<char, 16384> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): read next
    while (true) {
        const auto piece = read_up_to(fd, buffer);
        if (!piece || piece->empty()) {
            return text;
        }
        text.append(*piece);
    }
}

int wait_for(pid_t pid) noexcept {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return 1;
        }
    }
    return ExitStatus::from_wait(status).shell_code();
}

class SpawnActions {
  public:
    SpawnActions() noexcept { ::posix_spawn_file_actions_init(&actions_); }
    ~SpawnActions() { ::posix_spawn_file_actions_destroy(&actions_); }
    SpawnActions(const SpawnActions&) = delete;
    SpawnActions& operator=(const SpawnActions&) = delete;

    int send_output_to(int fd) noexcept {
        return ::posix_spawn_file_actions_adddup2(&actions_, fd, STDOUT_FILENO);
    }
    const posix_spawn_file_actions_t* get() const noexcept { return &actions_; }

  private:
    posix_spawn_file_actions_t actions_{};
};

}  // namespace

std::optional<std::string> find_program(const std::string& name) {
    const std::string directory = own_directory();
    for (const char* where : {"../lib/mainstay/", ""}) {
        std::string candidate = directory;
        candidate.append(where).append(name);
        if (!directory.empty() && is_program(candidate)) {
            return candidate;
        }
    }
    return find_in_path(name);
}

Result<ProgramEnd> run_program(const std::string& path, const std::vector<std::string>& words,
                               ProgramOutput output) {
    std::vector<char*> arguments{const_cast<char*>(path.c_str())};
    for (const std::string& word : words) {
        arguments.push_back(const_cast<char*>(word.c_str()));
    }
    arguments.push_back(nullptr);
    Pipe pipe;
    SpawnActions actions;
    if (output == ProgramOutput::Captured) {
        TRY(pipe, make_pipe());
        if (const int error = actions.send_output_to(pipe.write_end.get()); error != 0) {
            return Error{"posix_spawn", error};
        }
    }
    pid_t pid = 0;
    const int error =
        ::posix_spawn(&pid, path.c_str(), actions.get(), nullptr, arguments.data(), ::environ);
    if (error != 0) {
        return Error{"execute", error};
    }
    ProgramEnd end;
    if (output == ProgramOutput::Captured) {
        pipe.write_end.reset();
        end.output = read_to_end(pipe.read_end.get());
    }
    end.exit = wait_for(pid);
    return end;
}

}  // namespace mainstay::ctl
