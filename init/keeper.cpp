#include "init/keeper.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "common/closing.h"

namespace mainstay::init {
namespace {

/// Descriptors that PID 1 needs for its own work, whatever is kept.
constexpr rlim_t kOwnDescriptors = 128;

std::uint32_t most_descriptors() noexcept {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur <= kOwnDescriptors) {
        return 0;
    }
    return static_cast<std::uint32_t>(
        std::min<rlim_t>(limit.rlim_cur - kOwnDescriptors, KeptKeys::kMostDescriptors));
}

std::uint64_t size_of_file(int fd) noexcept {
    struct stat info {};
    return ::fstat(fd, &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
}

/// Reads memory of a memfd as it would be read through a mapping, without the faults of one.
std::span<const std::byte> read_at(int fd, std::uint64_t offset,
                                   std::span<std::byte> buffer) noexcept {
    const ssize_t count = ::pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(offset));
    return buffer.first(count > 0 ? static_cast<std::size_t>(count) : 0);
}

bool is_child(pid_t pid) noexcept {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/// Which descriptors have an owner already, for numbers out of memory that is not trusted.
class Owners {
  public:
    static constexpr std::size_t kMost = std::size_t{1} << 20U;

    Result<void> reserve() noexcept {
        TRY(bits_, MappedMemory::anonymous(kMost / 8));
        return {};
    }

    bool take(std::int32_t fd) noexcept {
        if (fd <= STDERR_FILENO || static_cast<std::size_t>(fd) >= kMost ||
            ::fcntl(fd, F_GETFD) < 0) {
            return false;
        }
        auto& byte = static_cast<unsigned char*>(bits_.data())[fd / 8];
        const auto bit = static_cast<unsigned char>(1U << (static_cast<unsigned>(fd) % 8));
        const bool is_free = (byte & bit) == 0;
        byte = static_cast<unsigned char>(byte | bit);
        return is_free;
    }

  private:
    MappedMemory bits_;
};

}  // namespace

Result<void> Keeper::prepare() noexcept {
    memory_.reset(::memfd_create("keeper", MFD_CLOEXEC));
    if (!memory_.valid()) {
        return last_error("memfd_create");
    }
    if (::ftruncate(memory_.get(), sizeof(KeeperState)) != 0) {
        return last_error("ftruncate");
    }
    TRY(mapping_, MappedMemory::shared(memory_.get(), sizeof(KeeperState)));
    state_ = static_cast<KeeperState*>(mapping_.data());
    state_->begin(most_descriptors());
    return {};
}

bool Keeper::take_over(int left, Log& log) noexcept {
    Owners owners;
    auto mapping = MappedMemory::whole(left);
    if (!mapping || !owners.reserve()) {
        return false;
    }
    const std::string_view bytes = mapping->text();
    const auto before = KeeperImage::open(std::as_bytes(std::span(bytes.data(), bytes.size())));
    if (!before) {
        return false;
    }
    (void)owners.take(memory_.get());
    (void)owners.take(left);
    state_->restore(*before, [&owners](std::int32_t fd) { return owners.take(fd); });
    prepare_exec(OnExec::Close);
    log.info("keeper: took over %u keys with %u descriptors, %u processes, %u exits",
             state_->keys.key_count, state_->keys.descriptor_count, state_->processes.living,
             state_->processes.ended);
    return true;
}

int Keeper::obey(const LinkMessage& message, LinkDescriptors& descriptors,
                 bool is_truncated) noexcept {
    if (message.type == LinkType::Keep) {
        return keep(message, descriptors, is_truncated);
    }
    if (message.type == LinkType::Table) {
        return is_truncated ? EMFILE : keep_table(descriptors);
    }
    if (message.type == LinkType::Drop) {
        const DescriptorList dropped = state_->keys.take(message.key);
        dispose({dropped.data(), dropped.size()});
    } else if (message.type == LinkType::Claim) {
        state_->claim(message.value);
    } else if (message.type == LinkType::ExitRecorded) {
        // Of no exit: it was said twice.
        (void)state_->processes.recorded(message.value);
    }
    return 0;
}

int Keeper::keep(const LinkMessage& message, LinkDescriptors& descriptors,
                 bool is_truncated) noexcept {
    if (message.value == 0 || message.value > kMaxLinkDescriptors) {
        return EINVAL;
    }
    if (is_truncated) {
        return EMFILE;
    }
    if (message.value != descriptors.size()) {
        return EINVAL;
    }
    DescriptorList wanted;
    for (const UniqueFd& fd : descriptors) {
        (void)wanted.push_back(fd.get());
    }
    const auto change =
        state_->keys.put(message.key, {wanted.data(), wanted.size()}, state_->most_descriptors);
    if (!change.is_done) {
        return ENOSPC;
    }
    for (UniqueFd& fd : descriptors) {
        (void)fd.release();  // the state owns it now
    }
    dispose({change.displaced.data(), change.displaced.size()});
    return 0;
}

int Keeper::keep_table(LinkDescriptors& descriptors) noexcept {
    if (descriptors.size() != 1) {
        return EINVAL;
    }
    const int seals = ::fcntl(descriptors[0].get(), F_GET_SEALS);
    if (seals < 0 || (seals & F_SEAL_SHRINK) == 0 ||
        size_of_file(descriptors[0].get()) < sizeof(state_table::Header)) {
        return EBADMSG;
    }
    UniqueFd(state_->table).reset(-1);
    state_->table = descriptors[0].release();
    return 0;
}

void Keeper::supervisor_died(pid_t just_reaped, Kin& kin, Log& log) noexcept {
    state_->end_link();
    if (state_->table < 0) {
        return;
    }
    std::array<std::byte, sizeof(state_table::Header)> header;
    const auto area = find_slots(read_at(state_->table, 0, header), size_of_file(state_->table));
    if (!area) {
        log.error("supervisor: its state table cannot be made out; its processes go unwatched");
        return;
    }
    adopt_all(*area, just_reaped, kin, log);
    if (state_->processes.living > 0) {
        log.notice("supervisor: %u of its processes live on", state_->processes.living);
    }
}

void Keeper::adopt_all(const SlotArea& area, pid_t just_reaped, Kin& kin, Log& log) noexcept {
    std::uint32_t refused = 0;
    std::array<std::byte, kSlotHeadSize> head;
    for (std::uint32_t number = 0; number < area.count; ++number) {
        const std::uint64_t offset = area.offset + std::uint64_t{number} * area.slot_size;
        for (const LinkProcess& process : living_in(read_at(state_->table, offset, head), number)) {
            const bool is_ours = process.pid == just_reaped || is_child(process.pid);
            if (is_ours && !kin.is_own(process.pid) && !state_->processes.adopt(process)) {
                ++refused;
            }
        }
    }
    if (refused > 0) {
        log.error("supervisor: no room to remember %u of its processes: their exits go unseen",
                  refused);
    }
}

void Keeper::end_adopted() noexcept {
    const KeptProcesses& processes = state_->processes;
    for (std::uint32_t i = processes.next_living(0); i < KeptProcesses::kMost;
         i = processes.next_living(i + 1)) {
        ::kill(processes.entries[i].pid, SIGKILL);
    }
}

void Keeper::forget_everything() noexcept {
    for (const KeptKey& key : state_->keys.all()) {
        const DescriptorList kept = key.list();
        dispose({kept.data(), kept.size()});
    }
    UniqueFd(state_->table).reset(-1);
    const LinkState link = state_->link;
    // Zeroed and given back to the system at once.
    if (::fallocate(memory_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
                    sizeof(KeeperState)) != 0) {
        std::memset(mapping_.data(), 0, sizeof(KeeperState));
    }
    state_->begin(most_descriptors());
    state_->link = link;
}

void Keeper::prepare_exec(OnExec fate) noexcept {
    const int flags = fate == OnExec::Close ? FD_CLOEXEC : 0;
    (void)::fcntl(memory_.get(), F_SETFD, flags);
    (void)::fcntl(state_->link.fd, F_SETFD, flags);
    (void)::fcntl(state_->table, F_SETFD, flags);
    for (const KeptKey& key : state_->keys.all()) {
        for (const std::int32_t fd : key.list()) {
            (void)::fcntl(fd, F_SETFD, flags);
        }
    }
}

void Keeper::dispose(std::span<const std::int32_t> descriptors) noexcept {
    (void)close_without_waiting(descriptors);
}

}  // namespace mainstay::init
