/// The sockets of all services that have some (the key `listen`): opens them, waits for whoever
/// comes first where a service is started by that, and has them kept by PID 1 over our own death.
/// Passes what services have stored along with them, and gives it up when they rest.
#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include "common/unique_fd.h"
#include "supervisor/descriptor_store.h"
#include "supervisor/listening_socket.h"
#include "supervisor/loop.h"
#include "supervisor/os_keeper.h"
#include "supervisor/os_sockets.h"

namespace mainstay::supervisor {

class ListeningSockets final : public Sockets {
  public:
    struct Ports {
        Loop& loop;
        Keeper& keeper;
        DescriptorStore& store;
    };

    explicit ListeningSockets(const Ports& ports) noexcept : os_(ports) {}

    /// Must be called before anything is awaited.
    void set_listener(SocketListener& listener) noexcept { listener_ = &listener; }

    Result<PassedSockets, ExecFault> open(ServiceId service, const std::string& name,
                                          const Definition& definition) override;
    Result<void, ExecFault> await(ServiceId service, const std::string& name,
                                  const Definition& definition) override;
    void stop_waiting(ServiceId service) override;
    void resume(ServiceId service) override;
    void close(ServiceId service, const Definition& definition) override;

    /// Some of a service's sockets that were kept for us; before resume() is called.
    void take_kept(ServiceId service, std::vector<UniqueFd> descriptors);
    /// After the last resume(): what is nobody's is closed, and its files go.
    void drop_the_rest();

  private:
    struct Lines {
        std::vector<ListeningSocket> sockets;
        std::vector<Watch> watches;  ///< end before the sockets
        std::size_t kept_parts = 0;
    };

    Result<void, ExecFault> open_all(ServiceId service, Lines& lines, const Definition& definition);
    Result<bool, ExecFault> fill(std::vector<ListeningSocket>& sockets,
                                 const std::vector<ListenPoint>& points);
    void keep(ServiceId service, Lines& lines);
    void drop(ServiceId service, std::size_t first, std::size_t end);

    Ports os_;
    UserFiles users_;
    SocketListener* listener_ = nullptr;
    std::map<ServiceId, Lines> lines_;
    std::map<ServiceId, std::vector<UniqueFd>> kept_;
};

}  // namespace mainstay::supervisor
