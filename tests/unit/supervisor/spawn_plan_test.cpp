/// Plans and environments, without a process.
#include "supervisor/spawn_plan.h"

#include <catch2/catch.hpp>

#include "supervisor/os_readiness.h"
#include "supervisor/process_environment.h"

using namespace mainstay;
using namespace mainstay::supervisor;

namespace {

Definition definition_with(const ProcessSettings& settings) {
    Definition definition;
    definition.path = "/etc/service/web";
    definition.own_process = std::make_shared<const ProcessSettings>(settings);
    return definition;
}

Environment environment_of(const SpawnPlan& plan, std::string_view file = {}) {
    return process_environment({"PATH=/bin", "COLOUR=blue"}, {"web", "/srv/web", "/bin/sh"}, file,
                               plan);
}

}  // namespace

TEST_CASE("a service that says nothing has a plan without settings", "[plan]") {
    Definition definition;
    definition.path = "/etc/service/web";
    const SpawnPlan plan = plan_run(definition, {3, 4});
    CHECK(plan.program == "./run");
    CHECK(plan.arguments == std::vector<std::string>{"./run"});
    CHECK(plan.directory == "/etc/service/web");
    CHECK(plan.input == 3);
    CHECK(plan.output == 4);
    CHECK(plan.settings == nullptr);
    CHECK(plan.environment.empty());
}

TEST_CASE("a role without a command is the file of its name", "[plan]") {
    Definition definition;
    definition.path = "/sv/web";
    CHECK(plan_setup(definition, {}).program == "./setup");
    CHECK(plan_check(definition, {}).program == "./check");
    CHECK(plan_control(definition, 't', {}).program == "./control/t");
    CHECK(plan_finish(definition, {"web", {}, 5}, {}).program == "./finish");
    Programs programs;
    programs.run = {"nginx", "-g", "daemon off;"};
    programs.finish = {"/usr/bin/logger", "ended"};
    definition.own_programs = std::make_shared<const Programs>(programs);
    CHECK(plan_run(definition, {}).arguments == programs.run);
    CHECK(plan_finish(definition, {"web", {}, 5}, {}).arguments ==
          std::vector<std::string>{"/usr/bin/logger", "ended", "0", "0", "web", "5"});
}

TEST_CASE("files of the service are found wherever the process works", "[plan]") {
    ProcessSettings settings;
    settings.directory = "/srv/www";
    CHECK(plan_run(definition_with(settings), {}).program == "/etc/service/web/run");
    CHECK(plan_run(definition_with(settings), {}).directory == "/srv/www");
    settings = {};
    settings.chroot = "/srv/jail";
    CHECK(plan_run(definition_with(settings), {}).directory == "/");
}

TEST_CASE("what steers a service is told its process", "[plan]") {
    Definition definition;
    CHECK(plan_steering(definition, {"/bin/kill"}, 77, {}).environment ==
          std::vector<std::string>{"MAINPID=77"});
    CHECK(plan_steering(definition, {"/bin/kill"}, 0, {}).environment.empty());
}

TEST_CASE("a channel's descriptors are in order of their numbers", "[plan]") {
    SpawnPlan plan;
    add_channel(plan, {{{20, 7}, {21, 3}}, {"NOTIFY_SOCKET=/run/n"}, {"WATCHDOG_PID"}});
    CHECK(plan.descriptors == std::vector<PassedDescriptor>{{21, 3}, {20, 7}});
    CHECK(plan.environment == std::vector<std::string>{"NOTIFY_SOCKET=/run/n"});
    CHECK(plan.pid_variables == std::vector<std::string>{"WATCHDOG_PID"});
}

TEST_CASE("the later source of a variable wins", "[plan]") {
    ProcessSettings settings;
    settings.environment = {"MODE=conf", "LEVEL=3"};
    settings.unset = {"COLOUR", "GONE"};
    SpawnPlan plan;
    plan.settings = std::make_shared<const ProcessSettings>(settings);
    plan.environment = {"LEVEL=4", "NOTIFY_SOCKET=/run/n"};
    plan.pid_variables = {"WATCHDOG_PID"};
    auto environment = environment_of(plan, "MODE=file\nHOME=/elsewhere\nGONE=1\n# no\n");
    REQUIRE(environment.back().substr(0, 13) == "WATCHDOG_PID=");
    CHECK(environment.back().size() == 13 + kPidRoom);
    environment.pop_back();
    CHECK(environment == Environment{"PATH=/bin", "HOME=/elsewhere", "USER=web", "LOGNAME=web",
                                     "SHELL=/bin/sh", "MODE=conf", "LEVEL=4",
                                     "NOTIFY_SOCKET=/run/n"});
}

TEST_CASE("a program without a slash is looked for in PATH", "[plan]") {
    using Paths = std::vector<std::string>;
    CHECK(program_candidates("./run", "/bin:/sbin") == Paths{"./run"});
    CHECK(program_candidates("nginx", "/bin::/sbin") ==
          Paths{"/bin/nginx", "./nginx", "/sbin/nginx"});
    CHECK(program_candidates("nginx", "").size() == 6);
}
