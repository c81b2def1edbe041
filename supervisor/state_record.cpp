#include "supervisor/state_record.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "supervisor/service_id.h"

namespace mainstay::supervisor {
namespace {

namespace table = state_table;

/// Bits of Record::flags; never given another meaning.
using Flag = std::uint32_t;
constexpr Flag kHasRun = 1U << 0U;
constexpr Flag kHasAuxiliary = 1U << 1U;
constexpr Flag kTimerArmed = 1U << 2U;
constexpr Flag kPaused = 1U << 3U;
constexpr Flag kByHand = 1U << 4U;
constexpr Flag kHeld = 1U << 5U;
constexpr Flag kRetired = 1U << 6U;
constexpr Flag kReloading = 1U << 7U;
constexpr Flag kAnnouncedStop = 1U << 8U;
constexpr Flag kMembersStarted = 1U << 9U;
constexpr Flag kRunBorn = 1U << 10U;
constexpr Flag kAuxiliaryBorn = 1U << 11U;
constexpr Flag kLeaving = 1U << 12U;
constexpr Flag kBegun = 1U << 13U;
constexpr Flag kShared = 1U << 14U;
constexpr Flag kDefinitionChanged = 1U << 15U;
constexpr Flag kPatient = 1U << 16U;
constexpr Flag kListening = 1U << 17U;

/// Flags of a death.
constexpr unsigned kOutOfMemory = 1;
constexpr unsigned kRestarted = 2;

std::int64_t number_of(Duration time) noexcept {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
}
std::int64_t number_of(MonotonicTime time) noexcept {
    return number_of(time.time_since_epoch());
}
Duration duration_of(std::int64_t number) noexcept {
    return std::chrono::duration_cast<Duration>(std::chrono::nanoseconds(number));
}
MonotonicTime time_of(std::int64_t number) noexcept {
    return MonotonicTime(duration_of(number));
}

std::uint32_t flags_of(const Service& service) noexcept {
    const Snapshot& s = service.snapshot;
    std::uint32_t flags = kBegun;
    const auto set = [&](Flag flag, bool value) { flags |= value ? flag : 0U; };
    set(kHasRun, s.has_run);
    set(kHasAuxiliary, s.has_auxiliary);
    set(kTimerArmed, s.timer_armed);
    set(kPaused, s.paused);
    set(kByHand, s.by_hand);
    set(kHeld, s.held);
    set(kRetired, s.retired);
    set(kReloading, s.reloading);
    set(kAnnouncedStop, s.announced_stop);
    set(kPatient, s.patient);
    set(kMembersStarted, s.members_started);
    set(kListening, s.listening);
    set(kRunBorn, s.has_run && s.pid != 0);
    set(kAuxiliaryBorn, s.has_auxiliary && s.auxiliary_pid != 0);
    set(kLeaving, service.leaving);
    set(kShared, service.is_shared);
    set(kDefinitionChanged, service.definition_changed);
    return flags;
}

template <typename Enum>
bool read_enum(std::uint8_t number, Enum last, Enum& value) noexcept {
    value = static_cast<Enum>(number);
    return number <= static_cast<std::uint8_t>(last);
}

bool read_words(const table::Record& record, Snapshot& s) noexcept {
    const bool is_known = read_enum(record.state, ServiceState::Done, s.state) &&
                          read_enum(record.wanted, Wanted::Once, s.wanted) &&
                          read_enum(record.stop_stage, StopStage::Kill, s.stop_stage) &&
                          read_enum(record.resume, ServiceState::Done, s.resume) &&
                          read_enum(record.auxiliary, Role::Failure, s.auxiliary) &&
                          read_enum(record.obstacle, Obstacle::Definition, s.obstacle) &&
                          read_enum(record.failure, Failure::RanOnce, s.failure);
    s.sent_signal = record.sent_signal;
    return is_known && s.sent_signal <= 64;
}

/// What the state machine never leaves behind; see the rules in service_state.h.
bool is_possible(const Snapshot& s) noexcept {
    const bool may_run = s.state == ServiceState::Starting || is_running(s.state) ||
                         s.state == ServiceState::Stopping;
    const bool may_resume = s.resume == ServiceState::Starting || is_running(s.resume);
    const bool has_generations =
        (!s.has_run || s.generation != 0) && (!s.has_auxiliary || s.auxiliary_generation != 0);
    const bool waits = s.state == ServiceState::Waiting && !s.members_started;
    if (!has_generations || (s.has_run && !may_run) || (s.listening && !waits)) {
        return false;
    }
    if (s.state == ServiceState::Starting) {
        return has_process(s);
    }
    if (s.state == ServiceState::Finishing) {
        return s.has_auxiliary;
    }
    return s.state == ServiceState::Up         ? s.has_run
           : s.state == ServiceState::Stopping ? may_resume
                                               : true;
}

void read_flags(std::uint32_t flags, Snapshot& s) noexcept {
    s.has_run = (flags & kHasRun) != 0;
    s.has_auxiliary = (flags & kHasAuxiliary) != 0;
    s.timer_armed = (flags & kTimerArmed) != 0;
    s.paused = (flags & kPaused) != 0;
    s.by_hand = (flags & kByHand) != 0;
    s.held = (flags & kHeld) != 0;
    s.retired = (flags & kRetired) != 0;
    s.reloading = (flags & kReloading) != 0;
    s.announced_stop = (flags & kAnnouncedStop) != 0;
    s.patient = (flags & kPatient) != 0;
    s.members_started = (flags & kMembersStarted) != 0;
    s.listening = (flags & kListening) != 0;
}

void read_numbers(const table::Record& record, Snapshot& s) noexcept {
    s.generation = record.generation;
    s.auxiliary_generation = record.auxiliary_generation;
    s.timer = record.timer;
    s.short_runs = record.short_runs;
    s.restarts = record.restarts;
    s.limit_count = record.limit_count;
    s.limit_since = time_of(record.limit_since);
    s.last_exit = ExitStatus::from_wait(record.last_exit);
    s.last_lived = duration_of(record.last_lived);
    s.ended_at = time_of(record.ended_at);
    s.watchdog = duration_of(record.watchdog);
}

/// The process that was born, or the one that it named in its place.
void read_pids(KnownService& service, std::uint32_t flags) noexcept {
    Snapshot& s = service.snapshot;
    const auto pid_of = [&](table::Role role, std::uint32_t generation) {
        const table::ProcessWords& words = service.process(role);
        return words.generation == generation ? words.pid : 0;
    };
    if ((flags & kRunBorn) != 0 && s.has_run) {
        const std::int32_t named = pid_of(table::Role::Main, s.generation);
        s.pid = named != 0 ? named : pid_of(table::Role::Run, s.generation);
    }
    if ((flags & kAuxiliaryBorn) != 0 && s.has_auxiliary) {
        s.auxiliary_pid = pid_of(table::Role::Auxiliary, s.auxiliary_generation);
    }
}

template <std::size_t N>
void put_text(std::array<char, N>& field, std::string_view text) noexcept {
    field = {};
    std::memcpy(field.data(), text.data(), std::min(text.size(), N - 1));
}

void read_deaths(const table::Detail& detail, KnownService& service) {
    if (detail.death_count == 0) {
        return;
    }
    service.history = std::make_unique<ServiceHistory>();
    const auto kept = static_cast<std::uint32_t>(table::kMostDeaths);
    DeathLog& log = service.history->deaths;
    log.set_count_before(detail.death_count - std::min(detail.death_count, kept));
    for (std::uint32_t n = log.count(); n < detail.death_count; ++n) {
        const table::Death& death = detail.deaths[n % kept];
        DeathRecord record;
        record.at = duration_of(death.at);
        record.lived = duration_of(death.lived);
        record.status = ExitStatus::from_wait(death.status);
        if (!read_enum(death.cause, DeathCause::Watchdog, record.cause)) {
            record.cause = DeathCause::Itself;
        }
        record.out_of_memory = (death.flags & kOutOfMemory) != 0;
        record.restarted = (death.flags & kRestarted) != 0;
        log.add(record);
    }
}

void read_texts(const table::Detail& detail, KnownService& service) {
    ServiceWords words{std::string(table::text_of(detail.status)),
                       std::string(table::text_of(detail.error))};
    if (!(words == ServiceWords())) {
        service.words = std::make_unique<ServiceWords>(std::move(words));
    }
    if (const auto stage = table::text_of(detail.fault_stage); !stage.empty()) {
        if (!service.history) {
            service.history = std::make_unique<ServiceHistory>();
        }
        service.history->exec_fault =
            ExecFault{std::string(stage), std::string(table::text_of(detail.fault_path)),
                      detail.fault_code, std::string(table::text_of(detail.fault_reason))};
    }
}

}  // namespace

table::Record to_record(const Service& service) {
    const Snapshot& s = service.snapshot;
    table::Record record;
    record.state = static_cast<std::uint8_t>(s.state);
    record.wanted = static_cast<std::uint8_t>(s.wanted);
    record.stop_stage = static_cast<std::uint8_t>(s.stop_stage);
    record.resume = static_cast<std::uint8_t>(s.resume);
    record.auxiliary = static_cast<std::uint8_t>(s.auxiliary);
    record.obstacle = static_cast<std::uint8_t>(s.obstacle);
    record.failure = static_cast<std::uint8_t>(s.failure);
    record.sent_signal = s.sent_signal;
    record.flags = flags_of(service);
    record.last_exit = static_cast<std::uint16_t>(s.last_exit.to_wait());
    record.generation = s.generation;
    record.auxiliary_generation = s.auxiliary_generation;
    record.timer = s.timer;
    record.short_runs = s.short_runs;
    record.restarts = s.restarts;
    record.limit_count = s.limit_count;
    record.oom_kills = static_cast<std::uint32_t>(service.oom_kills);
    record.limit_since = number_of(s.limit_since);
    record.last_lived = number_of(s.last_lived);
    record.ended_at = number_of(s.ended_at);
    record.watchdog = number_of(s.watchdog);
    record.timer_due = number_of(service.timer_due);
    record.auxiliary_due = number_of(service.auxiliary_due);
    record.since = number_of(service.since);
    record.executed = number_of(service.executed);
    record.definition = service.definition_hash;
    return record;
}

void put_deaths(const Service& service, table::Detail& detail) {
    if (!service.history) {
        return;
    }
    const DeathLog& log = service.history->deaths;
    detail.death_count = log.count();
    for (std::size_t age = 0; age < log.size(); ++age) {
        const DeathRecord& record = log.newest(age);
        table::Death& death = detail.deaths[(log.count() - 1 - age) % table::kMostDeaths];
        death.at = number_of(record.at);
        death.lived = number_of(record.lived);
        death.status = static_cast<std::uint16_t>(record.status.to_wait());
        death.cause = static_cast<std::uint8_t>(record.cause);
        death.flags = static_cast<std::uint8_t>((record.out_of_memory ? kOutOfMemory : 0U) |
                                                (record.restarted ? kRestarted : 0U));
    }
}

void put_words(const Service& service, table::Detail& detail) {
    put_text(detail.status, service.words ? service.words->status : "");
    put_text(detail.error, service.words ? service.words->error : "");
}

void put_fault(const Service& service, table::Detail& detail) {
    const ExecFault none;
    const ExecFault& fault = service.exec_fault() != nullptr ? *service.exec_fault() : none;
    detail.fault_code = fault.code;
    put_text(detail.fault_stage, fault.stage);
    put_text(detail.fault_path, fault.path);
    put_text(detail.fault_reason, fault.reason);
}

KnownService to_service(const table::Slot& slot, const table::Detail& detail) {
    const table::Record& record = slot.record;
    const bool has_detail = (record.flags & table::kHasDetail) != 0;
    KnownService service;
    service.id = slot.service;
    service.name = table::text_of(slot.name);
    if (service.name.empty() && has_detail) {
        service.name = table::text_of(detail.long_name);
    }
    service.processes = slot.processes;
    service.performed = (record.flags & kHasEffects) == 0 || slot.performed == record.step;
    Snapshot& s = service.snapshot;
    read_flags(record.flags, s);
    const bool has_words = read_words(record, s);
    read_numbers(record, s);
    read_pids(service, record.flags);
    service.is_sound = has_words && is_possible(s);
    service.timer_due = time_of(record.timer_due);
    service.auxiliary_due = time_of(record.auxiliary_due);
    service.since = duration_of(record.since);
    service.executed = time_of(record.executed);
    service.oom_kills = record.oom_kills;
    service.definition = record.definition;
    service.leaving = (record.flags & kLeaving) != 0;
    service.begun = (record.flags & kBegun) != 0;
    service.is_shared = (record.flags & kShared) != 0;
    service.definition_changed = (record.flags & kDefinitionChanged) != 0;
    if (has_detail) {
        read_deaths(detail, service);
        read_texts(detail, service);
    }
    return service;
}

bool is_possible_name(std::string_view name) noexcept {
    constexpr std::string_view kLogger = "/log";
    if (name.ends_with(kLogger)) {
        name.remove_suffix(kLogger.size());
    }
    return !name.empty() && name.front() != '.' && name.size() < table::kLongNameSize &&
           name.find('/') == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

}  // namespace mainstay::supervisor
