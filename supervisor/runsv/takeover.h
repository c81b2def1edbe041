/// How a house follows one that died: hands each part what is its.
#pragma once

#include <cstddef>
#include <span>

#include "supervisor/listening_sockets.h"
#include "supervisor/process_watch.h"
#include "supervisor/readiness_channels.h"
#include "supervisor/runsv/keeping.h"
#include "supervisor/runsv/logger_pipes.h"
#include "supervisor/service_set.h"
#include "supervisor/state_store.h"

namespace mainstay::supervisor::runsv {

struct Heirs {
    StateStore& state;
    ProcessWatch& processes;
    LoggerPipes& outputs;
    ReadinessChannels& readiness;
    ListeningSockets& sockets;
    DescriptorStore& store;
    ServiceSet& services;
    Journal& journal;
};

/// Before the first service is taken in; what is true is written into the table from here on.
/// @returns whether there was one
bool take_over(std::span<std::byte> table, KeptDescriptors kept, const Heirs& heirs);

}  // namespace mainstay::supervisor::runsv
