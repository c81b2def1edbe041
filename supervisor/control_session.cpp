#include "supervisor/control_session.h"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <deque>
#include <exception>
#include <optional>
#include <string>

#include "common/frame.h"

namespace mainstay::supervisor {
namespace {

namespace asio = boost::asio;
using protocol::ErrorCode;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::seconds kPatience{30};
constexpr std::size_t kReadSize = std::size_t{16} * 1024;
/// Requests read ahead of the one that is being answered.
constexpr std::size_t kReadAhead = protocol::kMaxRequestLine;

/// A coroutine sleeps on it until another part of the session wakes it.
class Signal {
  public:
    explicit Signal(const asio::any_io_executor& executor)
        : timer_(executor, asio::steady_timer::time_point::max()) {}

    void wake() {
        raised_ = true;
        timer_.cancel();
    }

    asio::awaitable<void> wait() {
        if (!raised_) {
            co_await timer_.async_wait(kAwait);
        }
        raised_ = false;
    }

  private:
    asio::steady_timer timer_;
    bool raised_ = false;
};

class Session final : public ControlSession, public std::enable_shared_from_this<Session> {
  public:
    Session(Socket socket, Parties parties, Greeting greeting)
        : socket_(std::move(socket)),
          parties_(std::move(parties)),
          patience_(socket_.get_executor()),
          to_serve_(socket_.get_executor()),
          to_read_(socket_.get_executor()),
          is_greeted_(greeting == Greeting::Said) {}

    void run() {
        spawn([](const std::shared_ptr<Session>& self) { return self->read(); });
        spawn([](const std::shared_ptr<Session>& self) { return self->serve(); });
    }

    void close() override {
        closed_ = true;
        job_.reset();
        boost::system::error_code ignored;
        socket_.close(ignored);
        patience_.cancel();
        to_serve_.wake();
        to_read_.wake();
    }

    void close_for_good() override {
        // Behind whole lines only, and without waiting: whoever reads slowly sees the end.
        if (job_ && !is_sending_) {
            const std::string last = encode(protocol::Refusal{
                std::nullopt, ErrorCode::ShuttingDown,
                "the supervisor ends; what it was asked to do may have been done"});
            boost::system::error_code ignored;
            socket_.non_blocking(true, ignored);
            socket_.write_some(asio::buffer(last), ignored);
        }
        close();
    }

    bool is_idle() const noexcept override {
        return !closed_ && !at_end_ && is_greeted_ && !is_sending_ && !job_ && requests_.empty() &&
               !lines_.has_partial_line() && !lines_.is_too_long();
    }

    bool is_busy() const noexcept override {
        const bool waits = job_ && is_job_waiting_ && !is_sending_;
        return !closed_ && !at_end_ && !is_idle() && !waits && !lines_.has_partial_line();
    }

    int descriptor() noexcept override { return socket_.native_handle(); }

  private:
    /// Each half keeps the session alive; when one ends, so does the connection.
    template <typename Coroutine>
    void spawn(Coroutine coroutine) {
        ++running_;
        asio::co_spawn(socket_.get_executor(), coroutine(shared_from_this()),
                       [self = shared_from_this()](const std::exception_ptr& error) {
                           self->half_ended(error);
                       });
    }

    void half_ended(const std::exception_ptr& error) {
        if (error) {
            try {
                std::rethrow_exception(error);
            } catch (const std::exception& e) {
                parties_.journal.error(std::string("control connection ended: ") + e.what());
            }
        }
        close();
        if (--running_ == 0) {
            parties_.ended();
        }
    }

    asio::awaitable<void> read() {
        std::array<char, kReadSize> buffer;
        while (!closed_ && !lines_.is_too_long()) {
            const auto [error, count] =
                co_await socket_.async_read_some(asio::buffer(buffer), kAwait);
            if (error) {
                break;
            }
            take(std::string_view(buffer.data(), count));
            while (!closed_ && read_ahead_ > kReadAhead) {
                co_await to_read_.wait();
            }
        }
        at_end_ = true;
        to_serve_.wake();
        co_await wait_until_gone();
    }

    void take(std::string_view bytes) {
        lines_.feed(bytes);
        while (const auto line = lines_.next()) {
            read_ahead_ += line->size();
            requests_.emplace_back(*line);
        }
        to_serve_.wake();
    }

    /// A client may end its side and still read answers. This ends when it has ended both.
    asio::awaitable<void> wait_until_gone() {
        while (!closed_) {
            const auto [error] = co_await socket_.async_wait(Socket::wait_error, kAwait);
            if (!error) {
                close();
            }
        }
    }

    asio::awaitable<void> serve() {
        if (!is_greeted_) {
            std::string greeting = encode(parties_.handler.greeting());
            co_await send(std::move(greeting));
            is_greeted_ = true;
        }
        while (!closed_) {
            if (!requests_.empty()) {
                const std::string line = std::move(requests_.front());
                requests_.pop_front();
                read_ahead_ -= line.size();
                to_read_.wake();
                co_await answer(line);
            } else if (at_end_) {
                std::string words = last_words();
                co_await send(std::move(words));
                break;
            } else {
                co_await to_serve_.wait();
            }
        }
        close();
    }

    /// @returns what to say instead where there is no memory for the job
    std::string begin_job(const std::string& line) {
        try {
            job_ = parties_.handler.begin(line, parties_.caller, [this] { to_serve_.wake(); });
            return {};
        } catch (const std::bad_alloc&) {
            return encode(protocol::Refusal{std::nullopt, ErrorCode::Internal,
                                            "the supervisor has no memory left"});
        }
    }

    asio::awaitable<void> answer(const std::string& line) {
        std::string refusal = begin_job(line);
        co_await send(std::move(refusal));
        if (!job_) {
            close();
        }
        while (!closed_ && job_) {
            std::string out;
            const ControlJob::Progress progress = job_->advance(out);
            is_job_waiting_ = progress == ControlJob::Progress::Waiting;
            if (progress != ControlJob::Progress::Waiting &&
                progress != ControlJob::Progress::More) {
                job_.reset();
            }
            co_await send(std::move(out));
            if (progress == ControlJob::Progress::Hangup) {
                close();
            } else if (progress == ControlJob::Progress::Waiting) {
                co_await to_serve_.wait();
            }
        }
        job_.reset();
    }

    /// What the end of the input deserves: nothing where it ended as it should.
    std::string last_words() const {
        if (lines_.is_too_long()) {
            return encode(protocol::Refusal{
                std::nullopt, ErrorCode::TooLong,
                "a request has at most " + std::to_string(protocol::kMaxRequestLine) + " bytes"});
        }
        if (lines_.has_partial_line()) {
            return encode(protocol::Refusal{
                std::nullopt, ErrorCode::BadRequest,
                "the last request does not end in a newline, so it may not be whole"});
        }
        return {};
    }

    asio::awaitable<void> send(std::string text) {
        if (closed_ || text.empty()) {
            co_return;
        }
        patience_.expires_after(kPatience);
        patience_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
            if (!error) {
                self->close();
            }
        });
        is_sending_ = true;
        const auto [error, count] = co_await asio::async_write(socket_, asio::buffer(text), kAwait);
        is_sending_ = false;
        patience_.cancel();
        if (error) {
            close();
        }
    }

    Socket socket_;
    Parties parties_;
    asio::steady_timer patience_;
    Signal to_serve_;
    Signal to_read_;
    LineSplitter lines_{protocol::kMaxRequestLine};
    std::deque<std::string> requests_;
    std::size_t read_ahead_ = 0;
    std::unique_ptr<ControlJob> job_;
    int running_ = 0;
    bool is_greeted_;
    bool is_job_waiting_ = false;
    bool at_end_ = false;
    bool is_sending_ = false;
    bool closed_ = false;
};

}  // namespace

std::shared_ptr<ControlSession> ControlSession::start(Socket socket, Parties parties,
                                                      Greeting greeting) {
    auto session = std::make_shared<Session>(std::move(socket), std::move(parties), greeting);
    session->run();
    return session;
}

}  // namespace mainstay::supervisor
