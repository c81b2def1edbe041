#include <fcntl.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "common/fd_io.h"
#include "common/fixed.h"
#include "init/machine_id.h"
#include "init/steps.h"

// machine-id(5): made once, kept in /etc where that can be written, else until the next boot.

namespace mainstay::init {
namespace {

constexpr char kPlace[] = "/etc/machine-id";
constexpr char kUntilReboot[] = "/run/machine-id";

bool is_hexadecimal(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool has_machine_id() noexcept {
    std::array<char, 64> buffer;
    const auto text = read_file(kPlace, buffer);
    if (!text || text->size() < 32) {
        return false;
    }
    for (const char c : text->substr(0, 32)) {
        if (!is_hexadecimal(c)) {
            return false;
        }
    }
    return true;
}

/// What the container's manager gave it, as systemd has it; empty without any.
FixedString<40> container_id() noexcept {
    const char* const variable = std::getenv("container_uuid");
    if (variable != nullptr) {
        return machine_id_of(variable);
    }
    std::array<char, 64> buffer;
    const auto text = read_file("/run/host/container-uuid", buffer);
    return text ? machine_id_of(*text) : FixedString<40>();
}

/// A random UUID (RFC 4122, version 4) without dashes.
FixedString<40> random_id() noexcept {
    std::array<unsigned char, 16> bytes{};
    FixedString<40> id;
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
        return id;
    }
    bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0F) | 0x40);
    bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3F) | 0x80);
    for (const unsigned char byte : bytes) {
        id.append_format("%02x", byte);
    }
    return id;
}

Result<void> write_whole(const char* path, std::string_view text) noexcept {
    TRY(const UniqueFd fd, open_file(path, O_WRONLY | O_CREAT | O_TRUNC, 0444));
    return write_all(fd.get(), text);
}

}  // namespace

StepResult step_machine_id(const StepContext& context) noexcept {
    if (has_machine_id()) {
        return StepResult::Done;
    }
    auto id = context.in_container ? container_id() : FixedString<40>();
    if (id.empty()) {
        id = random_id();
    }
    if (id.empty()) {
        context.log.warning("machine-id: getrandom: %s", errno_text(errno));
        return StepResult::Failed;
    }
    id.append("\n");
    auto written = write_whole(kPlace, id);
    if (written) {
        return StepResult::Done;
    }
    const int code = written.error().code;
    written = write_whole(kUntilReboot, id);
    if (written && ::mount(kUntilReboot, kPlace, nullptr, MS_BIND, nullptr) == 0) {
        context.log.notice("%s: %s; a new one until the next boot", kPlace, errno_text(code));
        return StepResult::Done;
    }
    context.log.warning("%s: %s; an empty file there would take one of %s", kPlace,
                        errno_text(code), kUntilReboot);
    return StepResult::Failed;
}

}  // namespace mainstay::init
