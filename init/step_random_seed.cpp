#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "common/fd_io.h"
#include "init/steps.h"

// Something of the last run goes into the kernel's generator, and something new is kept for the
// next one. Never credited as entropy: every copy of an image has the same file, and the kernel
// fills its pool by itself. It makes two machines differ earlier, and promises nothing.

namespace mainstay::init {
namespace {

constexpr char kDirectory[] = "/var/lib/mainstay";
constexpr char kSeed[] = "/var/lib/mainstay/random-seed";
constexpr char kNewSeed[] = "/var/lib/mainstay/random-seed.new";
constexpr std::size_t kSeedSize = 512;

Result<void> keep_new_seed() noexcept {
    std::array<char, kSeedSize> seed;
    // Without waiting: what is not ready yet is mixed again at the next boot.
    if (::getrandom(seed.data(), seed.size(), GRND_INSECURE) != static_cast<ssize_t>(seed.size())) {
        return last_error("getrandom");
    }
    TRY(const UniqueFd fd, open_file(kNewSeed, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600));
    TRY_VOID(write_all(fd.get(), {seed.data(), seed.size()}));
    if (::fsync(fd.get()) != 0) {
        return last_error("fsync");
    }
    return std::rename(kNewSeed, kSeed) == 0 ? Result<void>() : last_error("rename");
}

}  // namespace

StepResult step_random_seed(const StepContext& context) noexcept {
    std::array<char, kSeedSize> seed;
    const auto old = read_file(kSeed, seed);
    if (old && !old->empty()) {
        const auto mixed = write_file("/dev/urandom", *old);
        if (!mixed) {
            context.log.warning("random-seed: /dev/urandom: %s", errno_text(mixed.error().code));
        }
    }
    if (::mkdir(kDirectory, 0755) != 0 && errno == ENOENT) {
        return StepResult::Done;  // no /var/lib: nothing is kept on this system
    }
    const auto kept = keep_new_seed();
    if (!kept && kept.error().code != EROFS) {
        context.log.warning("%s: %s: %s", kSeed, kept.error().action,
                            errno_text(kept.error().code));
        return StepResult::Failed;
    }
    return StepResult::Done;
}

}  // namespace mainstay::init
