#include "init/shutdown_command.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using mainstay::init::append_for_terminal;
using mainstay::init::kMaxShutdownMessage;
using mainstay::init::Quiet;
using mainstay::init::read_shutdown_command;
using mainstay::init::Request;
using mainstay::init::shutdown_warning;
using mainstay::init::ShutdownCommand;
using mainstay::init::ShutdownTime;
using mainstay::init::WallText;
using Ask = ShutdownCommand::Ask;

namespace {

ShutdownCommand read(std::vector<std::string> words) {
    words.insert(words.begin(), "shutdown");
    std::vector<char*> argv;
    for (std::string& word : words) {
        argv.push_back(word.data());
    }
    argv.push_back(nullptr);
    return read_shutdown_command(static_cast<int>(words.size()), argv.data());
}

std::string complaint(std::vector<std::string> words) {
    const ShutdownCommand command = read(std::move(words));
    return command.ask == Ask::Complain ? command.complaint.c_str() : "none";
}

ShutdownTime after(std::uint32_t minutes) {
    return {ShutdownTime::Kind::After, minutes};
}
ShutdownTime at(std::uint32_t minutes) {
    return {ShutdownTime::Kind::At, minutes};
}

std::string on_terminal(std::string_view text) {
    WallText out;
    append_for_terminal(out, text);
    return out.c_str();
}

constexpr char kWays[] = "; write now, +MINUTES, +HOURS:MINUTES, or HH:MM by the clock";

}  // namespace

TEST_CASE("a time is now, minutes, hours and minutes, or a time of day", "[shutdown]") {
    CHECK(read({"now"}).time == after(0));
    CHECK(read({"+0"}).time == after(0));
    CHECK(read({"5"}).time == after(5));
    CHECK(read({"+5"}).time == after(5));
    CHECK(read({"+1:30"}).time == after(90));
    CHECK(read({"+99999:59"}).time == after(5'999'999));
    CHECK(read({"0:00"}).time == at(0));
    CHECK(read({"23:59"}).time == at(1439));
    CHECK(read({"9:5"}).time == at(545));
    CHECK(read({"-g", "22:30", "a", "message"}).time == at(1350));
}

TEST_CASE("a wrong time is named, and how to write it", "[shutdown]") {
    CHECK(complaint({"-h"}) ==
          std::string("there is no time: now, +MINUTES, +HOURS:MINUTES, or HH:MM by the clock"));
    CHECK(complaint({"soon"}) ==
          std::string("time 'soon': not a number of minutes from 0 to 5999940") + kWays);
    CHECK(complaint({"24:00"}) ==
          std::string("time '24:00': '24' is not an hour from 0 to 23") + kWays);
    CHECK(complaint({"12:60"}) ==
          std::string("time '12:60': '60' is not a minute from 0 to 59") + kWays);
    CHECK(complaint({"12:005"}) ==
          std::string("time '12:005': '005' is not a minute from 0 to 59") + kWays);
    const std::string wrong = GENERATE("", "+", "++5", "-5:00", "5m", "1:2:3", ":30", "12:", "NOW",
                                       "0x10", "5999941", "99999999999999999999", "+100000:00");
    INFO(wrong);
    CHECK(read({"--", wrong}).ask == Ask::Complain);
}

TEST_CASE("what becomes of the system is sysvinit's letters", "[shutdown]") {
    CHECK(read({"now"}).request == Request::PowerOff);
    CHECK(read({"-h", "now"}).request == Request::PowerOff);
    CHECK(read({"-P", "now"}).request == Request::PowerOff);
    CHECK(read({"-hP", "now"}).request == Request::PowerOff);
    CHECK(read({"-hH", "now"}).request == Request::Halt);
    CHECK(read({"-H", "now"}).request == Request::Halt);
    CHECK(read({"-r", "now"}).request == Request::Reboot);
    CHECK(read({"now", "-r"}).request == Request::Reboot);
    CHECK(read({"-i", "6", "-y", "now"}).request == Request::Reboot);
    CHECK(read({"-i0", "now"}).request == Request::PowerOff);
    CHECK(complaint({"-r", "-H", "now"}) ==
          "-H says how to halt, but this is to be a reboot: leave it out, or -r");
    CHECK(complaint({"-i1", "now"}) ==
          "-i 1: shutdown goes to 0 and 6; for another runlevel there is telinit");
}

TEST_CASE("all other options are taken, as inittab's ctrlaltdel line has them", "[shutdown]") {
    const ShutdownCommand usual = read({"-t1", "-a", "-r", "now"});
    CHECK(usual.ask == Ask::Shutdown);
    CHECK(usual.patience_seconds == 1);
    CHECK(usual.needs_allowed_user);
    CHECK(usual.request == Request::Reboot);

    const ShutdownCommand all = read({"-kfFqt", "30", "+1"});
    CHECK((all.only_warns && all.skips_fsck && all.forces_fsck && all.quiet == Quiet::Some));
    CHECK(all.patience_seconds == 30);
    CHECK(read({"-Q", "+1"}).quiet == Quiet::Full);
    CHECK(read({"-t", "0", "now"}).patience_seconds == 1);
    CHECK(read({"now"}).patience_seconds == 0);
    CHECK(read({"--help"}).ask == Ask::Help);
}

TEST_CASE("a wrong option is named", "[shutdown]") {
    CHECK(complaint({"-x", "now"}) == "there is no option -x");
    CHECK(complaint({"-hx", "now"}) == "there is no option -x");
    CHECK(complaint({"--reboot", "now"}) == "there is no option --reboot");
    CHECK(complaint({"now", "-t"}) == "-t needs an argument");
    CHECK(complaint({"-t", "301", "now"}) == "-t 301: not a number of seconds from 0 to 300");
    CHECK(complaint({"-t", "x", "now"}) == "-t x: not a number of seconds from 0 to 300");
    CHECK(complaint({"-n", "now"}) ==
          "-n: PID 1 takes the system down, in order; at once is reboot -f");
}

TEST_CASE("what follows the time is the message", "[shutdown]") {
    CHECK(read({"+5", "new", "disk"}).message == std::string_view("new disk"));
    CHECK(read({"+5", "new disk"}).message == std::string_view("new disk"));
    CHECK(read({"+5"}).message.empty());
    CHECK(read({"-c", "we", "stay"}).message == std::string_view("we stay"));
    CHECK(read({"-c"}).ask == Ask::Cancel);
    CHECK(read({"+5", std::string(1000, 'x')}).message.size() == kMaxShutdownMessage);
}

TEST_CASE("a warning is the message, and what happens when", "[shutdown]") {
    const ShutdownCommand command = read({"-r", "+5", "new disk"});
    CHECK(shutdown_warning(command, 5).view() ==
          "new disk\r\nThe system is going down for reboot in 5 minutes!\r\n");
    CHECK(shutdown_warning(read({"+1"}), 1).view() ==
          "The system is going down for power-off in 1 minute!\r\n");
    CHECK(shutdown_warning(read({"-H", "now"}), 0).view() ==
          "The system is going down for halt NOW!\r\n");
}

TEST_CASE("a terminal gets no control characters", "[shutdown]") {
    CHECK(on_terminal("plain\n") == "plain\r\n");
    CHECK(on_terminal("a\tb") == "a b");
    CHECK(on_terminal("\033[2J\007\r\x7f") == "?[2J???");
    CHECK(on_terminal("Gr\xc3\xbc\xc3\x9f"
                      "e \xe2\x82\xac") ==
          "Gr\xc3\xbc\xc3\x9f"
          "e \xe2\x82\xac");
    CHECK(on_terminal("\xc2\x9b"
                      "1m") == "?1m");  // CSI in one character
    CHECK(on_terminal("\xff\xc3") == "??");
    CHECK(on_terminal(std::string(5000, '\n')).size() <= WallText::capacity());
}
