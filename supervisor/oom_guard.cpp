#include "supervisor/oom_guard.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "common/fd_io.h"

namespace mainstay::supervisor {
namespace {

constexpr char kFile[] = "/proc/self/oom_score_adj";

}  // namespace

OomGuard::OomGuard(std::optional<std::string> born_with) {
    if (!born_with) {
        return;
    }
    std::array<char, 16> buffer;
    const auto own = read_file(kFile, buffer);
    auto file = open_file(kFile, O_WRONLY);
    if (own && file) {
        born_with_ = std::move(*born_with);
        own_ = *own;
        file_ = std::move(*file);
    }
}

void OomGuard::birth_begins() noexcept {
    if (births_++ == 0) {
        write(born_with_);
    }
}

void OomGuard::birth_ended() noexcept {
    if (--births_ == 0) {
        write(own_);
    }
}

void OomGuard::write(const std::string& score) const noexcept {
    if (file_.valid()) {
        // What was permitted once is permitted again; there is nothing to be done if it is not.
        [[maybe_unused]] const ssize_t written =
            ::pwrite(file_.get(), score.data(), score.size(), 0);
    }
}

}  // namespace mainstay::supervisor
