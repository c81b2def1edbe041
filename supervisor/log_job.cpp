/// log: the newest lines, and those that come. What is shown is read from where the client is, not
/// stored for it: a client that reads slowly costs a position, and is told what it missed. Each
/// piece of what is followed tells a cursor, by which a client goes on that lost its connection.
#include <algorithm>
#include <optional>
#include <utility>

#include "supervisor/jobs.h"
#include "supervisor/log_cursor.h"
#include "supervisor/log_lines.h"
#include "supervisor/name_pattern.h"
#include "supervisor/service_selection.h"

namespace mainstay::supervisor {
namespace {

using protocol::ErrorCode;
using protocol::LogReply;
using protocol::Request;

/// The output of one service, as far as the client knows it.
struct Stream {
    std::string name;
    ServiceId id = 0;
    bool is_there = true;
    bool is_late = false;  ///< it came when the others were followed already
    bool has_news = false;
    LogCursor next = 0;
    FollowId follow = 0;  ///< 0: not followed
    LineCutter cutter = {};
};

class LogJob final : public ControlJob, public JobListener {
  public:
    LogJob(ControlHandler& handler, const Request& request, ControlHandler::Wake wake)
        : handler_(handler),
          request_(request),
          wake_(std::move(wake)),
          seat_(handler.board(), *this) {
        if (request.resume) {
            resumption_.emplace(*request.resume, handler.os().outputs.memory_number());
        }
        std::vector<std::string> names;
        for (const std::string& name : request.services) {
            if (name != kOwnMessagesName) {
                names.push_back(name);
            } else if (streams_.empty()) {
                streams_.push_back({name, kOwnMessages});
            }
        }
        if (!names.empty() || request.services.empty()) {
            for (Selected& each : select_services(handler_.os().services, names)) {
                const bool is_there = each.id != 0;
                streams_.push_back({std::move(each.name), each.id, is_there});
            }
        }
    }

    ~LogJob() override {
        for (const Stream& stream : streams_) {
            handler_.os().outputs.unfollow(stream.follow);
        }
    }

    Progress advance(std::string& out) override {
        while (begun_ < streams_.size() && out.size() < kOutputPiece) {
            begin(streams_[begun_++], out);
        }
        if (begun_ < streams_.size()) {
            return Progress::More;
        }
        if (is_followed() || takes_in_others()) {
            return tell_news(out);
        }
        out += std::exchange(farewells_, {});
        out += encode(protocol::Done{request_.id, exit_});
        return Progress::Done;
    }

    /// One that was not there before comes to notice by its first change, and begins with it.
    void service_changed(const Service& service) override {
        if (!takes_in_others() || service.feeder != 0 || !is_meant(service.name)) {
            return;
        }
        const bool is_known =
            std::any_of(streams_.begin(), streams_.end(),
                        [&](const Stream& stream) { return stream.id == service.id; });
        if (!is_known) {
            streams_.push_back({service.name, service.id});
            streams_.back().is_late = true;
            wake_();
        }
    }

    void service_forgotten(ServiceId service) override {
        for (Stream& stream : streams_) {
            if (stream.id == service && stream.is_there && service != kOwnMessages) {
                end(stream);
            }
        }
    }

  private:
    enum class Since : std::uint8_t { Before, Anew };

    bool is_followed() const noexcept {
        return std::any_of(streams_.begin(), streams_.end(),
                           [](const Stream& stream) { return stream.follow != 0; });
    }

    /// Whether services that appear later belong to what was asked for.
    bool takes_in_others() const {
        return request_.follow && (request_.services.empty() ||
                                   std::any_of(request_.services.begin(), request_.services.end(),
                                               [](const auto& name) { return is_pattern(name); }));
    }

    bool is_meant(std::string_view name) const {
        return request_.services.empty() ||
               std::any_of(request_.services.begin(), request_.services.end(),
                           [&](const auto& pattern) { return matches_pattern(pattern, name); });
    }

    /// What has a logger has its lines there; here are those at most that it printed before.
    std::string logger_of(ServiceId id) const {
        const ServiceSet& services = handler_.os().services;
        const Service* service = services.find(id);
        const Service* logger = service == nullptr ? nullptr : services.find(service->logger);
        return logger == nullptr ? std::string() : logger->name;
    }

    void begin(Stream& stream, std::string& out) {
        if (!stream.is_there) {
            out += unknown_service(handler_.os().services, request_.id, stream.name);
            exit_ = worse_of(exit_, exit_code(ErrorCode::UnknownService));
            return;
        }
        std::string logger = logger_of(stream.id);
        if (!request_.follow) {
            LogTail tail = handler_.os().outputs.tail(stream.id, request_.lines);
            out += encode(LogReply{
                request_.id, stream.name, std::move(tail.lines), 0, {}, false, std::move(logger)});
            return;
        }
        if (!logger.empty() && !resumption_) {
            out += encode(LogReply{request_.id, stream.name, {}, 0, {}, false, std::move(logger)});
        }
        if (resumption_) {
            stream.next = resumption_->position_of(stream.id);
            tell(stream, {}, 0, out, resumption_->is_anew() ? Since::Anew : Since::Before);
        } else if (stream.is_late) {
            tell(stream, {}, 0, out);
        } else {
            tell_newest(stream, out);
        }
        // By number: the callback comes later, and the vector grows.
        const std::size_t number = begun_ - 1;
        stream.follow =
            handler_.os().outputs.follow(stream.id, [this, number] { note_news(number); });
        // What was written from there on until now is told of by nobody.
        stream.has_news = resumption_ || stream.is_late;
    }

    /// A line that is not ended yet waits for its end.
    void tell_newest(Stream& stream, std::string& out) {
        LogTail tail = handler_.os().outputs.tail(stream.id, request_.lines);
        stream.next = tail.next;
        if (!tail.is_ended && !tail.lines.empty()) {
            static_cast<void>(stream.cutter.cut(tail.lines.back()));
            tail.lines.pop_back();
        }
        tell(stream, std::move(tail.lines), 0, out);
    }

    void note_news(std::size_t number) {
        streams_[number].has_news = true;
        wake_();
    }

    Progress tell_news(std::string& out) {
        out += std::exchange(farewells_, {});
        for (Stream& stream : streams_) {
            if (out.size() >= kOutputPiece) {
                return Progress::More;
            }
            if (std::exchange(stream.has_news, false)) {
                tell_news_of(stream, out);
            }
        }
        return Progress::Waiting;
    }

    void tell_news_of(Stream& stream, std::string& out) {
        const LogPiece piece = handler_.os().outputs.read_from(stream.id, stream.next);
        if (piece.lost > 0) {
            tell_if_any(stream, stream.cutter.take_rest(), 0, out);
        }
        stream.next = piece.next;
        tell_if_any(stream, stream.cutter.cut(piece.bytes), piece.lost, out);
    }

    void tell_if_any(const Stream& stream, std::vector<std::string> lines, std::uint64_t lost,
                     std::string& out) const {
        if (!lines.empty() || lost > 0) {
            tell(stream, std::move(lines), lost, out);
        }
    }

    /// With a cursor to what is behind these lines. What was read of a line that is not ended is
    /// read again by who goes on there.
    void tell(const Stream& stream, std::vector<std::string> lines, std::uint64_t lost,
              std::string& out, Since since = Since::Before) const {
        const LogCursor position =
            stream.next - std::min<LogCursor>(stream.next, stream.cutter.pending());
        out +=
            encode(LogReply{request_.id, stream.name, std::move(lines), lost,
                            to_cursor({handler_.os().outputs.memory_number(), stream.id, position}),
                            since == Since::Anew});
    }

    /// Its output is not there any more; what was not told yet of its last line is.
    void end(Stream& stream) {
        tell_if_any(stream, stream.cutter.take_rest(), 0, farewells_);
        farewells_ +=
            encode(protocol::ServiceError{request_.id, stream.name, ErrorCode::UnknownService,
                                          "it was removed meanwhile", std::nullopt});
        exit_ = worse_of(exit_, exit_code(ErrorCode::UnknownService));
        handler_.os().outputs.unfollow(std::exchange(stream.follow, 0));
        stream.is_there = false;
        stream.has_news = false;
        wake_();
    }

    ControlHandler& handler_;
    Request request_;
    ControlHandler::Wake wake_;
    JobBoard::Seat seat_;
    std::optional<Resumption> resumption_;
    std::vector<Stream> streams_;
    std::size_t begun_ = 0;  ///< of the streams: those whose newest lines were told
    std::string farewells_;
    protocol::ExitCode exit_ = protocol::ExitCode::Done;
};

}  // namespace

std::unique_ptr<ControlJob> make_log_job(ControlHandler& handler, const Request& request,
                                         ControlHandler::Wake wake) {
    return std::make_unique<LogJob>(handler, request, std::move(wake));
}

}  // namespace mainstay::supervisor
