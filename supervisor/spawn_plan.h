/// PURE. What a new process shall be, as plain data: made here from a definition, carried out by
/// spawn and child_exec. What is the same for every service (environment, limits, OOM score) is in
/// SpawnContext instead, once; what a definition says of a process is shared with it and looked at
/// only if it is there. Names of users stay names: the files that know them are read by spawn.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "supervisor/definition.h"

namespace mainstay::supervisor {

struct Channel;        // os_readiness.h
struct PassedSockets;  // os_sockets.h

/// A descriptor that the process is to have under a number of its own.
struct PassedDescriptor {
    int from = -1;   ///< borrowed
    int number = 0;  ///< in the child; 3 or more

    friend bool operator==(const PassedDescriptor&, const PassedDescriptor&) noexcept = default;
};

struct SpawnPlan {
    /// With a slash: a path, relative to directory. Without: looked for in the PATH that the
    /// process gets.
    std::string program;
    std::vector<std::string> arguments;  ///< argv, the first included
    std::string directory;               ///< in chroot, where there is one
    int input = -1;   ///< what feeds it: a logger's pipe; borrowed; -1 is /dev/null
    int output = -1;  ///< its logger; borrowed; -1 is /dev/null
    std::shared_ptr<const ProcessSettings> settings;  ///< null: all defaults
    std::vector<PassedDescriptor> descriptors;        ///< in order of their numbers
    std::vector<std::string> environment;             ///< "K=V", after all others
    std::vector<std::string> pid_variables;           ///< names; the value is the process's own pid
    /// Where the kernel stores its pid before its first instruction. Null: it dies with us, as
    /// nobody would know of it.
    std::int32_t* pid_word = nullptr;
    int cgroup = -1;  ///< directory of the cgroup that it is born into; borrowed; -1: none

    friend bool operator==(const SpawnPlan&, const SpawnPlan&) = default;
};

/// The descriptors that a service is connected to.
struct Streams {
    int input = -1;
    int output = -1;
};

/// Any program of a service, with the identity, limits and streams that its run has: what is
/// prepared, checked or cleaned up belongs to the same user. A path below "./" is of the service
/// directory, whatever directory the process works in.
SpawnPlan plan_program(const Definition& definition, const Command& command, Streams streams);

SpawnPlan plan_run(const Definition& definition, Streams streams);

/// A role that the definition has no command for is the file of that name.
SpawnPlan plan_setup(const Definition& definition, Streams streams);
SpawnPlan plan_check(const Definition& definition, Streams streams);

/// finish gets: exit code, or -1 where a signal ended it · low 8 bits of the wait status (128 is
/// added where it dumped core) · the service's name · its process group.
struct FinishArguments {
    std::string name;
    ExitStatus status;
    std::int32_t process_group = 0;
};
SpawnPlan plan_finish(const Definition& definition, const FinishArguments& arguments,
                      Streams streams);

/// exec-stop and exec-reload get $MAINPID, the process that they are about.
/// @param main_pid 0: there is none
SpawnPlan plan_steering(const Definition& definition, const Command& command, std::int32_t main_pid,
                        Streams streams);

/// control/X, as runsv has it.
SpawnPlan plan_control(const Definition& definition, char verb, Streams streams);

/// What its readiness gives a run at birth.
void add_channel(SpawnPlan& plan, const Channel& channel);

/// From 3 on, as sd_listen_fds(3) has it; the first is its standard input as well, where its
/// definition says so. Before add_channel() or after it.
void add_sockets(SpawnPlan& plan, const PassedSockets& passed);

/// The most descriptors that a process can be given; more are a fault of the start.
inline constexpr std::size_t kMaxPassedDescriptors = 64;

/// Room for the digits of the largest pid, and the end of the string.
inline constexpr std::size_t kPidRoom = 12;

}  // namespace mainstay::supervisor
