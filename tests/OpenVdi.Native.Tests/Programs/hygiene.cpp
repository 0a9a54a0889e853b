// What the library leaves changed in its host: a look before its first call and one after Close, and a line for each
// difference. What a line says is for the test to judge.
//
//   hygiene default|ignored|own      what the host has made of SIGPIPE
#include <cerrno>
#include <chrono>
#include <clocale>
#include <csignal>
#include <dirent.h>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "check.h"

extern char **environ;

static void own_handler(int) {}

// What stands in a folder of /proc, without the descriptor that reads it.
static std::vector<std::string> entries(const char *folder)
{
    std::vector<std::string> found;
    DIR *directory = opendir(folder);
    EXPECT(directory != nullptr);
    std::string own = std::to_string(dirfd(directory));
    while (dirent *entry = readdir(directory)) {
        if (entry->d_name[0] != '.' && entry->d_name != own) {
            found.push_back(entry->d_name);
        }
    }
    closedir(directory);
    return found;
}

static std::string first_line(const std::string &path)
{
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

struct Look
{
    std::map<int, std::string> signals;
    std::map<std::string, std::string> descriptors;
    std::map<std::string, std::string> threads;
    std::set<std::string> mappings;
    std::map<std::string, std::string> others;
};

static std::string disposition(int number)
{
    struct sigaction action;
    if (sigaction(number, nullptr, &action) != 0) {
        return "none";
    }
    // By address: another handler in the place of the host's would be a difference too.
    char text[64];
    std::snprintf(text, sizeof text, "%s flags 0x%X at %p",
        action.sa_handler == SIG_DFL ? "default" : action.sa_handler == SIG_IGN ? "ignored"
            : action.sa_handler == own_handler ? "the host's" : "a handler",
        static_cast<unsigned>(action.sa_flags), reinterpret_cast<void *>(action.sa_handler));
    return text;
}

static std::string limits()
{
    std::string text;
    for (int resource = 0; resource < RLIMIT_NLIMITS; resource++) {
        rlimit limit;
        EXPECT_NUMBER(0, getrlimit(static_cast<__rlimit_resource>(resource), &limit));
        text += std::to_string(limit.rlim_cur) + " ";
    }
    return text;
}

static std::string environment()
{
    std::string text;
    for (char **variable = environ; *variable; variable++) {
        text += *variable;
        text += '\n';
    }
    return text;
}

static Look look()
{
    Look look;
    for (int number = 1; number < NSIG; number++) {
        look.signals[number] = disposition(number);
    }
    for (const std::string &name : entries("/proc/self/fd")) {
        char target[256];
        ssize_t length = readlink(("/proc/self/fd/" + name).c_str(), target, sizeof target - 1);
        look.descriptors[name] = std::string(target, length < 0 ? 0 : length);
    }
    for (const std::string &name : entries("/proc/self/task")) {
        look.threads[name] = first_line("/proc/self/task/" + name + "/comm");
    }
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        unsigned long begin, end;
        char permissions[8], device[16], path[512] = "";
        unsigned long offset, node;
        int count = std::sscanf(line.c_str(), "%lx-%lx %7s %lx %15s %lu %511[^\n]", &begin, &end, permissions, &offset, device,
            &node, path);
        EXPECT(count >= 6);
        look.mappings.insert(std::string(path[0] ? path : "anonymous") + " " + permissions);
    }
    sigset_t mask;
    EXPECT_NUMBER(0, sigprocmask(SIG_BLOCK, nullptr, &mask));
    std::string blocked;
    for (int number = 1; number < NSIG; number++) {
        blocked += sigismember(&mask, number) ? '1' : '0';
    }
    look.others["signal mask"] = blocked;
    mode_t mode = umask(0);
    umask(mode);
    look.others["umask"] = std::to_string(mode);
    char folder[4096];
    EXPECT(getcwd(folder, sizeof folder) != nullptr);
    look.others["folder"] = folder;
    look.others["environment"] = environment();
    look.others["locale"] = std::setlocale(LC_ALL, nullptr);
    look.others["limits"] = limits();
    look.others["priority"] = std::to_string(getpriority(PRIO_PROCESS, 0));
    look.others["alternate stack"] = [] {
        stack_t stack;
        EXPECT_NUMBER(0, sigaltstack(nullptr, &stack));
        return std::to_string(stack.ss_flags);
    }();
    return look;
}

template <typename Key>
static void compare(const char *what, const std::map<Key, std::string> &before, const std::map<Key, std::string> &after)
{
    for (const auto &entry : after) {
        auto old = before.find(entry.first);
        if (old == before.end()) {
            say("%s new: %s", what, entry.second.c_str());
        } else if (old->second != entry.second) {
            std::printf("%s ", what);
            say("%s", [&] { return entry.second; }().c_str());
        }
    }
    for (const auto &entry : before) {
        if (after.find(entry.first) == after.end()) {
            say("%s gone: %s", what, entry.second.c_str());
        }
    }
}

int main(int argc, char **argv)
{
    EXPECT_NUMBER(3, argc);
    std::string mode = argv[1];
    signal(SIGPIPE, mode == "own" ? own_handler : mode == "ignored" ? SIG_IGN : SIG_DFL);
    umask(027);
    Look before = look();

    auto began = std::chrono::steady_clock::now();
    auto *set = new ClientVirtualDeviceSet;
    VDConfig config = like_pipe(1);
    errno = 1234;
    int created = set->Create(argv[2], &config);
    int errnoAfter = errno;
    auto took = std::chrono::steady_clock::now() - began;
    EXPECT_CODE(0, created);
    std::fprintf(stderr, "first call: %lld us\n",
        static_cast<long long>(std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
    EXPECT_CODE(VD_E_TIMEOUT, set->GetConfiguration(0, &config));
    EXPECT_CODE(0, set->Close());
    delete set;

    // A thread that Close has waited for still stands in /proc for a moment, as every thread does after its last line.
    Look after = look();
    for (auto end = began + std::chrono::seconds(10); after.threads.size() > 2 && std::chrono::steady_clock::now() < end;) {
        std::this_thread::yield();
        after = look();
    }
    for (int number = 1; number < NSIG; number++) {
        if (before.signals[number] != after.signals[number]) {
            std::string found = after.signals[number];
            say("signal %d: was %s, is %s", number, before.signals[number].substr(0, 7).c_str(), found.c_str());
        }
    }
    compare("descriptor", before.descriptors, after.descriptors);
    compare("thread", before.threads, after.threads);
    compare("process", before.others, after.others);
    for (const std::string &mapping : after.mappings) {
        if (before.mappings.count(mapping) == 0) {
            say("mapping %s", mapping.c_str());
        }
    }
    if (errnoAfter != 1234) {
        say("errno %d", errnoAfter);
    }
    return 0;
}
