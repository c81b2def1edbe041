/// Descriptors that services have stored (FDSTORE of sd_notify(3)): kept from one run to the next,
/// passed to it behind those of `listen`, and kept by PID 1 over our own death.
///
/// A descriptor whose other end is gone is dropped at once, unless its service said otherwise
/// (FDPOLL=0). Closing one never waits: it may be anybody's file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/unique_fd.h"
#include "supervisor/loop.h"
#include "supervisor/os_keeper.h"
#include "supervisor/os_processes.h"

namespace mainstay::supervisor {

/// FDNAME where none is given, as systemd has it.
inline constexpr char kStoredName[] = "stored";

class DescriptorStore {
  public:
    struct Ports {
        Loop& loop;
        Keeper& keeper;
    };
    enum class Polling : std::uint8_t { No, Yes };

    explicit DescriptorStore(const Ports& ports) noexcept : os_(ports) {}
    ~DescriptorStore();
    DescriptorStore(const DescriptorStore&) = delete;
    DescriptorStore& operator=(const DescriptorStore&) = delete;

    /// Stores those for which there is room; what is stored already under that name is not stored
    /// twice.
    /// @returns how many there was no room for: they are closed
    std::size_t add(ServiceId service, std::string_view name, std::vector<UniqueFd> descriptors,
                    Polling polling, std::size_t most);

    /// Gives up all of that name.
    void remove(ServiceId service, std::string_view name);
    /// Gives up all.
    void close(ServiceId service);

    struct Stored {
        int fd;  ///< borrowed
        std::string_view name;
    };
    /// In the order in which they were stored.
    std::vector<Stored> all(ServiceId service) const;

    /// What was kept for us, of one key; before resume() is called.
    void take_kept(ServiceId service, std::size_t part, std::vector<UniqueFd> descriptors);
    void resume(ServiceId service);
    /// After the last resume(): what is nobody's goes.
    void drop_the_rest();

    /// Closes without waiting.
    static void dispose(std::vector<UniqueFd> descriptors);

  private:
    struct Entry {
        std::size_t part = 0;  ///< of the keeper's key
        std::string name;
        UniqueFd fd;
        Watch watch;  ///< ends before the descriptor
    };
    using Entries = std::vector<Entry>;

    void store(ServiceId service, Entries& entries, std::string_view name, UniqueFd fd,
               Polling polling);
    void watch(ServiceId service, Entry& entry);
    void hung_up(ServiceId service, std::size_t part);
    template <typename Matches>
    void give_up(ServiceId service, Matches matches);

    Ports os_;
    std::map<ServiceId, Entries> entries_;
    std::map<ServiceId, std::map<std::size_t, std::vector<UniqueFd>>> kept_;
};

}  // namespace mainstay::supervisor
