#include "supervisor/succession.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <utility>

#include "supervisor/svlog_fetch.h"
#include "supervisor/try_again.h"

namespace mainstay::supervisor {
namespace {

std::map<ServiceId, std::string> names_of(const KnownState& state) {
    std::map<ServiceId, std::string> names;
    for (const KnownService& service : state.services) {
        names[service.id] = service.name;
    }
    return names;
}

/// What a logger reads, whose process is still there.
std::vector<UniqueFd> input_of(const KnownService& logger) {
    const state_table::ProcessWords& run = logger.process(state_table::Role::Run);
    if (run.pid <= 0 || state_table::has_ended(run)) {
        return {};
    }
    const UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, run.pid, 0)));
    return pidfd.valid() ? fetch_logger_pipe(pidfd.get()) : std::vector<UniqueFd>();
}

}  // namespace

void Succession::begin(std::uint32_t link_version) {
    HandOver over = os_.link.greet(link_version);
    // A PID 1 of ours that keeps nothing lets nothing outlive us either.
    if (os_.link.is_there() && !os_.link.keeps()) {
        return;
    }
    // Whatever runs and is not known is started a second time.
    const auto opened = os_.link.keeps()
                            ? try_for_a_second([&] { return open_kept(over.table.get()); })
                            : open_file();
    if (!opened) {
        os_.journal.error(std::string("state table: ") + opened.error().action + ": " +
                          errno_text(opened.error().code) +
                          "; services will end with this supervisor, should it crash");
        return;
    }
    KnownState state = read_state(memory_.bytes());
    flags_ = state.flags;
    if (!state.services.empty()) {
        os_.journal.info("taking over " + std::to_string(state.services.size()) +
                         " services of the supervisor before");
    }
    take_processes(std::move(over.processes));
    if (has_file_) {
        os_.outputs.restore(find_logs(state));
    } else {
        take_descriptors(std::move(over.kept), state);
    }
    os_.state.use(memory_.bytes(), [this](const std::string& name) {
        os_.journal.warning(name +
                            ": no room for it in the state table; it ends with this "
                            "supervisor, should that crash");
    });
    os_.processes.record_exits(os_.state);
    os_.services.inherit(std::move(state));
}

Result<void> Succession::make() {
    TRY(memory_, StateMemory::make());
    os_.link.keep_table(memory_.fd());
    return {};
}

/// What is there is used as it is where it has our geometry, and copied where it has not.
Result<void> Succession::take_up(StateMemory found) {
    static_cast<void>(state_table::recover(found.bytes()));
    const auto reader = state_table::Reader::open(found.bytes());
    if (!reader) {
        os_.journal.error("what was kept as the state table is none; starting without");
        return make();
    }
    if (reader->header().geometry == state_table::own_geometry()) {
        memory_ = std::move(found);
        return {};
    }
    TRY(memory_, StateMemory::make());
    copy_state(*reader, memory_.bytes());
    os_.link.keep_table(memory_.fd());
    return {};
}

Result<void> Succession::open_kept(int table) {
    if (table < 0) {
        return make();
    }
    UniqueFd copy(::fcntl(table, F_DUPFD_CLOEXEC, 3));
    if (!copy.valid()) {
        return last_error("fcntl");
    }
    TRY(StateMemory found, StateMemory::open(std::move(copy)));
    return take_up(std::move(found));
}

Result<void> Succession::open_file() {
    TRY(StateMemory found, StateMemory::open_file_at(paths_.state));
    has_file_ = true;
    const auto reader = state_table::Reader::open(found.bytes());
    const bool is_of_this_boot = reader && state_table::text_of(reader->header().boot) == boot_id();
    if (is_of_this_boot && reader->header().geometry == state_table::own_geometry()) {
        memory_ = std::move(found);
        return {};
    }
    if (!is_of_this_boot) {
        memory_ = std::move(found);
        return memory_.format();
    }
    TRY(StateMemory copy, StateMemory::make());
    static_cast<void>(state_table::recover(found.bytes()));
    copy_state(*reader, copy.bytes());
    memory_ = std::move(found);
    TRY_VOID(memory_.format());
    const auto copied = state_table::Reader::open(copy.bytes());
    copy_state(*copied, memory_.bytes());
    return {};
}

void Succession::take_processes(std::vector<HandOver::Process> processes) {
    std::vector<KeptProcess> kept;
    kept.reserve(processes.size());
    for (HandOver::Process& each : processes) {
        const LinkProcess& process = each.process;
        if (!each.pidfd.valid()) {
            exits_.push_back(each.exit_number);
        }
        kept.push_back({{process.service, static_cast<std::uint32_t>(process.generation)},
                        process.pid,
                        std::move(each.pidfd),
                        ExitStatus::from_wait(process.wait_status)});
    }
    os_.processes.take_kept(std::move(kept));
}

void Succession::take_descriptors(std::vector<Kept> kept, const KnownState& state) {
    std::map<ServiceId, std::string> names = names_of(state);
    std::vector<KeptLog> logs;
    for (Kept& each : kept) {
        switch (whole_of(each.kind)) {
            case KeptKind::LogPipe:
            case KeptKind::LoggerPipe:
            case KeptKind::Arena:
                logs.push_back({each.kind, each.id, names[each.id], std::move(each.descriptors)});
                break;
            case KeptKind::NotifySocket:
            case KeptKind::ReadyPipe:
                os_.readiness.take_kept(each.kind, each.id, std::move(each.descriptors.front()));
                break;
            case KeptKind::Listening:
                os_.sockets.take_kept(each.id, std::move(each.descriptors));
                break;
            case KeptKind::Stored:
                os_.store.take_kept(each.id, number_of_part(each.kind),
                                    std::move(each.descriptors));
                break;
            default:
                strangers_.push_back(std::move(each));
                break;
        }
    }
    os_.outputs.restore(std::move(logs));
}

/// Where nobody keeps descriptors, the processes still have them.
std::vector<KeptLog> Succession::find_logs(const KnownState& state) const {
    std::map<ServiceId, std::string> names = names_of(state);
    std::vector<KeptLog> logs = fetch_from_svlog(paths_.svlog, os_.journal);
    for (KeptLog& each : logs) {
        each.name = names[each.service];
    }
    for (const KnownService& service : state.services) {
        const bool is_logger = service.is_shared || service.name.ends_with("/log");
        std::vector<UniqueFd> pipe = is_logger ? input_of(service) : std::vector<UniqueFd>();
        if (!pipe.empty()) {
            logs.push_back({KeptKind::LoggerPipe, service.id, service.name, std::move(pipe)});
        }
    }
    return logs;
}

void Succession::end() {
    os_.readiness.drop_the_rest();
    os_.sockets.drop_the_rest();
    os_.outputs.restored([this](ServiceId id) { return os_.services.find(id) != nullptr; });
    for (const Kept& each : std::exchange(strangers_, {})) {
        os_.link.drop(each.kind, each.id);
    }
    for (const std::uint32_t number : std::exchange(exits_, {})) {
        os_.link.exit_recorded(number);
    }
}

void Succession::leave_nothing() noexcept {
    if (has_file_) {
        ::unlink(paths_.state.c_str());
        ::unlink(paths_.svlog.c_str());
    }
}

}  // namespace mainstay::supervisor
