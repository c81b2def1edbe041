/// enable, disable, rescan, add and remove: what they change is changed when they answer; what
/// becomes of the services then is for `wait` and `status` to tell.
#include <map>
#include <utility>

#include "supervisor/jobs.h"
#include "supervisor/service_selection.h"

namespace mainstay::supervisor {
namespace {

using protocol::ChangeReply;
using protocol::ErrorCode;
using protocol::ExitCode;
using protocol::Request;
using protocol::Verb;

class Configuration {
  public:
    Configuration(ControlHandler& handler, const Request& request)
        : os_(handler.os()), request_(request) {}

    std::string answer() {
        if (os_.services.is_stopping() && request_.verb != Verb::Disable) {
            return encode(protocol::Refusal{request_.id, ErrorCode::ShuttingDown,
                                            "the system stops, nothing is started any more"});
        }
        obey();
        return std::move(out_.append(encode(protocol::Done{request_.id, exit_})));
    }

  private:
    void obey() {
        if (request_.verb == Verb::Enable) {
            enable();
        } else if (request_.verb == Verb::Disable) {
            disable();
        } else if (request_.verb == Verb::Add) {
            add();
        } else if (request_.verb == Verb::Remove) {
            remove();
        } else {
            rescan();
        }
    }

    /// Services by name, and where they are defined; a logger goes with its service.
    std::map<std::string, std::string> present() const {
        std::map<std::string, std::string> services;
        for (const ServiceId id : os_.services.all()) {
            const Service& service = *os_.services.find(id);
            if (service.feeder == 0 && !service.leaving) {
                services.emplace(service.name, service.definition.path);
            }
        }
        return services;
    }

    void rescan() {
        const auto before = present();
        os_.enablement.look_again();
        const auto after = present();
        for (const auto& [name, path] : before) {
            if (after.count(name) == 0) {
                out_ += encode(ChangeReply{request_.id,
                                           name,
                                           "removed",
                                           {},
                                           path,
                                           "",
                                           os_.services.comes_back(name)
                                               ? "another directory takes its name when it is down"
                                               : ""});
            }
        }
        for (const auto& [name, path] : after) {
            if (before.count(name) == 0) {
                out_ += encode(ChangeReply{request_.id, name, "added", {}, path, "", ""});
            }
        }
        for (const DefinitionChange& change : os_.services.rescan()) {
            tell(change);
        }
    }

    void tell(const DefinitionChange& change) {
        using When = DefinitionChange::When;
        if (change.when == When::Refused) {
            complain(change.service, {ErrorCode::ServiceFailed,
                                      change.changes.front() +
                                          "; its definition cannot be used as it is, and the one "
                                          "before stays"});
            return;
        }
        out_ += encode(ChangeReply{
            request_.id, change.service, "changed", change.changes, "", "",
            change.when == When::Now ? "counts at once" : "counts from its next start on"});
    }

    void enable() {
        if (!request_.path.empty()) {
            tell(request_.path, "enabled",
                 os_.enablement.enable_path(request_.path, request_.place));
        }
        for (const std::string& name : request_.services) {
            tell(name, "enabled", os_.enablement.enable(name, request_.place));
        }
        os_.enablement.look_again();
    }

    void disable() {
        for (const std::string& name : request_.services) {
            tell(name, "disabled", os_.enablement.disable(name, request_.place));
        }
        os_.enablement.look_again();
    }

    void add() {
        const EnableResult examined = os_.enablement.examine(request_.path);
        const auto* found = std::get_if<EnabledLink>(&examined);
        if (found != nullptr && os_.services.find(found->name) != nullptr) {
            complain(found->name, {ErrorCode::ServiceFailed,
                                   "there is a service of that name already; remove it first, or "
                                   "rename the directory"});
            return;
        }
        if (found != nullptr) {
            os_.services.add(found->name, request_.path);
        }
        tell(request_.path, "added", examined);
    }

    void remove() {
        for (const Selected& each : select_services(os_.services, request_.services)) {
            const Service* service = os_.services.find(each.id);
            if (service == nullptr) {
                out_ += unknown_service(os_.services, request_.id, each.name);
                count(ErrorCode::UnknownService);
            } else if (service->feeder) {
                complain(each.name,
                         {ErrorCode::ServiceFailed, "it is a logger, and goes with its service"});
            } else {
                const std::string path = service->definition.path;
                os_.services.remove(each.name);
                ChangeReply change{request_.id, each.name, "removed", {}, path, "", ""};
                change.message = os_.enablement.is_enabled(each.name)
                                     ? "until the supervisor starts again: it is enabled"
                                     : "";
                out_ += encode(change);
            }
        }
    }

    void tell(const std::string& subject, const char* change, const EnableResult& result) {
        if (const auto* fault = std::get_if<EnableFault>(&result)) {
            complain(subject, *fault);
            return;
        }
        const auto& link = std::get<EnabledLink>(result);
        out_ += encode(ChangeReply{request_.id,
                                   link.name,
                                   change,
                                   {},
                                   link.path,
                                   link.target,
                                   link.was_so ? "it was already" : ""});
    }

    void complain(const std::string& subject, const EnableFault& fault) {
        out_ += encode(
            protocol::ServiceError{request_.id, subject, fault.code, fault.message, std::nullopt});
        count(fault.code);
    }

    void count(ErrorCode code) { exit_ = worse_of(exit_, exit_code(code)); }

    const ControlHandler::Ports& os_;
    const Request& request_;
    std::string out_;
    ExitCode exit_ = ExitCode::Done;
};

}  // namespace

std::string configure(ControlHandler& handler, const Request& request) {
    return Configuration(handler, request).answer();
}

}  // namespace mainstay::supervisor
