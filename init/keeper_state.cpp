#include "init/keeper_state.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>

namespace mainstay::init {
namespace {

Outgoing message_of(LinkType type, std::uint32_t value) noexcept {
    Outgoing outgoing;
    outgoing.message.type = type;
    outgoing.message.value = value;
    return outgoing;
}

}  // namespace

KeeperShape KeeperState::own_shape() noexcept {
    constexpr auto kKeys = offsetof(KeeperState, keys);
    constexpr auto kProcesses = offsetof(KeeperState, processes);
    return {offsetof(KeeperState, link),
            sizeof(LinkState),
            offsetof(KeeperState, hand_over),
            kKeys + offsetof(KeptKeys, key_count),
            kKeys + offsetof(KeptKeys, keys),
            sizeof(KeptKey),
            kProcesses + offsetof(KeptProcesses, used),
            kProcesses + offsetof(KeptProcesses, entries),
            sizeof(KeptProcess),
            0};
}

void KeeperState::begin(std::uint32_t most_descriptors_at_all) noexcept {
    magic = KeeperHead::kMagic;
    version = kVersion;
    size = sizeof(KeeperState);
    shape = own_shape();
    most_descriptors = std::min(most_descriptors_at_all, KeptKeys::kMostDescriptors);
    table = -1;
    begin_link(-1);
}

void KeeperState::restore_head(const KeeperImage& left) noexcept {
    link = left.link();
    if (link.at_work_on != 0) {
        // Nobody knows how far it had come.
        link.heard = link.at_work_on;
        link.refused = link.at_work_on;
        link.refused_reason = EIO;
        link.at_work_on = 0;
    }
    claim_value = left.claim_value();
    // A hand-over that was under way begins anew: it may be told twice, but not half.
    const bool was_asked = left.hand_over() != static_cast<std::uint32_t>(HandOver::NotAsked);
    hand_over = was_asked ? HandOver::Begin : HandOver::NotAsked;
}

void KeeperState::begin_link(std::int32_t fd) noexcept {
    link = {};
    link.fd = fd;
    hand_over = HandOver::NotAsked;
    cursor = 0;
}

LinkGreeting KeeperState::greeting() const noexcept {
    return {kLinkVersion,     KeptKeys::kMost, most_descriptors,    keys.key_count,
            processes.living, processes.ended, table >= 0 ? 1U : 0U};
}

bool KeeperState::is_empty() const noexcept {
    return table < 0 && keys.key_count == 0 && processes.living == 0 && processes.ended == 0;
}

void KeeperState::claim(std::uint32_t value) noexcept {
    claim_value = value;
    hand_over = HandOver::Begin;
    cursor = 0;
    processes.tell_again();
}

void KeeperState::refuse(const LinkMessage& message, std::uint32_t reason) noexcept {
    link.refused = message.sequence;
    link.refused_reason = reason;
    link.refused_kind = message.key.kind;
    link.refused_id = message.key.id;
}

std::optional<Outgoing> KeeperState::next() noexcept {
    if (link.fd < 0 || link.peer_version < 2) {
        return std::nullopt;
    }
    if (auto answer = next_answer()) {
        return answer;
    }
    return next_of_hand_over();
}

std::optional<Outgoing> KeeperState::next_answer() noexcept {
    if (link.owes_welcome != 0) {
        Outgoing welcome = message_of(LinkType::Welcome, 0);
        welcome.message.greeting = greeting();
        return welcome;
    }
    if (link.refused_reason != 0) {
        Outgoing refused = message_of(LinkType::Refused, link.refused);
        refused.message.key = {static_cast<std::uint16_t>(link.refused_kind), link.refused_id};
        refused.message.reason = link.refused_reason;
        return refused;
    }
    if (link.accepted != link.heard) {
        return message_of(LinkType::Accepted, link.heard);
    }
    return std::nullopt;
}

std::optional<Outgoing> KeeperState::next_of_hand_over() noexcept {
    switch (hand_over) {
        case HandOver::NotAsked:
            return std::nullopt;
        case HandOver::Begin:
            return message_of(LinkType::HandOverBegin, claim_value);
        case HandOver::Table:
            if (table >= 0) {
                Outgoing outgoing = message_of(LinkType::Table, 0);
                (void)outgoing.descriptors.push_back(table);
                return outgoing;
            }
            hand_over = HandOver::Keys;
            [[fallthrough]];
        case HandOver::Keys:
            if (cursor < keys.key_count) {
                return kept_message();
            }
            hand_over = HandOver::Processes;
            cursor = 0;
            [[fallthrough]];
        case HandOver::Processes:
            cursor = processes.next_living(cursor);
            if (cursor < KeptProcesses::kMost) {
                return process_message(LinkType::Adopted, cursor);
            }
            hand_over = HandOver::Exits;
            [[fallthrough]];
        case HandOver::Exits:
            if (const auto index = processes.next_untold()) {
                return process_message(LinkType::Exited, *index);
            }
            hand_over = HandOver::End;
            [[fallthrough]];
        case HandOver::End:
            return message_of(LinkType::HandOverEnd, claim_value);
        case HandOver::Done:
            if (const auto index = processes.next_untold()) {
                return process_message(LinkType::Exited, *index);
            }
            return std::nullopt;
    }
    return std::nullopt;
}

Outgoing KeeperState::kept_message() const noexcept {
    const KeptKey& kept = keys.keys[cursor];
    Outgoing outgoing = message_of(LinkType::Kept, kept.count);
    outgoing.message.key = kept.key();
    outgoing.descriptors = kept.list();
    return outgoing;
}

Outgoing KeeperState::process_message(LinkType type, std::uint32_t index) const noexcept {
    const KeptProcess& entry = processes.entries[index];
    Outgoing outgoing = message_of(type, entry.exit_number);
    outgoing.message.process = entry.process();
    outgoing.pidfd_of = type == LinkType::Adopted ? entry.pid : 0;
    return outgoing;
}

void KeeperState::sent() noexcept {
    ++link.sent;
    if (link.owes_welcome != 0) {
        link.owes_welcome = 0;
        return;
    }
    if (link.refused_reason != 0) {
        link.refused_reason = 0;
        return;
    }
    if (link.accepted != link.heard) {
        link.accepted = link.heard;
        return;
    }
    switch (hand_over) {
        case HandOver::NotAsked:
            break;
        case HandOver::Begin:
            hand_over = HandOver::Table;
            break;
        case HandOver::Table:
            hand_over = HandOver::Keys;
            break;
        case HandOver::Keys:
        case HandOver::Processes:
            ++cursor;
            break;
        case HandOver::Exits:
        case HandOver::Done:
            if (const auto index = processes.next_untold()) {
                processes.told(*index);
            }
            break;
        case HandOver::End:
            hand_over = HandOver::Done;
            break;
    }
}

}  // namespace mainstay::init
