// What a supervisor leaves of output, and the next one takes up: from a keeper, or out of a svlog
// that goes on alone. svlog is a child that holds its arena and does nothing.
#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include "fakes/fake_keeper.h"
#include "fakes/fake_os.h"
#include "supervisor/log_pipes.h"
#include "supervisor/svlog_fetch.h"
#include "unit/supervisor/temporary_tree.h"

using namespace mainstay;
using namespace mainstay::supervisor;

namespace {

constexpr ServiceId kWeb = 4;
constexpr ServiceId kGone = 5;
constexpr ServiceId kLogger = 7;

void write_to(int fd, std::string_view text) {
    REQUIRE(write_all(fd, text));
}

/// Supervisors one after the other, with one keeper.
class Generations {
  public:
    Generations() {
        begin();
        know_all_but_gone();
    }

    LogPipes& pipes() noexcept { return *pipes_; }
    fakes::FakeKeeper& keeper() noexcept { return keeper_; }
    fakes::FakeJournal& journal() noexcept { return journal_; }

    Streams streams_of(ServiceId service, const std::string& name) {
        const auto streams = pipes_->streams_of({service, name, nullptr, LogUse::Wanted});
        REQUIRE(streams);
        return *streams;
    }

    /// A process of the service: it keeps what it was given.
    UniqueFd output_of(ServiceId service, const std::string& name) {
        return UniqueFd(::fcntl(streams_of(service, name).output, F_DUPFD_CLOEXEC, 0));
    }

    std::vector<KeptLog> handed_back() const {
        std::vector<KeptLog> handed;
        for (const auto& [key, descriptors] : keeper_.kept) {
            KeptLog one{key.first, key.second, "name of " + std::to_string(key.second), {}};
            for (const UniqueFd& fd : descriptors) {
                one.descriptors.emplace_back(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
            }
            handed.push_back(std::move(one));
        }
        return handed;
    }

    /// It dies, and the next one begins.
    void begin() {
        pipes_.reset();
        loop_ = std::make_unique<Loop>();
        LogPipesSettings settings;
        settings.svlog.program = "/nowhere/svlog";
        pipes_ = std::make_unique<LogPipes>(*loop_, journal_, keeper_, std::move(settings));
    }
    void next() {
        begin();
        pipes_->restore(handed_back());
    }
    void know_all_but_gone() {
        pipes_->restored([](ServiceId service) { return service != kGone; });
    }

    template <typename Condition>
    void turn_until(Condition holds) {
        const MonotonicTime deadline = monotonic_now() + std::chrono::seconds(30);
        while (!holds()) {
            REQUIRE(monotonic_now() < deadline);
            loop_->run_what_is_ready();
            ::sched_yield();
        }
    }
    void wait_text(ServiceId service, const std::string& text) {
        turn_until([&] { return pipes_->read_from(service, 0).bytes == text; });
    }

  private:
    std::unique_ptr<Loop> loop_;
    fakes::FakeJournal journal_;
    fakes::FakeKeeper keeper_;
    std::unique_ptr<LogPipes> pipes_;
};

/// A process that is the writer of an arena, until it is killed.
class Writer {
  public:
    explicit Writer(svlog::ArenaDescriptors arena) {
        auto ready = make_pipe();
        REQUIRE(ready);
        pid_ = ::fork();
        if (pid_ == 0) {
            const auto placed = svlog::place(std::move(arena));
            if (placed && svlog::become_writer(placed->memory.get())) {
                static_cast<void>(write_all(ready->write_end.get(), "!"));
            }
            for (;;) {
                ::pause();
            }
        }
        std::array<char, 1> answer;
        REQUIRE(read_up_to(ready->read_end.get(), answer));
    }
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
    ~Writer() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
        }
    }

    pid_t pid() const noexcept { return pid_; }
    bool was_killed() {
        int status = 0;
        if (::waitpid(pid_, &status, WNOHANG) != pid_) {
            return false;
        }
        pid_ = 0;
        return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    }

  private:
    pid_t pid_ = 0;
};

}  // namespace

TEST_CASE("a stream goes on under the next supervisor", "[log_pipes]") {
    Generations g;
    const UniqueFd output = g.output_of(kWeb, "web");
    write_to(output.get(), "before\n");
    g.wait_text(kWeb, "before\n");
    const LogCursor seen = g.pipes().read_from(kWeb, 0).next;
    g.begin();  // the first is dead, the second does not know yet
    write_to(output.get(), "between\n");
    g.next();
    CHECK(g.pipes().read_from(kWeb, 0).bytes == "before\n");
    const Streams again = g.streams_of(kWeb, "web");
    g.know_all_but_gone();
    write_to(again.output, "after\n");
    g.wait_text(kWeb, "before\nbetween\nafter\n");
    CHECK(g.pipes().read_from(kWeb, seen).bytes == "between\nafter\n");
    CHECK(g.pipes().read_from(kWeb, seen).lost == 0);
    CHECK(g.output_of(kGone, "another").get() >= 0);
    CHECK(g.pipes().read_from(kGone, 0).bytes.empty());
}

TEST_CASE("what a service left is kept as its definition says, though it does not run",
          "[log_pipes]") {
    Generations g;
    const UniqueFd output = g.output_of(kWeb, "web");
    g.begin();
    const std::string line = std::string(99, 'x') + "\n";
    for (int lines = 0; lines < 100; ++lines) {
        write_to(output.get(), line);
    }
    write_to(output.get(), "last words\n");
    g.next();
    LogSettings settings;
    settings.memory = 4096;
    g.pipes().describe({kWeb, "web", std::make_shared<const LogSettings>(settings)});
    g.pipes().describe({kLogger, "never ran", nullptr});
    g.know_all_but_gone();
    const auto memory = [&] { return g.pipes().read_from(kWeb, 0); };
    g.turn_until([&] { return memory().bytes.find("last words") != std::string::npos; });
    CHECK(memory().bytes.size() <= settings.memory);
    CHECK(memory().lost > 0);
    CHECK(g.keeper().kept.count({KeptKind::LogPipe, kLogger}) == 0);
}

TEST_CASE("what is kept is what is in use", "[log_pipes]") {
    Generations g;
    const auto kept = [&](KeptKind kind, ServiceId id) {
        const auto found = g.keeper().kept.find({kind, id});
        return found == g.keeper().kept.end() ? 0 : found->second.size();
    };
    CHECK(kept(KeptKind::Arena, 0) == 0);
    REQUIRE(g.pipes().connect(kWeb, kLogger));
    CHECK(kept(KeptKind::LoggerPipe, kLogger) == 2);
    CHECK(g.streams_of(kLogger, "logger").output >= 0);
    CHECK(kept(KeptKind::LogPipe, kLogger) == 2);
    CHECK(kept(KeptKind::Arena, 0) == 3);
    g.pipes().close_input(kLogger);
    CHECK(kept(KeptKind::LoggerPipe, kLogger) == 1);
    g.pipes().forget(kLogger);
    CHECK(kept(KeptKind::LoggerPipe, kLogger) == 0);
    // It stays until svlog has read what is in it.
    CHECK(kept(KeptKind::LogPipe, kLogger) == 2);
}

TEST_CASE("a logger reads on what its writers write on", "[log_pipes]") {
    Generations g;
    REQUIRE(g.pipes().connect(kWeb, kLogger));
    const UniqueFd output = g.output_of(kWeb, "web");
    write_to(output.get(), "one\n");
    g.next();
    REQUIRE(g.pipes().connect(kWeb, kLogger));
    g.know_all_but_gone();
    write_to(g.streams_of(kWeb, "web").output, "two\n");
    std::array<char, 8> text;
    const auto read = read_up_to(g.streams_of(kLogger, "logger").input, text);
    REQUIRE(read);
    CHECK(*read == "one\ntwo\n");
}

TEST_CASE("what nobody claims is read all the same", "[log_pipes]") {
    Generations g;
    const UniqueFd output = g.output_of(kGone, "gone");
    g.begin();
    write_to(output.get(), "last words\n");
    g.next();
    g.know_all_but_gone();
    CHECK(g.keeper().kept.count({KeptKind::LogPipe, kGone}) == 1);
    // The slot of one that leaves is not given to another.
    write_to(g.streams_of(kWeb, "web").output, "new\n");
    g.wait_text(kWeb, "new\n");
}

TEST_CASE("descriptors that make no sense are told and done without", "[log_pipes]") {
    Generations g;
    std::vector<KeptLog> kept;
    KeptLog odd{KeptKind::LogPipe, kWeb, "web", {}};
    SECTION("none") {}
    SECTION("no pipe") {
        odd.descriptors.emplace_back(::open("/dev/null", O_RDWR | O_CLOEXEC));
    }
    SECTION("an arena of one") {
        odd.kind = KeptKind::Arena;
        odd.descriptors.emplace_back(::open("/dev/null", O_RDWR | O_CLOEXEC));
    }
    kept.push_back(std::move(odd));
    g.pipes().restore(std::move(kept));
    g.know_all_but_gone();
    CHECK(g.journal().has("is lost: not what was given to be kept"));
    write_to(g.streams_of(kWeb, "web").output, "all the same\n");
    g.wait_text(kWeb, "all the same\n");
}

TEST_CASE("a svlog that is still there ends before another reads", "[log_pipes]") {
    Generations g;
    const UniqueFd output = g.output_of(kWeb, "web");
    write_to(output.get(), "kept\n");
    g.begin();
    auto left = g.handed_back();
    const auto arena = std::find_if(left.begin(), left.end(),
                                    [](const KeptLog& one) { return one.kind == KeptKind::Arena; });
    REQUIRE(arena != left.end());
    Writer svlog({std::move(arena->descriptors[0]),
                  {std::move(arena->descriptors[1]), std::move(arena->descriptors[2])}});
    g.next();
    CHECK_FALSE(svlog.was_killed());
    g.know_all_but_gone();
    g.turn_until([&] { return svlog.was_killed(); });
    g.wait_text(kWeb, "kept\n");
}

TEST_CASE("pipes are taken out of a svlog that goes on alone", "[log_pipes]") {
    const TemporaryTree tree;
    const std::string record = tree.path("svlog");
    fakes::FakeJournal journal;
    auto arena = svlog::make_arena();
    REQUIRE(arena);
    auto pipe = make_pipe();
    REQUIRE(pipe);
    {
        const auto mapping = svlog::ArenaMapping::map(arena->memory.get());
        REQUIRE(mapping);
        svlog::store(mapping->arena().header().used_slots, 4U);
        svlog::store(mapping->arena().slot(3).owner, kWeb);
        svlog::store(mapping->arena().slot(3).pipe,
                     static_cast<std::uint32_t>(pipe->read_end.get()) + 1);
    }
    const Writer svlog(std::move(*arena));
    note_svlog(record, svlog.pid(), journal);
    const auto kept = fetch_from_svlog(record, journal);
    if (kept.empty()) {
        // Where the system does not let us, that is said.
        CHECK(journal.has("its pipes cannot be taken over"));
        return;
    }
    REQUIRE(kept.size() == 2);
    CHECK(kept[0].kind == KeptKind::Arena);
    CHECK(kept[1].service == kWeb);
    REQUIRE(kept[1].descriptors.size() == 2);
    write_to(kept[1].descriptors[1].get(), "to and fro");
    std::array<char, 10> text;
    CHECK(*read_up_to(pipe->read_end.get(), text) == "to and fro");
}

TEST_CASE("a record may hold anything", "[log_pipes]") {
    const TemporaryTree tree;
    fakes::FakeJournal journal;
    CHECK(fetch_from_svlog(tree.path("missing"), journal).empty());
    tree.write("record", GENERATE("", "x", "-1\n", "0\n", "99999999999999\n"));
    CHECK(fetch_from_svlog(tree.path("record"), journal).empty());
    note_svlog(tree.path("record"), ::getpid(), journal);
    CHECK(fetch_from_svlog(tree.path("record"), journal).empty());
}
