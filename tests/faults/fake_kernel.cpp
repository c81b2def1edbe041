#include "tests/faults/fake_kernel.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

// The library's own: a program's are wrapped.
extern "C" {
int __real_close(int fd);
int __real_mknod(const char* path, mode_t mode, dev_t device);
int __real_mount(const char* source, const char* target, const char* type, unsigned long flags,
                 const void* data);
int __real_open(const char* path, int flags, ...);
ssize_t __real_write(int fd, const void* bytes, size_t size);
}

namespace mainstay::faults {
namespace {

constexpr char kVariable[] = "MAINSTAY_FAKE_LACKS";
constexpr char kConsole[] = "/.console";  // where the test put a terminal

struct Number {
    unsigned major;
    unsigned minor;
};

/// null, zero, full, random, urandom, tty, ptmx
constexpr std::array kHarmless{
    Number{1, 3}, Number{1, 5}, Number{1, 7}, Number{1, 8},
    Number{1, 9}, Number{5, 0}, Number{5, 2},
};

/// A test made it, for its own root.
bool is_loop_partition(std::string_view path) noexcept {
    constexpr std::string_view kLoop = "/dev/loop";
    return path.substr(0, kLoop.size()) == kLoop &&
           path.find('p', kLoop.size()) != std::string_view::npos;
}

bool is_harmless(const char* path, dev_t device) noexcept {
    for (const Number& harmless : kHarmless) {
        if (device == makedev(harmless.major, harmless.minor)) {
            return true;
        }
    }
    return is_loop_partition(path);
}

int make_description(const char* path, mode_t mode, dev_t device) noexcept {
    const int fd = __real_open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode & 07777);
    if (fd < 0) {
        return -1;
    }
    if (device == makedev(5, 1) || device == makedev(1, 11)) {  // what it says is to be read
        (void)__real_mount(kConsole, path, nullptr, MS_BIND, nullptr);
    } else {
        std::array<char, 32> text;
        const int size = std::snprintf(text.data(), text.size(), "%c %u:%u\n",
                                       S_ISBLK(mode) ? 'b' : 'c', major(device), minor(device));
        (void)__real_write(fd, text.data(), static_cast<std::size_t>(size));
    }
    return __real_close(fd);
}

}  // namespace

bool kernel_is_fake() noexcept {
    return std::getenv(kVariable) != nullptr;
}

bool kernel_lacks(const char* file_system_type) noexcept {
    const char* lacking = std::getenv(kVariable);
    if (lacking == nullptr || file_system_type == nullptr) {
        return false;
    }
    const std::string_view type(file_system_type);
    std::string_view rest(lacking);
    while (!rest.empty()) {
        const std::string_view word = rest.substr(0, rest.find(' '));
        if (word == type) {
            return true;
        }
        rest.remove_prefix(word.size() < rest.size() ? word.size() + 1 : word.size());
    }
    return false;
}

int make_fake_node(const char* path, mode_t mode, dev_t device) noexcept {
    return is_harmless(path, device) ? __real_mknod(path, mode, device)
                                     : make_description(path, mode, device);
}

}  // namespace mainstay::faults
