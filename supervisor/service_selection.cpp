#include "supervisor/service_selection.h"

#include <set>

#include "common/nearest.h"
#include "supervisor/name_pattern.h"

namespace mainstay::supervisor {
namespace {

std::string_view nearest_service(const ServiceSet& services, std::string_view name) {
    std::vector<std::string_view> names;
    for (const ServiceId id : services.all()) {
        names.emplace_back(services.find(id)->name);
    }
    return nearest_word(name, names);
}

std::string sentence_for(const ServiceSet& services, const std::string& name) {
    if (is_pattern(name)) {
        return "no service matches " + name;
    }
    const std::string_view nearest = nearest_service(services, name);
    std::string sentence = "no service " + name;
    if (nearest.empty()) {
        return sentence + "; svctl list names those that there are";
    }
    return sentence.append("; did you mean ").append(nearest).append("?");
}

}  // namespace

std::vector<Selected> select_services(const ServiceSet& services,
                                      const std::vector<std::string>& names) {
    std::vector<Selected> selected;
    std::set<ServiceId> seen;
    const auto take = [&](const Service& service) {
        if (seen.insert(service.id).second) {
            selected.push_back({service.name, service.id});
        }
    };
    const auto take_matching = [&](std::string_view pattern) {
        bool any = false;
        for (const ServiceId id : services.all()) {
            const Service* service = services.find(id);
            if (!service->feeder && matches_pattern(pattern, service->name)) {
                take(*service);
                any = true;
            }
        }
        return any;
    };
    if (names.empty()) {
        take_matching("*");
    }
    for (const std::string& name : names) {
        if (const Service* service = services.find(name)) {
            take(*service);
        } else if (!is_pattern(name) || !take_matching(name)) {
            selected.push_back({name, 0});
        }
    }
    return selected;
}

std::string unknown_service(const ServiceSet& services, protocol::RequestId request,
                            const std::string& name) {
    return encode(protocol::ServiceError{request, name, protocol::ErrorCode::UnknownService,
                                         sentence_for(services, name), std::nullopt});
}

}  // namespace mainstay::supervisor
