#include "supervisor/state_store.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <utility>

#include "supervisor/service_id.h"
#include "supervisor/state_record.h"

namespace mainstay::supervisor {

namespace table = state_table;

void StateStore::use(std::span<std::byte> memory, std::function<void(const std::string&)> refuse) {
    const auto reader = table::Reader::open(memory);
    if (reader) {
        table_ = memory;
        writer_.emplace(memory, reader->header().geometry);
        refuse_ = std::move(refuse);
    }
}

table::Slot StateStore::slot_of(ServiceId service) const noexcept {
    // The header was checked when the table was taken into use, and is ours alone.
    table::Header header;
    std::memcpy(static_cast<void*>(&header), table_.data(), sizeof header);
    table::Slot slot;
    const std::size_t offset =
        header.geometry.slots_offset + std::size_t{node_of(service)} * header.geometry.slot_size;
    std::memcpy(static_cast<void*>(&slot), table_.data() + offset, sizeof slot);
    return slot;
}

bool StateStore::has_slot(ServiceId service) const noexcept {
    if (!writer_) {
        return false;
    }
    const auto used =
        table::load<std::uint32_t>(table_.data() + offsetof(table::Header, used_slots));
    return node_of(service) < used && slot_of(service).service == service;
}

void StateStore::enter(const Service& service) {
    if (!writer_ || has_slot(service.id)) {
        return;
    }
    const std::uint32_t number = node_of(service.id);
    if (number >= writer_->slot_count()) {
        has_refused_ = true;
        return refuse_(service.name);
    }
    const auto last =
        table::load<std::uint32_t>(table_.data() + offsetof(table::Header, last_incarnation));
    if (incarnation_of(service.id) > last) {
        writer_->set_last_incarnation(incarnation_of(service.id));
    }
    writer_->take(number, service.id, service.name);
    if (service.name.size() >= table::kNameSize) {
        save(service, {});
    }
}

void StateStore::forget(ServiceId service) {
    if (has_slot(service)) {
        writer_->release(node_of(service));
    }
}

void StateStore::save(const Service& service, Changed changed) {
    if (!has_slot(service.id)) {
        return;
    }
    const std::uint32_t number = node_of(service.id);
    const table::Record before = slot_of(service.id).record;
    table::Record record = to_record(service);
    record.flags |= before.flags & table::kHasDetail;
    if (changed.by == Changed::By::Itself) {
        record.step = before.step;
        record.flags |= before.flags & kHasEffects;
    } else {
        record.step = before.step + 1;
        record.flags |= changed.by == Changed::By::StepWithEffects ? kHasEffects : 0U;
    }
    const bool is_long = service.name.size() >= table::kNameSize;
    const bool needs_detail = changed.deaths || changed.words || changed.fault || is_long;
    if ((record.flags & table::kHasDetail) == 0 && needs_detail) {
        // What is there is of the service that had the slot before.
        record.flags |= table::kHasDetail;
        auto detail = std::make_unique<table::Detail>();
        put_deaths(service, *detail);
        put_words(service, *detail);
        put_fault(service, *detail);
        if (is_long) {
            service.name.copy(detail->long_name.data(), table::kLongNameSize - 1);
        }
        writer_->put_detail(number, 0, *detail);
    } else if (changed.deaths || changed.words || changed.fault) {
        put_details(service, number, changed);
    }
    writer_->put_record(number, record);
    writer_->commit();
}

void StateStore::put_details(const Service& service, std::uint32_t number, Changed changed) {
    table::Detail detail;
    const auto put = [&](std::size_t begin, std::size_t end) {
        writer_->put_detail(number, begin,
                            std::as_bytes(std::span(&detail, 1)).subspan(begin, end - begin));
    };
    if (changed.deaths) {
        put_deaths(service, detail);
        put(offsetof(table::Detail, death_count), offsetof(table::Detail, status));
    }
    if (changed.words) {
        put_words(service, detail);
        put(offsetof(table::Detail, status), offsetof(table::Detail, fault_code));
    }
    if (changed.fault) {
        put_fault(service, detail);
        put(offsetof(table::Detail, fault_code), offsetof(table::Detail, long_name));
    }
}

void StateStore::performed(ServiceId service) {
    if (has_slot(service)) {
        const table::Slot slot = slot_of(service);
        if ((slot.record.flags & kHasEffects) != 0 && slot.performed != slot.record.step) {
            writer_->set_performed(node_of(service), slot.record.step);
        }
    }
}

std::int32_t* StateStore::expect(ProcessKey key, table::Role role) {
    if (!has_slot(key.service)) {
        return nullptr;
    }
    const std::uint32_t number = node_of(key.service);
    const auto now =
        std::chrono::duration_cast<std::chrono::nanoseconds>(clock_.age_clock()).count();
    writer_->expect(number, role, key.generation, now);
    return writer_->pid_word(number, role);
}

void StateStore::main_process(ProcessKey key, std::int32_t pid, Duration begun) {
    if (has_slot(key.service)) {
        const std::uint32_t number = node_of(key.service);
        writer_->expect(number, table::Role::Main, key.generation,
                        std::chrono::duration_cast<std::chrono::nanoseconds>(begun).count());
        writer_->set_pid(number, table::Role::Main, pid);
    }
}

void StateStore::exited(ProcessKey key, ExitStatus status, bool was_executed) {
    if (!has_slot(key.service)) {
        return;
    }
    const table::Slot slot = slot_of(key.service);
    const auto is_role = [&](table::Role role) {
        const table::ProcessWords& words = slot.processes[static_cast<std::size_t>(role)];
        return words.generation == key.generation && words.pid != 0;
    };
    const std::uint64_t word =
        table::exit_word(key.generation, static_cast<std::uint32_t>(status.to_wait()),
                         was_executed ? 0 : table::kExitNotExecuted);
    for (const table::Role role : {table::Role::Main, table::Role::Run, table::Role::Auxiliary}) {
        if (is_role(role)) {
            return writer_->set_exit(node_of(key.service), role, word);
        }
    }
}

void StateStore::mark(std::uint32_t flag) {
    if (writer_) {
        const auto before =
            table::load<std::uint32_t>(table_.data() + offsetof(table::Header, flags));
        writer_->set_flags(before | flag);
    }
}

void copy_state(const table::Reader& from, std::span<std::byte> to) {
    table::Writer<> writer(to, table::own_geometry());
    const std::uint32_t count = std::min(from.used_slots(), table::kMostSlots);
    for (std::uint32_t number = 0; number < count; ++number) {
        const table::Slot slot = from.slot(number);
        if (slot.service == 0) {
            continue;
        }
        writer.take(number, slot.service, table::text_of(slot.name));
        if ((slot.record.flags & table::kHasDetail) != 0) {
            writer.put_detail(number, 0, from.detail(number));
        }
        writer.put_record(number, slot.record);
        writer.commit();
        for (std::uint32_t role = 0; role < table::kRoles; ++role) {
            const table::ProcessWords& words = slot.processes[role];
            writer.expect(number, table::Role{role}, words.generation, words.begun);
            writer.set_exit(number, table::Role{role}, words.exit);
            writer.set_pid(number, table::Role{role}, words.pid);
        }
        writer.set_performed(number, slot.performed);
    }
    writer.set_flags(from.header().flags);
    writer.set_last_incarnation(from.header().last_incarnation);
}

KnownState read_state(std::span<std::byte> memory) {
    KnownState state;
    if (!table::recover(memory)) {
        state.problems.emplace_back("its journal makes no sense; what it held is lost");
    }
    const auto reader = table::Reader::open(memory);
    if (!reader) {
        return state;
    }
    state.flags = reader->header().flags;
    state.last_incarnation = static_cast<std::uint16_t>(
        std::min<std::uint32_t>(reader->header().last_incarnation, kIncarnations));
    std::set<std::string> names;
    for (std::uint32_t number = 0; number < reader->used_slots(); ++number) {
        const table::Slot slot = reader->slot(number);
        if (slot.service == 0) {
            continue;
        }
        const bool has_detail = (slot.record.flags & table::kHasDetail) != 0;
        KnownService service =
            to_service(slot, has_detail ? reader->detail(number) : table::Detail());
        const std::string place = "slot " + std::to_string(number) + " of the state table";
        if (node_of(service.id) != number || incarnation_of(service.id) == 0 ||
            !is_possible_name(service.name) || !names.insert(service.name).second) {
            state.problems.push_back(place + " names no service that can be; it is left out");
            service.name.clear();
            service.is_sound = false;
        } else if (!service.is_sound) {
            state.problems.push_back(place + " says of " + service.name +
                                     " what cannot be; what runs of it runs on, nothing else of it "
                                     "is known");
        }
        state.services.push_back(std::move(service));
    }
    return state;
}

}  // namespace mainstay::supervisor
