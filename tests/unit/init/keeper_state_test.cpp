#include "init/keeper_state.h"

#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <span>
#include <vector>

#include <catch2/catch.hpp>

using namespace mainstay;
using namespace mainstay::init;

namespace {

/// Too large for the stack, and to begin with zeroed.
std::unique_ptr<KeeperState> make_state(std::uint32_t most = KeptKeys::kMostDescriptors) {
    auto state = std::make_unique<KeeperState>();
    state->begin(most);
    return state;
}

std::vector<std::int32_t> to_vector(const DescriptorList& list) {
    return {list.begin(), list.end()};
}

/// Says everything that is due.
std::vector<Outgoing> say_all(KeeperState& state) {
    std::vector<Outgoing> said;
    while (auto outgoing = state.next()) {
        said.push_back(*outgoing);
        state.sent();
    }
    return said;
}

std::vector<LinkType> types_of(const std::vector<Outgoing>& said) {
    std::vector<LinkType> types;
    for (const Outgoing& outgoing : said) {
        types.push_back(outgoing.message.type);
    }
    return types;
}

KeeperImage image_of(const KeeperState& state) {
    const auto image = KeeperImage::open(std::as_bytes(std::span(&state, 1)));
    REQUIRE(image);
    return *image;
}

void greet(KeeperState& state, std::uint32_t version) {
    state.begin_link(9);
    state.link.peer_version = version;
    state.link.owes_welcome = version >= 2 ? 1 : 0;
}

LinkProcess process_of(std::int32_t pid) {
    const auto number = static_cast<std::uint32_t>(pid);
    return {pid, 0, number, 0, number + 1, number + 2};
}

struct Walk {
    std::mt19937 chance{20260401};
    std::uint32_t below(std::uint32_t end) { return static_cast<std::uint32_t>(chance() % end); }
};

}  // namespace

TEST_CASE("keys are kept, replaced and taken like in a map", "[keeper]") {
    using Map = std::map<std::pair<std::uint16_t, std::uint32_t>, std::vector<std::int32_t>>;
    constexpr std::uint32_t kMost = 600;
    Walk walk;
    auto keys = std::make_unique<KeptKeys>();
    Map map;
    std::size_t descriptors = 0;
    std::int32_t next_fd = 3;
    for (int i = 0; i < 30000; ++i) {
        // Few ids, some of which meet in the index: kinds are 8209 buckets apart.
        const auto kind = static_cast<std::uint16_t>(1 + walk.below(4));
        const std::uint32_t id =
            walk.below(60) + 8209 * walk.below(4) + walk.below(2) * 0xffff0000U;
        const auto found = map.find({kind, id});
        const std::size_t there = found == map.end() ? 0 : found->second.size();
        if (walk.below(5) < 3) {
            std::vector<std::int32_t> fds(1 + walk.below(8));
            for (std::int32_t& fd : fds) {
                fd = next_fd++;
            }
            const auto change = keys->put({kind, id}, fds, kMost);
            REQUIRE(change.is_done == (descriptors - there + fds.size() <= kMost));
            if (change.is_done) {
                REQUIRE(change.displaced.size() == there);
                descriptors += fds.size() - there;
                map[{kind, id}] = fds;
            }
        } else {
            const auto taken = to_vector(keys->take({kind, id}));
            REQUIRE(taken == (there == 0 ? std::vector<std::int32_t>() : found->second));
            descriptors -= there;
            map.erase({kind, id});
        }
        REQUIRE(keys->key_count == map.size());
        REQUIRE(keys->descriptor_count == descriptors);
        const KeptKey* kept = keys->find({kind, id});
        REQUIRE((kept != nullptr) == map.contains({kind, id}));
    }
    for (const KeptKey& kept : keys->all()) {
        CHECK(to_vector(kept.list()) == map.at({kept.kind, kept.id}));
    }
}

TEST_CASE("the keeper has room for two descriptors of each of 10,000 services and more",
          "[keeper]") {
    auto keys = std::make_unique<KeptKeys>();
    std::uint32_t id = 0;
    for (; id < 10000; ++id) {
        REQUIRE(keys->put({1, id}, std::array<std::int32_t, 2>{3, 4}, KeptKeys::kMostDescriptors)
                    .is_done);
    }
    while (keys->put({4, id}, std::array<std::int32_t, 1>{3}, KeptKeys::kMostDescriptors).is_done) {
        ++id;
    }
    CHECK(keys->descriptor_count == KeptKeys::kMostDescriptors);
    CHECK_FALSE(keys->put({4, id}, {}, KeptKeys::kMostDescriptors).is_done);
    CHECK(keys->find({4, 10000}) != nullptr);
}

TEST_CASE("an exit is kept until it is recorded, whatever its process's number becomes",
          "[keeper]") {
    struct Exit {
        std::int32_t pid;
        std::int32_t status;
    };
    Walk walk;
    auto state = make_state();
    KeptProcesses& processes = state->processes;
    std::set<std::int32_t> living;
    std::map<std::uint32_t, Exit> told;
    std::size_t untold = 0;
    std::uint32_t generation = 0;
    for (int i = 0; i < 30000; ++i) {
        const auto pid = static_cast<std::int32_t>(2 + walk.below(40));
        switch (walk.below(5)) {
            case 0:
            case 1: {
                LinkProcess process = process_of(pid);
                process.generation = ++generation;
                REQUIRE(processes.adopt(process));
                living.insert(pid);
                break;
            }
            case 2: {
                const bool lived = living.erase(pid) > 0;
                REQUIRE(processes.ended_with(pid, i) == lived);
                untold += lived ? 1 : 0;
                break;
            }
            case 3:
                if (const auto index = processes.next_untold()) {
                    const KeptProcess& entry = processes.entries[*index];
                    REQUIRE(
                        told.emplace(entry.exit_number, Exit{entry.pid, entry.wait_status}).second);
                    processes.told(*index);
                    --untold;
                }
                break;
            default:
                if (!told.empty()) {
                    auto any = told.begin();
                    std::advance(any, walk.below(static_cast<std::uint32_t>(told.size())));
                    REQUIRE(processes.recorded(any->first));
                    REQUIRE_FALSE(processes.recorded(any->first));
                    told.erase(any);
                }
                break;
        }
        REQUIRE(processes.living == living.size());
        REQUIRE(processes.untold == untold);
        REQUIRE(processes.ended == untold + told.size());
        REQUIRE(processes.used >= processes.living + processes.ended);
    }
    // Another supervisor is told all of them once more, under the same numbers.
    const std::size_t all = untold + told.size();
    processes.tell_again();
    std::set<std::uint32_t> again;
    while (const auto index = processes.next_untold()) {
        again.insert(processes.entries[*index].exit_number);
        processes.told(*index);
    }
    CHECK(again.size() == all);
    for (const auto& [number, exit] : told) {
        CHECK(again.contains(number));
    }
}

TEST_CASE("a process whose exit is kept is not adopted once more", "[keeper]") {
    auto state = make_state();
    REQUIRE(state->processes.adopt(process_of(50)));
    REQUIRE(state->processes.ended_with(50, 9));
    // The table still names it: its next supervisor died before it recorded the exit.
    CHECK(state->processes.adopt(process_of(50)));
    CHECK(state->processes.living == 0);
    // Another run that got the same number is another process.
    LinkProcess other = process_of(50);
    ++other.generation;
    CHECK(state->processes.adopt(other));
    CHECK(state->processes.living == 1);
    // And naming the first again does not turn the second into it.
    CHECK(state->processes.adopt(process_of(50)));
    REQUIRE(state->processes.living == 1);
    CHECK(state->processes.entries[state->processes.next_living(0)].generation == other.generation);
}

TEST_CASE("processes are adopted until there is no room, and all of them can end", "[keeper]") {
    auto state = make_state();
    KeptProcesses& processes = state->processes;
    // Nearly all of the room is taken already.
    const std::uint32_t before = KeptProcesses::kMost - 10;
    for (std::uint32_t i = 0; i < before; ++i) {
        processes.entries[i].fate = Fate::Lives;
        processes.entries[i].pid = static_cast<std::int32_t>(i + 2);
    }
    processes.used = before;
    processes.living = before;
    std::int32_t pid = 1000000;
    while (processes.adopt(process_of(pid))) {
        ++pid;
    }
    CHECK(pid == 1000010);
    CHECK(processes.living == KeptProcesses::kMost);
    for (std::uint32_t i = 0; i < KeptProcesses::kMost; ++i) {
        REQUIRE(processes.ended_with(processes.entries[i].pid, 0));
    }
    CHECK(processes.untold == KeptProcesses::kMost);
    CHECK_FALSE(processes.adopt(process_of(pid)));
}

TEST_CASE("nothing is said to nobody, to the silent, and to version 1", "[keeper]") {
    auto state = make_state();
    REQUIRE(state->processes.adopt(process_of(50)));
    state->claim(1);
    state->link.heard = 3;
    CHECK_FALSE(state->next().has_value());
    greet(*state, 0);
    state->claim(1);
    CHECK_FALSE(state->next().has_value());
    greet(*state, 1);
    state->claim(1);
    state->link.heard = 3;
    CHECK_FALSE(state->next().has_value());
}

TEST_CASE("a Hello is answered with what there is to claim", "[keeper]") {
    auto state = make_state(1000);
    (void)state->keys.put({1, 1}, std::array<std::int32_t, 2>{11, 12}, 1000);
    state->table = 13;
    REQUIRE(state->processes.adopt(process_of(50)));
    REQUIRE(state->processes.adopt(process_of(51)));
    REQUIRE(state->processes.adopt(process_of(52)));
    REQUIRE(state->processes.ended_with(51, 9));
    greet(*state, 2);
    state->link.heard = 1;
    const auto said = say_all(*state);
    REQUIRE(types_of(said) == std::vector{LinkType::Welcome, LinkType::Accepted});
    CHECK(said[0].message.greeting ==
          LinkGreeting{kLinkVersion, KeptKeys::kMost, 1000, 1, 2, 1, 1});
    CHECK(said[1].message.value == 1);
    CHECK(say_all(*state).empty());
}

TEST_CASE("a refusal is said before the acceptance that covers it", "[keeper]") {
    auto state = make_state();
    greet(*state, 2);
    say_all(*state);
    LinkMessage keep;
    keep.sequence = 17;
    keep.key = {7, 8};
    state->refuse(keep, ENOSPC);
    state->link.heard = 20;
    const auto said = say_all(*state);
    REQUIRE(types_of(said) == std::vector{LinkType::Refused, LinkType::Accepted});
    CHECK(said[0].message.value == 17);
    CHECK(said[0].message.reason == ENOSPC);
    CHECK(said[0].message.key == LinkKey{7, 8});
    CHECK(said[1].message.value == 20);
}

TEST_CASE("a hand-over is complete, in order, and repeatable at any moment", "[keeper]") {
    auto state = make_state();
    state->table = 13;
    for (std::int32_t i = 0; i < 5; ++i) {
        (void)state->keys.put({1, static_cast<std::uint32_t>(i)},
                              std::array<std::int32_t, 2>{100 + i, 200 + i}, 1000);
        REQUIRE(state->processes.adopt(process_of(50 + i)));
    }
    REQUIRE(state->processes.ended_with(52, 9));
    greet(*state, 2);
    say_all(*state);

    // Interrupted after any number of messages, by the same supervisor or the next one.
    const auto interrupted_after = GENERATE(range(0, 16));
    const bool by_next = GENERATE(false, true);
    state->claim(1);
    for (int i = 0; i < interrupted_after && state->next(); ++i) {
        state->sent();
    }
    if (by_next) {
        greet(*state, 2);
        say_all(*state);
    }
    state->claim(77);
    const auto said = say_all(*state);
    std::vector expected{LinkType::HandOverBegin, LinkType::Table};
    expected.insert(expected.end(), 5, LinkType::Kept);
    expected.insert(expected.end(), 4, LinkType::Adopted);
    expected.insert(expected.end(), {LinkType::Exited, LinkType::HandOverEnd});
    REQUIRE(types_of(said) == expected);
    CHECK(said.front().message.value == 77);
    CHECK(said.back().message.value == 77);
    CHECK(to_vector(said[1].descriptors) == std::vector<std::int32_t>{13});
    std::set<std::int32_t> pids;
    for (const Outgoing& outgoing : said) {
        if (outgoing.message.type == LinkType::Kept) {
            CHECK(outgoing.message.value == 2);
            CHECK(outgoing.descriptors[0] == 100 + static_cast<int>(outgoing.message.key.id));
        }
        if (outgoing.message.type == LinkType::Adopted) {
            CHECK(outgoing.pidfd_of == outgoing.message.process.pid);
            pids.insert(outgoing.pidfd_of);
        }
    }
    CHECK(pids == std::set<std::int32_t>{50, 51, 53, 54});

    // Later exits are said as they happen.
    REQUIRE(state->processes.ended_with(54, 0x700));
    const auto later = say_all(*state);
    REQUIRE(types_of(later) == std::vector{LinkType::Exited});
    CHECK(later[0].message.process.pid == 54);
    CHECK(later[0].message.process.wait_status == 0x700);
}

TEST_CASE("who dies in the middle of a hand-over is told of as dead", "[keeper]") {
    auto state = make_state();
    for (std::int32_t pid = 50; pid < 60; ++pid) {
        REQUIRE(state->processes.adopt(process_of(pid)));
    }
    greet(*state, 2);
    say_all(*state);
    state->claim(1);
    std::set<std::int32_t> adopted;
    std::set<std::int32_t> ended;
    std::int32_t dies_next = 59;
    for (int i = 0; auto outgoing = state->next(); ++i) {
        const LinkMessage& message = outgoing->message;
        if (message.type == LinkType::Adopted) {
            CHECK(adopted.insert(message.process.pid).second);
            CHECK_FALSE(ended.contains(message.process.pid));
        } else if (message.type == LinkType::Exited) {
            CHECK(ended.insert(message.process.pid).second);
        }
        state->sent();
        if (i % 2 == 1 && dies_next >= 50) {
            REQUIRE(state->processes.ended_with(dies_next--, 0));
        }
    }
    std::set<std::int32_t> known = adopted;
    known.insert(ended.begin(), ended.end());
    CHECK(known.size() == 10);
    CHECK(ended.size() == 59U - static_cast<unsigned>(dies_next));
}

TEST_CASE("a state is taken over with all that is in it", "[keeper]") {
    auto left = make_state(1000);
    greet(*left, 2);
    left->table = 13;
    for (std::int32_t i = 0; i < 100; ++i) {
        (void)left->keys.put({2, static_cast<std::uint32_t>(i)},
                             std::array<std::int32_t, 2>{100 + i, 300 + i}, 1000);
        REQUIRE(left->processes.adopt(process_of(50 + i)));
    }
    REQUIRE(left->processes.ended_with(60, 9));
    REQUIRE(left->processes.ended_with(61, 11));
    left->claim(5);
    say_all(*left);
    left->link.at_work_on = 12;

    auto state = make_state(1000);
    std::set<std::int32_t> taken;
    const auto take = [&taken](std::int32_t fd) { return taken.insert(fd).second && fd != 110; };
    state->restore(image_of(*left), take);
    CHECK(state->link.fd == 9);
    CHECK(state->table == 13);
    CHECK(state->keys.key_count == 100);
    CHECK(state->keys.descriptor_count == 199);  // 110 was not open
    CHECK(state->processes.living == 98);
    CHECK(state->processes.ended == 2);
    // What was being dealt with is refused, and who has claimed is told everything anew.
    const auto types = types_of(say_all(*state));
    CHECK(types[0] == LinkType::Refused);
    CHECK(types[1] == LinkType::Accepted);
    CHECK(types[2] == LinkType::HandOverBegin);
    CHECK(types.back() == LinkType::HandOverEnd);
    CHECK(std::count(types.begin(), types.end(), LinkType::Exited) == 2);
}

TEST_CASE("what is no state is not taken over", "[keeper]") {
    auto left = make_state();
    auto bytes = std::as_bytes(std::span(left.get(), 1));
    SECTION("magic") {
        left->magic = 1;
    }
    SECTION("version") {
        left->version = 0;
    }
    SECTION("memory that is not there") {
        bytes = bytes.first(bytes.size() - 1);
    }
    SECTION("hardly any memory") {
        bytes = bytes.first(8);
    }
    SECTION("parts that are not within") {
        left->shape.keys_offset = static_cast<std::uint32_t>(sizeof(KeeperState)) + 1;
    }
    SECTION("parts without size") {
        left->shape.entry_size = 0;
    }
    CHECK_FALSE(KeeperImage::open(bytes));
}

TEST_CASE("a state of a newer version, with more in each part, is taken over", "[keeper]") {
    // As a newer program would have it: other places, larger parts.
    auto left = make_state();
    greet(*left, 3);
    left->claim(7);
    left->table = 13;
    (void)left->keys.put({2, 5}, std::array<std::int32_t, 2>{100, 101}, 1000);
    (void)left->keys.put({3, 6}, std::array<std::int32_t, 1>{102}, 1000);
    REQUIRE(left->processes.adopt(process_of(50)));
    REQUIRE(left->processes.adopt(process_of(51)));
    KeeperHead head{};
    head.magic = KeeperHead::kMagic;
    head.version = KeeperState::kVersion + 5;
    head.table = 13;
    std::vector<std::byte> bytes(sizeof head);
    const auto append = [&bytes](const void* part, std::size_t size, std::size_t more) {
        const auto place = static_cast<std::uint32_t>(bytes.size());
        const auto* from = static_cast<const std::byte*>(part);
        bytes.insert(bytes.end(), from, from + size);
        bytes.insert(bytes.end(), more, std::byte{0xee});
        return place;
    };
    const auto append_number = [&](std::uint32_t number) { return append(&number, 4, 0); };
    head.shape.used_offset = append_number(2);
    head.shape.entry_size = sizeof(KeptProcess) + 12;
    head.shape.entries_offset = append(&left->processes.entries[0], sizeof(KeptProcess), 12);
    append(&left->processes.entries[1], sizeof(KeptProcess), 12);
    head.shape.link_size = sizeof(LinkState) + 8;
    head.shape.link_offset = append(&left->link, sizeof(LinkState), 8);
    head.shape.talk_offset = append_number(static_cast<std::uint32_t>(HandOver::Keys));
    append_number(1);
    append_number(7);
    head.shape.key_count_offset = append_number(2);
    head.shape.key_size = sizeof(KeptKey) + 20;
    head.shape.keys_offset = append(&left->keys.keys[0], sizeof(KeptKey), 20);
    append(&left->keys.keys[1], sizeof(KeptKey), 20);
    head.size = bytes.size();
    std::memcpy(bytes.data(), &head, sizeof head);

    const auto image = KeeperImage::open(bytes);
    REQUIRE(image);
    auto state = make_state();
    state->restore(*image, [](std::int32_t) { return true; });
    CHECK(state->link.fd == 9);
    CHECK(state->link.peer_version == 3);
    CHECK(state->table == 13);
    CHECK(state->claim_value == 7);
    CHECK(state->hand_over == HandOver::Begin);
    REQUIRE(state->keys.find({2, 5}) != nullptr);
    CHECK(to_vector(state->keys.find({2, 5})->list()) == std::vector<std::int32_t>{100, 101});
    CHECK(to_vector(state->keys.find({3, 6})->list()) == std::vector<std::int32_t>{102});
    CHECK(state->processes.living == 2);
    CHECK(state->processes.entries[1].process() == process_of(51));
}

TEST_CASE("a state of version 1, which did not say its shape, is taken over", "[keeper]") {
    std::vector<std::byte> bytes(2490488);
    const auto put = [&bytes](std::size_t offset, auto value) {
        std::memcpy(bytes.data() + offset, &value, sizeof value);
    };
    put(0, KeeperHead::kMagic);
    put(4, std::uint32_t{1});
    put(8, std::uint64_t{bytes.size()});
    put(20, std::int32_t{13});
    put(24, std::int32_t{9});                // the link
    put(28, std::uint32_t{2});               // its peer's version
    put(84, std::uint32_t{1});               // keys
    put(92, std::uint32_t{1U << 16U | 2U});  // one descriptor of kind 2
    put(96, std::uint32_t{5});               // id
    put(100, std::int32_t{77});              // the descriptor
    put(1441884, std::uint32_t{1});          // entries
    put(1441908, std::uint32_t{1});          // that lives
    put(1441916, std::int32_t{50});          // pid
    const auto image = KeeperImage::open(bytes);
    REQUIRE(image);
    auto state = make_state();
    state->restore(*image, [](std::int32_t) { return true; });
    CHECK(state->link.fd == 9);
    CHECK(state->table == 13);
    REQUIRE(state->keys.find({2, 5}) != nullptr);
    CHECK(to_vector(state->keys.find({2, 5})->list()) == std::vector<std::int32_t>{77});
    CHECK(state->processes.living == 1);
    CHECK(state->processes.entries[0].pid == 50);
}

TEST_CASE("nothing in a state that is taken over is trusted", "[keeper]") {
    Walk walk;
    for (int round = 0; round < 6; ++round) {
        auto left = make_state();
        auto* bytes = reinterpret_cast<unsigned char*>(left.get());
        // That it cannot lead out of the memory is another test's.
        const std::size_t head = offsetof(KeeperState, link);
        for (std::size_t i = head; i < sizeof(KeeperState); ++i) {
            bytes[i] = static_cast<unsigned char>(walk.below(round % 2 == 0 ? 256 : 3));
        }
        auto state = make_state();
        std::set<std::int32_t> taken;
        state->restore(image_of(*left), [&taken](std::int32_t fd) {
            return fd > 2 && fd < 100000 && taken.insert(fd).second;
        });
        CHECK(state->keys.descriptor_count <= taken.size());
        CHECK(state->keys.key_count <= KeptKeys::kMost);
        for (const KeptKey& kept : state->keys.all()) {
            REQUIRE(state->keys.find(kept.key()) == &kept);
        }
        CHECK(state->processes.living + state->processes.ended <= KeptProcesses::kMost);
        state->link.peer_version = 2;
        state->link.fd = 9;
        state->claim(1);
        CHECK(say_all(*state).size() >= 2);
    }
}
