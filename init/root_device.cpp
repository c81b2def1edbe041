#include "init/root_device.h"

#include <blkid/blkid.h>
#include <dirent.h>
#include <fcntl.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <memory>

#include "common/fd_io.h"

namespace mainstay::init {
namespace {

struct ProbeDeleter {
    void operator()(blkid_struct_probe* probe) const noexcept { ::blkid_free_probe(probe); }
};
using Probe = std::unique_ptr<blkid_struct_probe, ProbeDeleter>;

struct DirectoryCloser {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

/// What a device says of itself.
struct Identity {
    FixedString<32> type;
    FixedString<64> uuid;
    FixedString<256> label;
    FixedString<64> part_uuid;
    FixedString<256> part_label;
};

template <std::size_t N>
void take_value(blkid_probe probe, const char* name, FixedString<N>& value) noexcept {
    const char* text = nullptr;
    if (::blkid_probe_lookup_value(probe, name, &text, nullptr) == 0 && text != nullptr) {
        value = FixedString<N>(text);
    }
}

std::optional<Identity> identify(const char* path) noexcept {
    const auto fd = open_file(path, O_RDONLY | O_NONBLOCK);
    if (!fd) {
        return std::nullopt;
    }
    const Probe probe(::blkid_new_probe());
    if (!probe || ::blkid_probe_set_device(probe.get(), fd->get(), 0, 0) != 0) {
        return std::nullopt;
    }
    ::blkid_probe_enable_superblocks(probe.get(), 1);
    ::blkid_probe_set_superblocks_flags(probe.get(),
                                        BLKID_SUBLKS_TYPE | BLKID_SUBLKS_UUID | BLKID_SUBLKS_LABEL);
    ::blkid_probe_enable_partitions(probe.get(), 1);
    ::blkid_probe_set_partitions_flags(probe.get(), BLKID_PARTS_ENTRY_DETAILS);
    Identity identity;
    // 1 means nothing was recognised, -2 that several file systems were: both leave it unnamed.
    if (::blkid_do_safeprobe(probe.get()) >= 0) {
        take_value(probe.get(), "TYPE", identity.type);
        take_value(probe.get(), "UUID", identity.uuid);
        take_value(probe.get(), "LABEL", identity.label);
        take_value(probe.get(), "PART_ENTRY_UUID", identity.part_uuid);
        take_value(probe.get(), "PART_ENTRY_NAME", identity.part_label);
    }
    return identity;
}

template <std::size_t N, std::size_t M>
bool equal_ignoring_case(const FixedString<N>& a, const FixedString<M>& b) noexcept {
    return ::strcasecmp(a.c_str(), b.c_str()) == 0;
}

bool answers_to(const Identity& identity, const RootSpec& spec) noexcept {
    if (spec.value.empty()) {
        return false;  // "root=UUID=": every device without one would answer
    }
    switch (spec.kind) {
        case RootKind::Uuid:
            return equal_ignoring_case(identity.uuid, spec.value);
        case RootKind::PartUuid:
            return equal_ignoring_case(identity.part_uuid, spec.value);
        case RootKind::Label:
            return identity.label == spec.value.view();
        case RootKind::PartLabel:
            return identity.part_label == spec.value.view();
        case RootKind::Path:
        case RootKind::None:
            return false;
    }
    return false;
}

bool is_block_device(const char* path) noexcept {
    struct stat info {};
    return ::stat(path, &info) == 0 && S_ISBLK(info.st_mode);
}

std::optional<FoundDevice> find_by_path(const RootSpec& spec) noexcept {
    if (!is_block_device(spec.value.c_str())) {
        return std::nullopt;
    }
    return FoundDevice{spec.value, file_system_type(spec.value.c_str()), {}};
}

std::optional<FoundDevice> find_by_identity(const RootSpec& spec) noexcept {
    const std::unique_ptr<DIR, DirectoryCloser> directory(::opendir("/sys/class/block"));
    std::optional<FoundDevice> found;
    while (const dirent* entry = directory ? ::readdir(directory.get()) : nullptr) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        FixedString<256> path("/dev/");
        path.append(entry->d_name);
        const auto identity = identify(path.c_str());
        if (!identity || !answers_to(*identity, spec)) {
            continue;
        }
        if (!found) {
            found = FoundDevice{path, identity->type, {}};
        } else if (::strverscmp(path.c_str(), found->path.c_str()) < 0) {
            found = FoundDevice{path, identity->type, found->path};
        } else {
            found->other = path;
        }
    }
    return found;
}

}  // namespace

std::optional<FoundDevice> find_root_device(const RootSpec& spec) noexcept {
    return spec.kind == RootKind::Path ? find_by_path(spec) : find_by_identity(spec);
}

FixedString<32> file_system_type(const char* path) noexcept {
    const auto identity = identify(path);
    return identity ? identity->type : FixedString<32>();
}

FixedString<300> to_text(const RootSpec& spec) noexcept {
    FixedString<300> text;
    switch (spec.kind) {
        case RootKind::None:
            return std::string_view("(no root= given)");
        case RootKind::Path:
            break;
        case RootKind::Uuid:
            text.append("UUID=");
            break;
        case RootKind::Label:
            text.append("LABEL=");
            break;
        case RootKind::PartUuid:
            text.append("PARTUUID=");
            break;
        case RootKind::PartLabel:
            text.append("PARTLABEL=");
            break;
    }
    text.append(spec.value);
    return text;
}

}  // namespace mainstay::init
