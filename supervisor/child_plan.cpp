#include "supervisor/child_plan.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "common/fd_io.h"
#include "supervisor/exec_reason.h"
#include "supervisor/process_environment.h"
#include "supervisor/process_words.h"

namespace mainstay::supervisor {
namespace {

constexpr char kConsole[] = "/dev/console";
constexpr std::size_t kMaxEnvironmentFile = std::size_t{64} * 1024;
constexpr int kIoClassShift = 13;  // of ioprio_set(2)
constexpr int kCapabilities = 64;

Result<std::string, ExecFault> read_environment_file(const std::string& path) {
    const auto fault = [&](int code, const char* reason) {
        return ExecFault{"env-file", path, code, reason};
    };
    // A fifo must not stop us.
    const auto file = open_file(path.c_str(), O_RDONLY | O_NONBLOCK);
    struct stat info {};
    if (!file) {
        return fault(file.error().code, "");
    }
    if (::fstat(file->get(), &info) < 0 || !S_ISREG(info.st_mode)) {
        return fault(0, "is no regular file");
    }
    if (static_cast<std::size_t>(info.st_size) > kMaxEnvironmentFile) {
        return fault(EFBIG, "has more than 64 KiB");
    }
    std::string text(kMaxEnvironmentFile, '\0');
    const auto got = read_up_to(file->get(), text);
    if (!got) {
        return fault(got.error().code, "");
    }
    text.resize(got->size());
    return text;
}

/// Of what is to go, what is there: to drop nothing takes no right.
std::uint64_t dropped_capabilities(std::uint64_t wanted) noexcept {
    std::uint64_t dropped = 0;
    for (int capability = 0; capability < kCapabilities; ++capability) {
        const std::uint64_t bit = std::uint64_t{1} << capability;
        if ((wanted & bit) == 0 && ::prctl(PR_CAPBSET_READ, capability) == 1) {
            dropped |= bit;
        }
    }
    return dropped;
}

std::vector<ChildLimit> limits_of(const ProcessSettings& settings) {
    std::vector<ChildLimit> limits;
    for (const ResourceLimit& limit : settings.limits) {
        limits.push_back({limit.resource, {limit.soft, limit.hard}});
    }
    return limits;
}

bool sets_limit(const ProcessSettings& settings, int resource) noexcept {
    return std::any_of(settings.limits.begin(), settings.limits.end(),
                       [&](const ResourceLimit& limit) { return limit.resource == resource; });
}

}  // namespace

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
    std::vector<char*> pointers;
    pointers.reserve(strings.size() + 1);
    for (std::string& text : strings) {
        pointers.push_back(text.data());
    }
    pointers.push_back(nullptr);
    return pointers;
}

Result<void, ExecFault> PreparedChild::prepare(const SpawnPlan& plan, const Tools& tools) {
    plan_ = plan;
    null_ = tools.null;
    if (plan_.arguments.empty() || plan_.program.empty()) {
        return ExecFault{"exec", "", 0, "there is no command"};
    }
    if (plan_.descriptors.size() > kMaxPassedDescriptors) {
        return ExecFault{"descriptors", "", EMFILE, "more than 64 are to be passed"};
    }
    child = ChildPlan{};
    settings_ = ChildSettings{};
    oom_score_.clear();
    identity_ = Identity{};
    arguments_ = pointers_to(plan_.arguments);
    child.arguments = arguments_.data();
    child.directory = plan_.directory.c_str();
    child.descriptors = plan_.descriptors;
    const rlimit* born_with =
        tools.context.descriptor_limit ? &*tools.context.descriptor_limit : nullptr;
    child.descriptor_limit = born_with;
    if (plan_.settings) {
        if (auto done = prepare_settings(tools.users); !done) {
            return done;
        }
        if (sets_limit(*plan_.settings, RLIMIT_NOFILE)) {
            child.descriptor_limit = nullptr;
        }
        child.settings = &settings_;
    }
    prepare_streams(tools.null);
    return prepare_environment(tools);
}

Result<void, ExecFault> PreparedChild::prepare_settings(UserFiles& users) {
    const ProcessSettings& from = *plan_.settings;
    settings_.umask = from.umask;
    settings_.terminal = from.terminal.empty() ? nullptr : from.terminal.c_str();
    settings_.chroot = from.chroot.empty() ? nullptr : from.chroot.c_str();
    settings_.nice = from.nice ? &*from.nice : nullptr;
    settings_.cpus = from.cpu_affinity;
    limits_ = limits_of(from);
    settings_.limits = limits_;
    if (from.io_priority) {
        settings_.io_priority =
            static_cast<int>(from.io_priority->io_class) << kIoClassShift | from.io_priority->level;
    }
    if (from.oom_score_adjust) {
        oom_score_ = std::to_string(*from.oom_score_adjust);
        settings_.oom_score = oom_score_;
    }
    if (has_identity(from)) {
        TRY(identity_, users.resolve(from));
        // Who is that already needs no right to become it.
        settings_.identity.changes_user = ::geteuid() == 0 || identity_.uid != ::geteuid() ||
                                          identity_.gid != ::getegid() ||
                                          from.supplementary_groups.has_value();
    }
    prepare_rights();
    return {};
}

void PreparedChild::prepare_rights() {
    const ProcessSettings& from = *plan_.settings;
    ChildIdentity& to = settings_.identity;
    to.uid = identity_.uid;
    to.gid = identity_.gid;
    to.groups = identity_.groups;
    if (from.capability_bounding_set) {
        to.dropped = dropped_capabilities(*from.capability_bounding_set);
    }
    to.ambient = from.ambient_capabilities;
    to.securebits = from.securebits;
    to.no_new_privileges = from.no_new_privileges;
}

Result<void, ExecFault> PreparedChild::prepare_environment(const Tools& tools) {
    const bool is_own =
        plan_.settings || !plan_.environment.empty() || !plan_.pid_variables.empty();
    child.environment = tools.common.data();
    child.pid_values = {};
    if (!is_own) {
        prepare_programs(get_variable(tools.context.environment, "PATH"));
        return {};
    }
    std::string file;
    if (plan_.settings && !plan_.settings->env_file.empty()) {
        auto text = read_environment_file(plan_.settings->env_file);
        const bool may_miss = plan_.settings->env_file_may_be_missing;
        if (!text && !(may_miss && text.error().code == ENOENT)) {
            return text.error();
        }
        file = text ? std::move(*text) : std::string();
    }
    environment_ = process_environment(
        tools.context.environment, {identity_.name, identity_.home, identity_.shell}, file, plan_);
    environment_pointers_ = pointers_to(environment_);
    child.environment = environment_pointers_.data();
    pid_values_.clear();
    const std::size_t first = environment_.size() - plan_.pid_variables.size();
    for (std::size_t i = first; i < environment_.size(); ++i) {
        pid_values_.push_back(environment_[i].data() + environment_[i].find('=') + 1);
    }
    child.pid_values = pid_values_;
    prepare_programs(get_variable(environment_, "PATH"));
    return {};
}

void PreparedChild::prepare_programs(std::string_view path) {
    programs_.clear();
    if (plan_.program.find('/') != std::string::npos) {
        programs_ = {plan_.program.c_str(), nullptr};
    } else {
        candidates_ = program_candidates(plan_.program, path);
        for (const std::string& candidate : candidates_) {
            programs_.push_back(candidate.c_str());
        }
        programs_.push_back(nullptr);
    }
    child.programs = programs_.data();
}

/// @param number which of the three it is
ChildStream PreparedChild::stream(const StreamTarget& target, int fd, int number, int flags) const {
    using Kind = StreamTarget::Kind;
    switch (target.kind) {
        case Kind::Null:
            return {nullptr, 0, null_};
        case Kind::Log:
        case Kind::Socket:
            return {nullptr, 0, fd >= 0 ? fd : null_};
        case Kind::Console:
            return {kConsole, O_WRONLY, -1};
        case Kind::Terminal:
            return {settings_.terminal, O_RDWR, null_};
        case Kind::File:
            return {target.path.c_str(), flags == O_RDONLY ? flags : flags | O_CREAT | O_TRUNC, -1};
        case Kind::Append:
            return {target.path.c_str(), flags | O_CREAT | O_APPEND, -1};
        case Kind::Output:
            return {nullptr, 0, -1};
        case Kind::Inherited:
            return {nullptr, 0, number};
    }
    return {nullptr, 0, null_};
}

void PreparedChild::prepare_streams(int null) {
    if (!plan_.settings) {
        const int output = plan_.output >= 0 ? plan_.output : null;
        child.streams[0].fd = plan_.input >= 0 ? plan_.input : null;
        child.streams[1].fd = output;
        child.streams[2].fd = output;
        return;
    }
    // What feeds a logger is its input, whatever it says of it.
    child.streams[0] = plan_.input >= 0 ? ChildStream{nullptr, 0, plan_.input}
                                        : stream(plan_.settings->input, -1, STDIN_FILENO, O_RDONLY);
    child.streams[1] = stream(plan_.settings->output, plan_.output, STDOUT_FILENO, O_WRONLY);
    child.streams[2] = stream(plan_.settings->error, plan_.output, STDERR_FILENO, O_WRONLY);
}

/// The report pipe, and whatever else lies at any number. Output and error are one mostly.
std::size_t PreparedChild::count_borrowed() const noexcept {
    const auto& [input, output, error] = child.streams;
    return 1 + plan_.descriptors.size() + (is_borrowed(input) ? 1 : 0) +
           (is_borrowed(output) ? 1 : 0) + (is_borrowed(error) && error.fd != output.fd ? 1 : 0);
}

void PreparedChild::copy_table(const DescriptorWindow& window) noexcept {
    child.table = {window.first(), window.end(), window.first(), window.first(), nullptr};
}

int PreparedChild::use_window(DescriptorWindow& window, std::atomic<bool>& is_left) noexcept {
    const bool fits = count_borrowed() <= DescriptorWindow::kRoom;
    const int block = fits ? window.take() : DescriptorWindow::kNoBlock;
    if (block == DescriptorWindow::kNoBlock) {
        return block;
    }
    std::size_t used = 0;
    const auto move = [&](int& fd) { fd = window.put(block, used++, fd); };
    auto& [input, output, error] = child.streams;
    const bool is_one = output.fd == error.fd;
    move(child.report);
    for (ChildStream* stream : {&input, &output, &error}) {
        if (stream == &error && is_one) {
            error.fd = output.fd;
        } else if (is_borrowed(*stream)) {
            move(stream->fd);
        }
    }
    for (PassedDescriptor& descriptor : plan_.descriptors) {
        move(descriptor.from);
    }
    is_left.store(false, std::memory_order_relaxed);
    child.table.own = block;
    child.table.own_end = block + static_cast<int>(used);
    child.table.is_left = &is_left;
    return block;
}

std::string PreparedChild::fault_path(const ExecReport& report) const {
    std::string root = settings_.chroot != nullptr ? settings_.chroot : "";
    switch (report.stage) {
        case ExecStage::Exec: {
            std::string program = programs_[static_cast<std::size_t>(report.which)];
            if (programs_.size() > 2 && report.code == ENOENT) {
                return plan_.program;
            }
            if (program.substr(0, 2) == "./") {
                program.erase(0, 2);
            }
            return root + (program.front() == '/' ? program : plan_.directory + "/" + program);
        }
        case ExecStage::Chdir:
            return root + plan_.directory;
        case ExecStage::Chroot:
            return root;
        case ExecStage::Terminal:
            return settings_.terminal;
        case ExecStage::Open:
            return child.streams[report.which].path;
        case ExecStage::Limit:
            return std::string(limit_name(report.which));
        case ExecStage::Uid:
            return plan_.settings->user;
        case ExecStage::Gid:
            return plan_.settings->group.empty() ? std::to_string(identity_.gid)
                                                 : plan_.settings->group;
        case ExecStage::Session:
        case ExecStage::Descriptors:
        case ExecStage::Nice:
        case ExecStage::IoPriority:
        case ExecStage::CpuAffinity:
        case ExecStage::OomScore:
        case ExecStage::BoundingSet:
        case ExecStage::Groups:
        case ExecStage::Ambient:
        case ExecStage::Securebits:
        case ExecStage::NoNewPrivileges:
        case ExecStage::OwnTable:
            break;
    }
    return {};
}

ExecFault PreparedChild::fault_of(const ExecReport& report) const {
    ExecFault fault{to_string(report.stage), fault_path(report), report.code, ""};
    if (report.stage == ExecStage::Exec) {
        const bool is_searched = programs_.size() > 2 && report.code == ENOENT;
        fault.reason =
            is_searched
                ? "not found in PATH"
                : exec_reason(fault.path, settings_.chroot != nullptr ? settings_.chroot : "",
                              report.code);
    } else if (report.stage == ExecStage::Chdir && report.code == ENOENT) {
        fault.reason = dangling_reason(fault.path);
    } else if (report.stage == ExecStage::Limit && report.code == EPERM) {
        fault.reason = "above the hard limit, which may not be raised";
    } else if (report.code == EPERM && ::geteuid() != 0) {
        fault.reason = "not permitted, as the supervisor does not run as root";
    }
    return fault;
}

}  // namespace mainstay::supervisor
