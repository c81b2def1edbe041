// What guests of the boot tests have no program for, linked statically and put on their disk:
//
//   block_tool map NAME DEVICE          a mapped device NAME that is DEVICE itself
//   block_tool suspend NAME             it answers no more; what is written is not waited for
//   block_tool mirror MD DEVICE DEVICE  starts the array MD of these two
//   block_tool kexec KERNEL INITRD WORDS    loads what `reboot -k` starts
//   block_tool hear PORT                prints the first message that comes to this port of vsock,
//                                       as one line; no shutdown ends it before that
//
// Says what failed, and ends with 1, where something does.

#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <linux/fs.h>
#include <linux/major.h>
#include <linux/raid/md_p.h>
#include <linux/raid/md_u.h>
#include <linux/vm_sockets.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace {

void require(bool holds, const char* what) {
    if (!holds) {
        std::perror(what);
        std::exit(1);
    }
}

int open_or_end(const char* path, int flags) {
    const int fd = ::open(path, flags);
    require(fd >= 0, path);
    return fd;
}

struct DmRequest {
    dm_ioctl head{};
    dm_target_spec target{};
    char parameters[256]{};
};

void ask_dm(int control, unsigned long what, const char* name, DmRequest& request) {
    request.head.version[0] = DM_VERSION_MAJOR;
    request.head.data_size = sizeof request;
    request.head.data_start = sizeof request.head;
    std::strncpy(request.head.name, name, sizeof request.head.name - 1);
    require(::ioctl(control, what, &request) == 0, name);
}

void map(const char* name, const char* device) {
    unsigned long long bytes = 0;
    const int below = open_or_end(device, O_RDONLY);
    require(::ioctl(below, BLKGETSIZE64, &bytes) == 0, device);
    ::close(below);
    const int control = open_or_end("/dev/mapper/control", O_RDWR);
    DmRequest create;
    ask_dm(control, DM_DEV_CREATE, name, create);
    DmRequest load;
    load.head.target_count = 1;
    load.target.length = bytes / 512;
    std::strcpy(load.target.target_type, "linear");
    std::snprintf(load.parameters, sizeof load.parameters, "%s 0", device);
    ask_dm(control, DM_TABLE_LOAD, name, load);
    DmRequest resume;
    ask_dm(control, DM_DEV_SUSPEND, name, resume);  // without the flag to suspend it: goes on
}

void suspend(const char* name) {
    DmRequest request;
    request.head.flags = DM_SUSPEND_FLAG | DM_SKIP_LOCKFS_FLAG | DM_NOFLUSH_FLAG;
    ask_dm(open_or_end("/dev/mapper/control", O_RDWR), DM_DEV_SUSPEND, name, request);
}

void mirror(const char* array, char** devices) {
    const int fd = open_or_end(array, O_RDWR);
    mdu_array_info_t info{};
    info.level = 1;
    info.nr_disks = 2;
    info.raid_disks = 2;
    info.active_disks = 2;
    info.working_disks = 2;
    info.not_persistent = 1;
    info.state = 1 << MD_SB_CLEAN;
    require(::ioctl(fd, SET_ARRAY_INFO, &info) == 0, array);
    for (int i = 0; i < 2; ++i) {
        struct stat device {};
        require(::stat(devices[i], &device) == 0, devices[i]);
        mdu_disk_info_t disk{};
        disk.number = i;
        disk.raid_disk = i;
        disk.major = static_cast<int>(major(device.st_rdev));
        disk.minor = static_cast<int>(minor(device.st_rdev));
        disk.state = (1 << MD_DISK_ACTIVE) | (1 << MD_DISK_SYNC);
        require(::ioctl(fd, ADD_NEW_DISK, &disk) == 0, devices[i]);
    }
    require(::ioctl(fd, RUN_ARRAY, nullptr) == 0, array);
}

void load_kernel(const char* kernel, const char* initrd, const char* words) {
    const int kernel_fd = open_or_end(kernel, O_RDONLY);
    const int initrd_fd = open_or_end(initrd, O_RDONLY);
    const long loaded =
        ::syscall(SYS_kexec_file_load, kernel_fd, initrd_fd, std::strlen(words) + 1, words, 0UL);
    require(loaded == 0, "kexec_file_load");
}

void hear(const char* port) {
    require(::signal(SIGTERM, SIG_IGN) != SIG_ERR && ::signal(SIGHUP, SIG_IGN) != SIG_ERR,
            "signal");
    const int listening = ::socket(AF_VSOCK, SOCK_SEQPACKET, 0);
    sockaddr_vm here{};
    here.svm_family = AF_VSOCK;
    here.svm_cid = VMADDR_CID_ANY;
    here.svm_port = static_cast<unsigned>(std::atoi(port));
    require(::bind(listening, reinterpret_cast<const sockaddr*>(&here), sizeof here) == 0, "bind");
    require(::listen(listening, 1) == 0, "listen");
    std::puts("block_tool: listening");
    std::fflush(stdout);
    const int connection = ::accept(listening, nullptr, nullptr);
    char message[256];
    const ssize_t size = ::recv(connection, message, sizeof message, 0);
    require(size > 0, "recv");
    std::replace(message, message + size, '\n', ' ');
    std::printf("block_tool: heard %.*s\n", static_cast<int>(size), message);
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view what = argc > 1 ? argv[1] : "";
    if (what == "map" && argc == 4) {
        map(argv[2], argv[3]);
    } else if (what == "suspend" && argc == 3) {
        suspend(argv[2]);
    } else if (what == "mirror" && argc == 5) {
        mirror(argv[2], argv + 3);
    } else if (what == "kexec" && argc == 5) {
        load_kernel(argv[2], argv[3], argv[4]);
    } else if (what == "hear" && argc == 3) {
        hear(argv[2]);
    } else {
        std::fputs("block_tool: wrong arguments\n", stderr);
        return 1;
    }
    return 0;
}
