#include "ctl/socket_place.h"

#include <catch2/catch.hpp>
#include <cerrno>

using namespace mainstay::ctl;
using mainstay::protocol::ExitCode;
using Origin = SocketPlace::Origin;

TEST_CASE("the socket is named by option, variable or user, in this order", "[place]") {
    CHECK(choose_socket("/o", "/v", "/x", User::Other) == SocketPlace{"/o", Origin::Option});
    CHECK(choose_socket(std::nullopt, "/v", "/x", User::Other) ==
          SocketPlace{"/v", Origin::Variable});
    CHECK(choose_socket(std::nullopt, "", "/x", User::Other) ==
          SocketPlace{"/x/mainstay/control", Origin::UserDefault});
    CHECK(choose_socket(std::nullopt, "", "/x", User::Root) ==
          SocketPlace{"/run/mainstay/control", Origin::SystemDefault});
    CHECK(choose_socket(std::nullopt, "", "", User::Other) ==
          SocketPlace{"/run/mainstay/control", Origin::SystemDefault});
}

TEST_CASE("no supervisor: the sentence tells what, where and what to do", "[place]") {
    const SocketPlace place{"/s", Origin::Variable};
    const Trouble missing = cannot_connect(place, ENOENT);
    CHECK(missing.exit == ExitCode::NoSupervisor);
    CHECK(missing.message ==
          "no supervisor at /s (from SVCTL_SOCKET): there is no such socket; start supervisor with "
          "this path, or correct it");
    CHECK(
        cannot_connect({"/s", Origin::SystemDefault}, ENOENT).message ==
        "no supervisor at /s: there is no such socket; start supervisor, or say with --control or "
        "SVCTL_SOCKET where its socket is");
    CHECK(cannot_connect({"/s", Origin::UserDefault}, ENOENT)
              .message.find("--control /run/mainstay/control") != std::string::npos);
    CHECK(cannot_connect(place, ECONNREFUSED).message.find("nobody listens") != std::string::npos);
    CHECK(cannot_connect(place, ECONNREFUSED).exit == ExitCode::NoSupervisor);
    CHECK(cannot_connect(place, EACCES).exit == ExitCode::NotPermitted);
    CHECK(cannot_connect(place, EACCES).message.find("try it as root") != std::string::npos);
    CHECK(cannot_connect(place, ENAMETOOLONG).message.find("107 bytes") != std::string::npos);
    CHECK(cannot_connect(place, EPROTOTYPE).message.find("connect: Protocol wrong type") !=
          std::string::npos);
}

TEST_CASE("each way of not answering has its own sentence", "[place]") {
    using namespace std::chrono_literals;
    const SocketPlace place{"/s", Origin::Option};
    CHECK(no_answer(place, 5s).exit == ExitCode::TimedOut);
    CHECK(no_answer(place, 5s).message.find("did not answer within 5 s") != std::string::npos);
    CHECK(ended_before_greeting(place).message.find("without a greeting") != std::string::npos);
    CHECK(ended_early(place, ECONNRESET).message.find("(Connection reset by peer)") !=
          std::string::npos);
    CHECK(ended_early(place, 0).message.find("see svctl status") != std::string::npos);
    CHECK(not_a_supervisor(place, "reason").message ==
          "what listens at /s (from --control) is no supervisor of Mainstay: reason");
    CHECK(other_protocol(place, {"9.0", "", 9, 1})
              .message.find("is version 9.0 and speaks protocol 9, this svctl speaks protocol 1") !=
          std::string::npos);
}
