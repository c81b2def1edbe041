#include "supervisor/descriptor_store.h"

#include <linux/kcmp.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "common/closing.h"
#include "common/fd_io.h"
#include "supervisor/descriptor_reserve.h"

namespace mainstay::supervisor {
namespace {

/// First byte of what is kept beside a descriptor; its name follows.
constexpr char kPolled = '+';
constexpr char kNotPolled = '-';

/// What the next supervisor has to know of a descriptor: the keeper knows only its key.
UniqueFd make_label(std::string_view name, bool polls) {
    UniqueFd label(::memfd_create("stored", MFD_CLOEXEC));
    std::string text(1, polls ? kPolled : kNotPolled);
    text.append(name);
    const bool is_written = label.valid() && write_all(label.get(), text);
    return is_written ? std::move(label) : UniqueFd();
}

/// @returns empty for what is no label
std::string read_label(int fd) {
    std::array<char, 512> buffer{};
    const ssize_t size = ::pread(fd, buffer.data(), buffer.size(), 0);
    return size > 1 ? std::string(buffer.data(), static_cast<std::size_t>(size)) : std::string();
}

/// One description of an open file, as systemd tells it; where the kernel does not, all differ.
bool is_same(int a, int b) noexcept {
    const long own = ::getpid();
    return ::syscall(SYS_kcmp, own, own, KCMP_FILE, a, b) == 0;
}

/// What cannot be polled (a file on a disk) cannot be hung up, and epoll(7) refuses it.
bool can_be_watched(int fd) noexcept {
    const UniqueFd probe(::epoll_create1(EPOLL_CLOEXEC));
    epoll_event nothing{};
    return probe.valid() && ::epoll_ctl(probe.get(), EPOLL_CTL_ADD, fd, &nothing) == 0;
}

/// A number that no entry has, where it can be had the one after the last: the next supervisor
/// finds them by these numbers, in the same order. There are more of them than anybody may store.
template <typename Entries>
std::size_t free_part(const Entries& entries) noexcept {
    std::size_t part = entries.empty() ? 0 : (entries.back().part + 1) % kPartCount;
    const auto is_used = [&](const auto& entry) { return entry.part == part; };
    while (std::any_of(entries.begin(), entries.end(), is_used)) {
        part = (part + 1) % kPartCount;
    }
    return part;
}

}  // namespace

DescriptorStore::~DescriptorStore() = default;

void DescriptorStore::dispose(std::vector<UniqueFd> descriptors) {
    std::vector<std::int32_t> numbers;
    numbers.reserve(descriptors.size());
    for (UniqueFd& fd : descriptors) {
        numbers.push_back(fd.release());
    }
    static_cast<void>(close_without_waiting(numbers));
}

std::size_t DescriptorStore::add(ServiceId service, std::string_view name,
                                 std::vector<UniqueFd> descriptors, Polling polling,
                                 std::size_t most) {
    Entries& entries = entries_[service];
    std::vector<UniqueFd> unwanted;
    std::size_t refused = 0;
    for (UniqueFd& fd : descriptors) {
        const bool is_known = std::any_of(entries.begin(), entries.end(), [&](const Entry& entry) {
            return entry.name == name && is_same(entry.fd.get(), fd.get());
        });
        const bool has_room = entries.size() < most && !is_in_reserve(fd.get());
        if (!is_known && has_room) {
            store(service, entries, name, std::move(fd), polling);
        } else {
            refused += is_known ? 0 : 1;
            unwanted.push_back(std::move(fd));
        }
    }
    dispose(std::move(unwanted));
    return refused;
}

void DescriptorStore::store(ServiceId service, Entries& entries, std::string_view name, UniqueFd fd,
                            Polling polling) {
    const std::size_t part = free_part(entries);
    Entry& entry = entries.emplace_back();
    entry.part = part;
    entry.name = name;
    entry.fd = std::move(fd);
    const UniqueFd label = make_label(name, polling == Polling::Yes);
    if (label.valid()) {
        const std::array both{entry.fd.get(), label.get()};
        os_.keeper.keep(part_of(KeptKind::Stored, part), service, both);
    }
    if (polling == Polling::Yes) {
        watch(service, entry);
    }
}

void DescriptorStore::watch(ServiceId service, Entry& entry) {
    if (can_be_watched(entry.fd.get())) {
        entry.watch = os_.loop.watch_hang_up(
            entry.fd.get(), [this, service, part = entry.part] { hung_up(service, part); });
    }
}

void DescriptorStore::hung_up(ServiceId service, std::size_t part) {
    give_up(service, [part](const Entry& entry) { return entry.part == part; });
}

template <typename Matches>
void DescriptorStore::give_up(ServiceId service, Matches matches) {
    const auto found = entries_.find(service);
    if (found == entries_.end()) {
        return;
    }
    std::vector<UniqueFd> unwanted;
    for (Entry& entry : found->second) {
        if (matches(std::as_const(entry))) {
            entry.watch.reset();
            os_.keeper.drop(part_of(KeptKind::Stored, entry.part), service);
            unwanted.push_back(std::move(entry.fd));
        }
    }
    std::erase_if(found->second, [](const Entry& entry) { return !entry.fd.valid(); });
    if (found->second.empty()) {
        entries_.erase(found);
    }
    dispose(std::move(unwanted));
}

void DescriptorStore::remove(ServiceId service, std::string_view name) {
    give_up(service, [name](const Entry& entry) { return entry.name == name; });
}

void DescriptorStore::close(ServiceId service) {
    give_up(service, [](const Entry& /*each*/) { return true; });
}

std::vector<DescriptorStore::Stored> DescriptorStore::all(ServiceId service) const {
    std::vector<Stored> stored;
    if (const auto found = entries_.find(service); found != entries_.end()) {
        for (const Entry& entry : found->second) {
            stored.push_back({entry.fd.get(), entry.name});
        }
    }
    return stored;
}

// --- what outlives us ---------------------------------------------------------------------------

void DescriptorStore::take_kept(ServiceId service, std::size_t part,
                                std::vector<UniqueFd> descriptors) {
    kept_[service][part] = std::move(descriptors);
}

void DescriptorStore::resume(ServiceId service) {
    auto kept = kept_.extract(service);
    if (!kept) {
        return;
    }
    for (auto& [part, descriptors] : kept.mapped()) {
        const std::string label =
            descriptors.size() == 2 ? read_label(descriptors[1].get()) : std::string();
        if (label.empty()) {
            os_.keeper.drop(part_of(KeptKind::Stored, part), service);
            dispose(std::move(descriptors));
            continue;
        }
        Entry& entry = entries_[service].emplace_back();
        entry.part = part;
        entry.name = label.substr(1);
        entry.fd = std::move(descriptors[0]);
        if (label.front() == kPolled) {
            watch(service, entry);
        }
    }
}

void DescriptorStore::drop_the_rest() {
    for (auto& [service, parts] : std::exchange(kept_, {})) {
        for (auto& [part, descriptors] : parts) {
            os_.keeper.drop(part_of(KeptKind::Stored, part), service);
            dispose(std::move(descriptors));
        }
    }
}

}  // namespace mainstay::supervisor
