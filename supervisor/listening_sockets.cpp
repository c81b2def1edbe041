#include "supervisor/listening_sockets.h"

#include <algorithm>
#include <span>
#include <utility>

#include "common/boot_link.h"

namespace mainstay::supervisor {
namespace {

std::size_t parts_of(std::size_t count) noexcept {
    return (count + kMaxLinkDescriptors - 1) / kMaxLinkDescriptors;
}

/// Of what was open that which serves @p point as well; one whose file is lost serves nobody.
ListeningSocket take_same(std::vector<ListeningSocket>& had, const ListenPoint& point) {
    const auto same = std::find_if(had.begin(), had.end(), [&](const ListeningSocket& each) {
        return each.valid() && is_same_place(each.point(), point) && each.is_in_place();
    });
    return same == had.end() ? ListeningSocket() : std::exchange(*same, ListeningSocket());
}

}  // namespace

/// @returns whether there is anything that was not there before
Result<bool, ExecFault> ListeningSockets::fill(std::vector<ListeningSocket>& sockets,
                                               const std::vector<ListenPoint>& points) {
    bool has_new = false;
    for (std::size_t i = 0; i < points.size(); ++i) {
        if (sockets[i].valid()) {
            TRY_VOID(sockets[i].adapt(points[i], users_));
        } else {
            TRY(sockets[i], ListeningSocket::make(points[i], users_));
            has_new = true;
        }
    }
    return has_new;
}

/// What is not named any more goes before anything is opened: it may be in the way.
Result<void, ExecFault> ListeningSockets::open_all(ServiceId service, Lines& lines,
                                                   const Definition& definition) {
    const std::vector<ListenPoint>& points = definition.listen();
    lines.watches.clear();
    std::vector<ListeningSocket> had = std::exchange(lines.sockets, {});
    for (const ListenPoint& point : points) {
        lines.sockets.push_back(take_same(had, point));
    }
    bool has_less = false;
    for (ListeningSocket& left : had) {
        has_less = has_less || left.valid();
        left.remove();
    }
    const auto filled = fill(lines.sockets, points);
    std::erase_if(lines.sockets, [](const ListeningSocket& each) { return !each.valid(); });
    if (!filled || *filled || has_less) {
        keep(service, lines);
    }
    return filled ? Result<void, ExecFault>() : filled.error();
}

Result<PassedSockets, ExecFault> ListeningSockets::open(ServiceId service, const std::string& name,
                                                        const Definition& definition) {
    PassedSockets passed;
    if (!definition.listen().empty() || lines_.count(service) != 0) {
        Lines& lines = lines_[service];
        TRY_VOID(open_all(service, lines, definition));
        for (const ListeningSocket& socket : lines.sockets) {
            const std::string& own_name = socket.point().name;
            passed.descriptors.push_back(socket.fd());
            passed.names.push_back(own_name.empty() ? default_descriptor_name(name) : own_name);
        }
    }
    for (const DescriptorStore::Stored& stored : os_.store.all(service)) {
        passed.descriptors.push_back(stored.fd);
        passed.names.emplace_back(stored.name);
    }
    return passed;
}

Result<void, ExecFault> ListeningSockets::await(ServiceId service, const std::string& /*name*/,
                                                const Definition& definition) {
    Lines& lines = lines_[service];
    TRY_VOID(open_all(service, lines, definition));
    for (const ListeningSocket& socket : lines.sockets) {
        if (socket.point().on_demand) {
            lines.watches.push_back(os_.loop.watch_readable(
                socket.fd(), [this, service] { listener_->service_is_demanded(service); }));
        }
    }
    return {};
}

void ListeningSockets::stop_waiting(ServiceId service) {
    if (const auto found = lines_.find(service); found != lines_.end()) {
        found->second.watches.clear();
    }
}

void ListeningSockets::close(ServiceId service, const Definition& definition) {
    os_.store.close(service);
    if (auto lines = lines_.extract(service)) {
        lines.mapped().watches.clear();
        for (ListeningSocket& socket : lines.mapped().sockets) {
            socket.remove();
        }
        drop(service, 0, lines.mapped().kept_parts);
    }
    // Where nobody has kept them for us, the files of a supervisor that died are still there.
    for (const ListenPoint& point : definition.listen()) {
        remove_stale_file(point);
    }
}

// --- what outlives us ---------------------------------------------------------------------------

void ListeningSockets::keep(ServiceId service, Lines& lines) {
    std::vector<int> descriptors;
    for (const ListeningSocket& socket : lines.sockets) {
        descriptors.push_back(socket.fd());
    }
    const std::span<const int> all(descriptors);
    const std::size_t parts = parts_of(all.size());
    for (std::size_t part = 0; part < parts; ++part) {
        const std::size_t first = part * kMaxLinkDescriptors;
        const std::size_t count = std::min(kMaxLinkDescriptors, all.size() - first);
        os_.keeper.keep(part_of(KeptKind::Listening, part), service, all.subspan(first, count));
    }
    drop(service, parts, std::exchange(lines.kept_parts, parts));
}

void ListeningSockets::drop(ServiceId service, std::size_t first, std::size_t end) {
    for (std::size_t part = first; part < end; ++part) {
        os_.keeper.drop(part_of(KeptKind::Listening, part), service);
    }
}

void ListeningSockets::take_kept(ServiceId service, std::vector<UniqueFd> descriptors) {
    std::vector<UniqueFd>& kept = kept_[service];
    std::move(descriptors.begin(), descriptors.end(), std::back_inserter(kept));
}

void ListeningSockets::resume(ServiceId service) {
    os_.store.resume(service);
    auto kept = kept_.extract(service);
    if (!kept) {
        return;
    }
    Lines& lines = lines_[service];
    lines.kept_parts = parts_of(kept.mapped().size());
    for (UniqueFd& fd : kept.mapped()) {
        lines.sockets.push_back(ListeningSocket::restored(std::move(fd)));
    }
}

void ListeningSockets::drop_the_rest() {
    os_.store.drop_the_rest();
    for (auto& [service, descriptors] : std::exchange(kept_, {})) {
        drop(service, 0, parts_of(descriptors.size()));
        for (UniqueFd& fd : descriptors) {
            ListeningSocket::restored(std::move(fd)).remove();
        }
    }
}

}  // namespace mainstay::supervisor
