#include "supervisor/descriptor_channel.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace mainstay::supervisor {

Result<int> DescriptorChannel::open() {
    close();
    TRY(Pipe pipe, make_pipe());
    // Only our end: whether the service's may block is not ours to decide.
    if (::fcntl(pipe.read_end.get(), F_SETFL, O_NONBLOCK) < 0) {
        return last_error("fcntl");
    }
    pipe_ = std::move(pipe);
    return pipe_.write_end.get();
}

void DescriptorChannel::restore(UniqueFd read_end) noexcept {
    close();
    pipe_.read_end = std::move(read_end);
}

void DescriptorChannel::born(Listener listener) {
    if (!pipe_.read_end.valid()) {
        return;
    }
    pipe_.write_end.reset();
    listener_ = std::move(listener);
    watch_ = loop_.watch_readable(pipe_.read_end.get(), [this] { hear(); });
}

void DescriptorChannel::hear() {
    constexpr int kReadsAtOnce = 16;
    std::array<char, 4096> buffer;
    for (int i = 0; i < kReadsAtOnce && listener_; ++i) {
        const ssize_t count = ::read(pipe_.read_end.get(), buffer.data(), buffer.size());
        if (count < 0) {
            return;
        }
        const auto size = static_cast<std::size_t>(count);
        if (size == 0 || std::memchr(buffer.data(), '\n', size) != nullptr) {
            const Listener listener = std::exchange(listener_, nullptr);
            close();
            return listener(size == 0 ? Heard::End : Heard::Newline);
        }
    }
}

void DescriptorChannel::close() noexcept {
    watch_.reset();
    listener_ = nullptr;
    pipe_ = Pipe();
}

}  // namespace mainstay::supervisor
