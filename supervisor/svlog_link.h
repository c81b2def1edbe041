/// The supervisor's end of the link to svlog: sends what is to be done in order, with no more under
/// way than the kernel carries, and tells of the answers.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>

#include "common/result.h"
#include "common/unique_fd.h"
#include "supervisor/loop.h"
#include "supervisor/svlog/arena_memory.h"
#include "supervisor/svlog/link_message.h"

namespace mainstay::supervisor {

/// Something that svlog has to be told of one slot. The message is made when its turn comes: five
/// thousand of them may wait.
struct SvlogTask {
    svlog::MessageType type = svlog::MessageType::Add;
    std::uint32_t slot = 0;
};

class SvlogListener {
  public:
    SvlogListener() = default;
    SvlogListener(const SvlogListener&) = delete;
    SvlogListener& operator=(const SvlogListener&) = delete;
    virtual ~SvlogListener() = default;

    struct Outgoing {
        svlog::Message message;
        int passed = -1;  ///< borrowed
    };
    /// @returns nothing where the task has become pointless
    virtual std::optional<Outgoing> message_for(const SvlogTask& task) = 0;
    virtual void svlog_says(const svlog::Message& message) = 0;
    /// It closed its end, or says what makes no sense. The link is of no use any more.
    virtual void svlog_hung_up() = 0;
};

class SvlogLink {
  public:
    SvlogLink(Loop& loop, UniqueFd link, SvlogListener& listener);
    ~SvlogLink();
    SvlogLink(const SvlogLink&) = delete;
    SvlogLink& operator=(const SvlogLink&) = delete;

    /// The first message. @returns why it could not be sent
    Result<void> set_up(const svlog::ArenaDescriptors& arena, std::uint32_t group);

    /// To be sent soon, but not before whoever calls this has gone back to the loop.
    void add_task(const SvlogTask& task);

    /// Lets svlog drain and end when everything so far was sent. A link that ends without that is
    /// the end of the supervisor only.
    void finish_when_sent();

  private:
    void send_tasks();
    bool send(const svlog::Message& message, std::span<const int> passed);
    void on_readable();
    void wake_in(Duration delay);

    Loop& loop_;
    UniqueFd link_;
    SvlogListener& listener_;
    std::deque<SvlogTask> tasks_;
    std::uint32_t in_flight_ = 0;
    bool finishing_ = false;
    TimerId timer_ = kNoTimer;
    Watch watch_;
};

}  // namespace mainstay::supervisor
