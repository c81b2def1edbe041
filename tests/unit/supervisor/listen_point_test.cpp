/// What a line of `listen` means, and what is said of one that means nothing.
#include "supervisor/listen_point.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "unit/supervisor/conf_fixture.h"

using namespace mainstay::supervisor;

namespace {

using Kind = ListenPoint::Kind;
using Lines = std::vector<std::string>;

ListenPoint point_of(const std::string& value) {
    const ReadConf read = read_conf("listen = " + value);
    CHECK(read.problems() == Lines{});
    REQUIRE(read.definition.listen().size() == 1);
    return read.definition.listen().front();
}

std::string fault_of(const std::string& value) {
    const ReadConf read = read_conf("listen = " + value);
    CHECK(read.definition.listen().empty());
    return read.problems().size() == 1 ? read.problems().front() : "not one problem";
}

}  // namespace

TEST_CASE("listen: places are read, and written as they are read", "[listen]") {
    const std::string same =
        GENERATE(as<std::string>(), "tcp:127.0.0.1:80", "tcp:[::1]:65535", "tcp:[::]:1",
                 "udp:0.0.0.0:53", "udp:[fe80::1]:53", "unix:/run/web", "unix-dgram:/run/web",
                 "unix-seqpacket:/run/a:b", "fifo:/run/web");
    CHECK(to_string(point_of(same)) == same);
}

TEST_CASE("listen: an address has one form, whichever it is given in", "[listen]") {
    CHECK(to_string(point_of("tcp:[0:0:0::0001]:80")) == "tcp:[::1]:80");
    CHECK(point_of("tcp:[::ffff:1.2.3.4]:80").address == "::ffff:1.2.3.4");
    CHECK(is_same_place(point_of("tcp:[0::1]:80 name=a"), point_of("tcp:[::1]:080 on-demand=yes")));
    CHECK_FALSE(is_same_place(point_of("tcp:127.0.0.1:80"), point_of("udp:127.0.0.1:80")));
}

TEST_CASE("listen: options, and what is so without them", "[listen]") {
    ListenPoint plain;
    plain.kind = Kind::Unix;
    plain.path = "/run/web";
    CHECK(point_of("unix:/run/web") == plain);
    const ListenPoint full =
        point_of("unix:/run/web name=http mode=0660 user=web group=adm backlog=5 on-demand=yes");
    CHECK(full.name == "http");
    CHECK(full.mode == 0660);
    CHECK(full.user == "web");
    CHECK(full.group == "adm");
    CHECK(full.backlog == 5);
    CHECK(full.on_demand);
    CHECK_FALSE(point_of("fifo:/run/web on-demand=no").on_demand);
}

TEST_CASE("listen: each line is one more, and an empty one clears them", "[listen]") {
    const ReadConf two =
        read_conf("listen = tcp:127.0.0.1:80\nlisten = 'unix:/run/a b' mode=0600\n");
    REQUIRE(two.definition.listen().size() == 2);
    CHECK(two.definition.listen()[1].path == "/run/a b");
    CHECK_FALSE(two.definition.policy.on_demand);
    CHECK(read_conf("listen = fifo:/a\nlisten =\n").definition.listen().empty());
    const ReadConf over =
        read_conf(Lines{"listen = fifo:/a\n", "listen =\nlisten = fifo:/%n on-demand=yes\n"});
    REQUIRE(over.definition.listen().size() == 1);
    CHECK(over.definition.listen()[0].path == "/web");
    CHECK(over.definition.policy.on_demand);
}

TEST_CASE("listen: what is wrong is told with its place and what to write instead", "[listen]") {
    struct Row {
        const char* value;
        const char* problem;
    };
    const Row row = GENERATE(values<Row>({
        {"http",
         "1:10 listen: 'http' is not a place (tcp:ADDRESS:PORT, udp:ADDRESS:PORT, unix:PATH, "
         "unix-dgram:PATH, unix-seqpacket:PATH or fifo:PATH) and its options; for example listen "
         "= unix:/run/web.sock mode=0660 group=www-data"},
        {"tcp:80",
         "1:10 listen: the port is missing: write ADDRESS:PORT, as in 127.0.0.1:80 or "
         "[::1]:80"},
        {"tcp:[::1]80",
         "1:10 listen: the port is missing: write ADDRESS:PORT, as in 127.0.0.1:80 "
         "or [::1]:80"},
        {"tcp:[::1:80",
         "1:10 listen: the port is missing: write ADDRESS:PORT, as in 127.0.0.1:80 "
         "or [::1]:80"},
        {"tcp:::1:80", "1:10 listen: an IPv6 address stands in brackets, as in [::1]:80"},
        {"udp:localhost:53",
         "1:10 listen: 'localhost' is no address, and names are not looked up; 0.0.0.0 and [::] "
         "are all addresses of this machine"},
        {"tcp:[1.2.3.4]:53",
         "1:10 listen: '1.2.3.4' is no address, and names are not looked up; 0.0.0.0 and [::] are "
         "all addresses of this machine"},
        {"tcp:1.2.3.4:http", "1:10 listen: 'http' is no port: a number from 1 to 65535"},
        {"tcp:1.2.3.4:0", "1:10 listen: '0' is no port: a number from 1 to 65535"},
        {"tcp:1.2.3.4:65536", "1:10 listen: '65536' is no port: a number from 1 to 65535"},
        {"unix:web", "1:10 listen: 'web' is no absolute path of a file"},
        {"fifo:/run/", "1:10 listen: '/run/' is no absolute path of a file"},
        {"fifo:/a mode=888", "1:18 listen: mode=888 is not an octal number from 0 to 0777"},
        {"fifo:/a modus=1", "1:18 listen: 'modus=1' is no option; did you mean mode=?"},
        {"fifo:/a zzz",
         "1:18 listen: 'zzz' is no option; there are name=, mode=, user=, group=, "
         "backlog= and on-demand="},
        {"fifo:/a name=a name=b", "1:25 listen: name= is given twice"},
        {"fifo:/a name=a:b",
         "1:18 listen: name=a:b is not 1 to 255 printable characters without "
         "blank and colon"},
        {"fifo:/a user=", "1:18 listen: user= is not a name or number"},
        {"fifo:/a backlog=1", "1:18 listen: backlog= is for connections; fifo has none"},
        {"unix:/a backlog=0", "1:18 listen: backlog=0 is not a number from 1 to 2147483647"},
        {"tcp:1.2.3.4:80 mode=0600", "1:25 listen: mode= is for files; tcp has none"},
        {"fifo:/a on-demand=maybe", "1:18 listen: on-demand=maybe is not yes or no"},
    }));
    CHECK(fault_of(row.value) == row.problem);
}

TEST_CASE("listen: a path fits into an address of a socket", "[listen]") {
    const std::string path = "/" + std::string(kLongestSocketPath - 1, 'a');
    CHECK(point_of("unix:" + path).path == path);
    CHECK(fault_of("unix:" + path + "a") ==
          "1:10 listen: a socket's path has at most 107 bytes; this one has 108");
    CHECK(point_of("fifo:" + path + "a").path == path + "a");
}

TEST_CASE("listen: no place twice, and not very many", "[listen]") {
    CHECK(read_conf("listen = tcp:[::1]:80\nlisten = tcp:[0::1]:80 name=b\n").problems() ==
          Lines{"2:10 listen: tcp:[::1]:80 is given already"});
    std::string many;
    for (std::size_t i = 0; i < kMostListenPoints + 1; ++i) {
        many += "listen = fifo:/run/" + std::to_string(i) + "\n";
    }
    CHECK(read_conf(many).problems() == Lines{"33:10 listen: more than 32 of them"});
}

TEST_CASE("listen: names for the environment", "[listen]") {
    CHECK(is_descriptor_name(std::string(255, 'x')));
    CHECK_FALSE(is_descriptor_name(std::string(256, 'x')));
    CHECK_FALSE(is_descriptor_name(""));
    CHECK_FALSE(is_descriptor_name("a b"));
    CHECK_FALSE(is_descriptor_name("a\x7f"));
    CHECK(default_descriptor_name("web@1") == "web@1");
    CHECK(default_descriptor_name("a:b c\n") == "a_b_c_");
}

TEST_CASE("listen: what is waited for in words", "[listen]") {
    const ReadConf read = read_conf(
        "listen = tcp:127.0.0.1:80 on-demand=yes\nlisten = fifo:/a\nlisten = unix:/b "
        "on-demand=yes\n");
    CHECK(words_of_waiting(read.definition.listen()) ==
          "waiting for a connection on tcp:127.0.0.1:80, unix:/b");
    CHECK(words_of_waiting({}).empty());
}

TEST_CASE("listen: what may not go together with it", "[listen]") {
    CHECK(read_conf("type = oneshot\nlisten = fifo:/a on-demand=yes\n").problems() ==
          Lines{"2:1 a oneshot runs once; on-demand=yes is for a service that may be started "
                "again"});
    CHECK(read_conf("type = group\nlisten = fifo:/a\n").problems().size() == 1);
    CHECK(read_conf("ready = fd 4\nlisten = fifo:/a\nlisten = fifo:/b\n").problems() ==
          Lines{"3:1 descriptor 4, on which it says that it is ready, is one of those that listen "
                "and fd-store-max may pass (3 to 4); choose one behind them"});
    CHECK(read_conf("ready = fd 5\nlisten = fifo:/a\nlisten = fifo:/b\n").problems().empty());
    CHECK(read_conf("stdin = socket\nlisten = fifo:/a\n").problems().empty());
    CHECK(read_conf("stdin = socket\nlisten = fifo:/a\nlisten = fifo:/b\n").problems() ==
          Lines{"1:1 stdin = socket takes what listen opens, and there must be one; here are 2"});
}
