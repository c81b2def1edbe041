#include "supervisor/spawn_plan.h"

namespace mainstay::supervisor {
namespace {

constexpr int kCoreBit = 0x80;

std::string in_directory(const char* file) {
    return std::string("./") + file;
}

int low_byte_of_wait_status(const ExitStatus& status) noexcept {
    if (status.kind == ExitStatus::Kind::Exited) {
        return 0;  // the code is in the high byte
    }
    return status.value | (status.dumped_core ? kCoreBit : 0);
}

}  // namespace

SpawnPlan plan_run(const Definition& definition, Streams streams) {
    const std::string program = in_directory(kRunFile);
    return {program, {program}, definition.path, streams.input, streams.output};
}

SpawnPlan plan_finish(const Definition& definition, const FinishArguments& arguments,
                      Streams streams) {
    const bool exited = arguments.status.kind == ExitStatus::Kind::Exited;
    const std::string program = in_directory(kFinishFile);
    return {program,
            {program, exited ? std::to_string(arguments.status.value) : "-1",
             std::to_string(low_byte_of_wait_status(arguments.status)), arguments.name,
             std::to_string(arguments.process_group)},
            definition.path,
            streams.input,
            streams.output};
}

}  // namespace mainstay::supervisor
