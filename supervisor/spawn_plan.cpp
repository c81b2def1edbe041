#include "supervisor/spawn_plan.h"

#include <algorithm>

#include "supervisor/os_readiness.h"
#include "supervisor/os_sockets.h"

namespace mainstay::supervisor {
namespace {

constexpr int kCoreBit = 0x80;
constexpr std::string_view kHere = "./";
constexpr int kFirstPassed = 3;  // SD_LISTEN_FDS_START of sd_listen_fds(3)

Command file_command(const char* file) {
    return {std::string(kHere) + file};
}

Command command_or_file(const Command& command, const char* file) {
    return command.empty() ? file_command(file) : command;
}

int low_byte_of_wait_status(const ExitStatus& status) noexcept {
    if (status.kind == ExitStatus::Kind::Exited) {
        return 0;  // the code is in the high byte
    }
    return status.value | (status.dumped_core ? kCoreBit : 0);
}

void put_in_order(std::vector<PassedDescriptor>& descriptors) {
    std::sort(descriptors.begin(), descriptors.end(),
              [](const auto& a, const auto& b) { return a.number < b.number; });
}

std::string working_directory(const Definition& definition) {
    const ProcessSettings& settings = definition.process();
    if (!settings.directory.empty()) {
        return settings.directory;
    }
    return settings.chroot.empty() ? definition.path : "/";
}

}  // namespace

SpawnPlan plan_program(const Definition& definition, const Command& command, Streams streams) {
    SpawnPlan plan;
    plan.program = command.empty() ? std::string() : command.front();
    plan.arguments = command;
    plan.directory = working_directory(definition);
    const bool is_of_the_service = plan.program.substr(0, kHere.size()) == kHere;
    if (is_of_the_service && plan.directory != definition.path) {
        plan.program.replace(0, kHere.size(), definition.path + "/");
    }
    plan.input = streams.input;
    plan.output = streams.output;
    plan.settings = definition.own_process;
    return plan;
}

SpawnPlan plan_run(const Definition& definition, Streams streams) {
    return plan_program(definition, command_or_file(definition.programs().run, kRunFile), streams);
}

SpawnPlan plan_setup(const Definition& definition, Streams streams) {
    return plan_program(definition, command_or_file(definition.programs().setup, kSetupFile),
                        streams);
}

SpawnPlan plan_check(const Definition& definition, Streams streams) {
    return plan_program(definition, command_or_file(definition.programs().check, kCheckFile),
                        streams);
}

SpawnPlan plan_finish(const Definition& definition, const FinishArguments& arguments,
                      Streams streams) {
    Command command = command_or_file(definition.programs().finish, kFinishFile);
    const bool exited = arguments.status.kind == ExitStatus::Kind::Exited;
    command.push_back(exited ? std::to_string(arguments.status.value) : "-1");
    command.push_back(std::to_string(low_byte_of_wait_status(arguments.status)));
    command.push_back(arguments.name);
    command.push_back(std::to_string(arguments.process_group));
    return plan_program(definition, command, streams);
}

SpawnPlan plan_steering(const Definition& definition, const Command& command, std::int32_t main_pid,
                        Streams streams) {
    SpawnPlan plan = plan_program(definition, command, streams);
    if (main_pid > 0) {
        plan.environment.push_back("MAINPID=" + std::to_string(main_pid));
    }
    return plan;
}

SpawnPlan plan_control(const Definition& definition, char verb, Streams streams) {
    return plan_program(definition, {std::string(kHere) + kControlDirectory + "/" + verb}, streams);
}

void add_channel(SpawnPlan& plan, const Channel& channel) {
    plan.descriptors.insert(plan.descriptors.end(), channel.descriptors.begin(),
                            channel.descriptors.end());
    put_in_order(plan.descriptors);
    plan.environment.insert(plan.environment.end(), channel.environment.begin(),
                            channel.environment.end());
    plan.pid_variables.insert(plan.pid_variables.end(), channel.pid_variables.begin(),
                              channel.pid_variables.end());
}

void add_sockets(SpawnPlan& plan, const PassedSockets& passed) {
    if (passed.descriptors.empty()) {
        return;
    }
    int number = kFirstPassed;
    std::string names;
    for (std::size_t i = 0; i < passed.descriptors.size(); ++i) {
        plan.descriptors.push_back({passed.descriptors[i], number++});
        names.append(i == 0 ? "" : ":").append(passed.names[i]);
    }
    put_in_order(plan.descriptors);
    if (plan.settings && plan.settings->input.kind == StreamTarget::Kind::Socket) {
        plan.input = passed.descriptors.front();
    }
    plan.environment.push_back("LISTEN_FDS=" + std::to_string(passed.descriptors.size()));
    plan.environment.push_back("LISTEN_FDNAMES=" + names);
    plan.pid_variables.emplace_back("LISTEN_PID");
}

}  // namespace mainstay::supervisor
