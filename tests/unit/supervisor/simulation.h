/// Thousands of services with random relations in a world of fakes: random ends, hangs, failures
/// and verbs, the same ones for the same seed. What becomes of them is judged elsewhere:
/// simulation_witness judges every step, simulation_oracle what there is in the end.
#pragma once

#include <map>
#include <random>
#include <string>
#include <vector>

#include "unit/supervisor/fixture.h"

namespace mainstay::simulation {

using Names = std::vector<std::string>;

/// What a service of the simulation is like.
struct Sample {
    supervisor::Relations relations;
    supervisor::ServiceType type = supervisor::ServiceType::Longrun;
    bool starts_by_itself = true;  ///< has no down file
    bool hangs = false;            ///< never says that it is ready, never ends by itself
    int end = -1;                  ///< exits with this soon after its start; -1: lives
};

struct Verb {
    const supervisor::Service& service;
    supervisor::Event event;
};

class Simulation {
  public:
    Simulation(std::uint32_t seed, int count);

    /// All services are there at once, and those without a down file start.
    void begin();

    std::uint32_t pick(std::uint32_t below) {
        return static_cast<std::uint32_t>(random_()) % below;
    }
    Verb random_verb();

    /// Whatever may happen to processes happens to one in so many of them.
    void live(std::uint32_t one_in);

    /// Until nothing happens by itself any more. @returns whether it came to that
    bool come_to_rest();

    fakes::FakeSystem system;
    std::map<std::string, Sample> samples;

  private:
    enum class Happened : bool { Nothing, Something };

    void define(int number);
    Sample make_sample(int number);
    void add_some(Names& list, int number, std::uint32_t one_in, std::uint32_t reach);
    void make_directory(const std::string& name, const Sample& sample);
    void live_on(std::int32_t pid);
    Happened live_on_as_run(std::int32_t pid, const supervisor::Service& service);

    std::mt19937 random_;
    Names names_;
    bool idle_ = false;
};

}  // namespace mainstay::simulation
