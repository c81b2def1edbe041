#include "init/device_nodes.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string_view>

#include "common/fd_io.h"
#include "init/device_uevent.h"

namespace mainstay::init {
namespace {

struct DirectoryCloser {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

struct FixedNode {
    std::string_view name;
    unsigned mode;
    unsigned major;
    unsigned minor;
};

/// As numbered in the kernel's Documentation/admin-guide/devices.txt; there even without /sys.
constexpr std::array kIndispensable{
    FixedNode{"console", 0600, 5, 1}, FixedNode{"null", 0666, 1, 3},
    FixedNode{"zero", 0666, 1, 5},    FixedNode{"full", 0666, 1, 7},
    FixedNode{"random", 0666, 1, 8},  FixedNode{"urandom", 0666, 1, 9},
    FixedNode{"tty", 0666, 5, 0},     FixedNode{"ptmx", 0666, 5, 2},
    FixedNode{"kmsg", 0644, 1, 11},
};

class NodeMaker {
  public:
    void make(const DeviceNode& node, mode_t type) noexcept {
        FixedString<160> path("/dev/");
        const std::string_view name = node.name;
        for (std::size_t at = 0; (at = name.find('/', at)) != std::string_view::npos; ++at) {
            FixedString<160> parent(path);
            parent.append(name.substr(0, at));
            (void)::mkdir(parent.c_str(), 0755);  // where it fails, so does what comes next
        }
        path.append(name);
        if (::mknod(path.c_str(), type | node.mode, ::makedev(node.major, node.minor)) == 0) {
            (void)::chmod(path.c_str(), node.mode);  // mknod took the umask off
        } else if (errno != EEXIST && result_.has_value()) {
            result_ = last_error("mknod");
        }
    }

    void make_all_in(const char* directory_path, mode_t type) noexcept {
        const std::unique_ptr<DIR, DirectoryCloser> directory(::opendir(directory_path));
        while (const dirent* entry = directory ? ::readdir(directory.get()) : nullptr) {
            if (entry->d_name[0] == '.') {
                continue;
            }
            FixedString<320> path(directory_path);
            path.append("/").append(entry->d_name).append("/uevent");
            std::array<char, 4096> buffer;
            const auto text = read_file(path.c_str(), buffer);
            if (const auto node = text ? parse_device_uevent(*text) : std::nullopt) {
                make(*node, type);
            }
        }
    }

    const Result<void>& result() const noexcept { return result_; }

  private:
    Result<void> result_;
};

}  // namespace

Result<void> make_device_nodes(NodesOf which) noexcept {
    NodeMaker maker;
    if (which == NodesOf::AllDevices) {
        for (const FixedNode& node : kIndispensable) {
            maker.make({node.name, node.mode, node.major, node.minor}, S_IFCHR);
        }
        maker.make_all_in("/sys/dev/char", S_IFCHR);
    }
    maker.make_all_in("/sys/dev/block", S_IFBLK);
    return maker.result();
}

bool kernel_has_devtmpfs() noexcept {
    std::array<char, 8192> buffer;
    const auto text = read_file("/proc/filesystems", buffer);
    return !text || text->find("\tdevtmpfs\n") != std::string_view::npos;
}

}  // namespace mainstay::init
