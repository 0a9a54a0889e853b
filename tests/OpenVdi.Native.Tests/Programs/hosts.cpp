// Hosts of all kinds: what they do before, beside and after the library's calls must not matter to either.
//
//   hosts stack SET | threads SET | blocked SET | forks SET | children SET | signals SET | collect SET |
//   hosts forked SET | addresses SET | limited SET | sequence SET
#include <atomic>
#include <csignal>
#include <fstream>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "check.h"

// A whole small life: as much of the library as needs no engine.
static void use(const std::string &setName)
{
    std::string name = setName;
    ClientVirtualDeviceSet set;
    VDConfig config = like_pipe(1);
    EXPECT_CODE(0, set.Create(&name[0], &config));
    EXPECT_CODE(VD_E_TIMEOUT, set.GetConfiguration(0, &config));
    EXPECT_CODE(VD_E_TIMEOUT, set.GetConfiguration(1, &config));
    EXPECT_CODE(0, set.SignalAbort());
    EXPECT_CODE(VD_E_ABORT, set.GetConfiguration(-1, &config));
    EXPECT_CODE(0, set.Close());
}

static void *use_on_thread(void *name)
{
    use(*static_cast<std::string *>(name));
    return nullptr;
}

static void run_with_stack(size_t stackBytes, std::string name)
{
    pthread_attr_t attributes;
    pthread_t thread;
    EXPECT_NUMBER(0, pthread_attr_init(&attributes));
    EXPECT_NUMBER(0, pthread_attr_setstacksize(&attributes, stackBytes));
    EXPECT_NUMBER(0, pthread_create(&thread, &attributes, use_on_thread, &name));
    EXPECT_NUMBER(0, pthread_join(thread, nullptr));
    pthread_attr_destroy(&attributes);
}

// The smallest stack on which the first use of a process works, found by processes that die of a smaller one.
static int measure_stack(const std::string &name)
{
    size_t smallest = 0;
    for (size_t kilobytes = 256; kilobytes >= 16; kilobytes -= 8) {
        pid_t child = fork();
        EXPECT(child >= 0);
        if (child == 0) {
            run_with_stack(kilobytes * 1024, name);
            _exit(0);
        }
        int status = 0;
        EXPECT_NUMBER(child, waitpid(child, &status, 0));
        if (status != 0) {
            break;
        }
        smallest = kilobytes;
    }
    say("smallest stack: %zu KB", smallest);
    EXPECT(smallest > 0 && smallest <= 64);
    return 0;
}

// Two hundred threads at once, each many times, so that collections meet threads in every place.
static int use_on_threads(const std::string &name)
{
    std::vector<std::thread> threads;
    for (int i = 0; i < 200; i++) {
        threads.emplace_back([&name, i] {
            for (int round = 0; round < 10; round++) {
                use(name + " " + std::to_string(i));
            }
        });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
    return 0;
}

static int use_with_all_blocked(const std::string &name)
{
    sigset_t all, before, after;
    sigfillset(&all);
    EXPECT_NUMBER(0, pthread_sigmask(SIG_SETMASK, &all, nullptr));
    EXPECT_NUMBER(0, pthread_sigmask(SIG_SETMASK, nullptr, &before));
    for (int i = 0; i < 200; i++) {
        use(name);
    }
    EXPECT_NUMBER(0, pthread_sigmask(SIG_SETMASK, nullptr, &after));
    for (int number = 1; number < NSIG; number++) {
        EXPECT_NUMBER(sigismember(&before, number), sigismember(&after, number));
    }
    return 0;
}

static void run_true(const char *how)
{
    std::FILE *pipe = popen("true", "r");
    EXPECT(pipe != nullptr);
    EXPECT_NUMBER(0, pclose(pipe));
    EXPECT_NUMBER(0, std::system("true"));
    pid_t child = fork();
    EXPECT(child >= 0);
    if (child == 0) {
        execlp("true", "true", how, static_cast<char *>(nullptr));
        _exit(127);
    }
    int status = -1;
    EXPECT_NUMBER(child, waitpid(child, &status, 0));
    EXPECT_NUMBER(0, status);
}

static int use_between_forks(const std::string &name)
{
    run_true("before the first call");
    use(name);
    run_true("after it");
    ClientVirtualDeviceSet set;
    std::string other = name + " open";
    VDConfig config = like_pipe(1);
    EXPECT_CODE(0, set.Create(&other[0], &config));
    run_true("while a set is open");
    EXPECT_CODE(VD_E_TIMEOUT, set.GetConfiguration(0, &config));
    EXPECT_CODE(0, set.Close());
    use(name);
    return 0;
}

// A child, started while a set is open, lists its descriptors: it has what the host has without us.
static std::string descriptors_of_a_child()
{
    std::FILE *pipe = popen("ls -l /proc/self/fd | sed 's/.* -> //; s/[0-9]//g'", "r");
    EXPECT(pipe != nullptr);
    std::string text;
    for (int c; (c = std::fgetc(pipe)) != EOF;) {
        text += static_cast<char>(c);
    }
    EXPECT_NUMBER(0, pclose(pipe));
    return text;
}

static int start_children(const std::string &name)
{
    std::string before = descriptors_of_a_child();
    ClientVirtualDeviceSet set;
    std::string own = name;
    VDConfig config = like_pipe(1);
    EXPECT_CODE(0, set.Create(&own[0], &config));
    say("created");
    EXPECT_CODE(0, set.GetConfiguration(-1, &config));
    ClientVirtualDevice *device = nullptr;
    EXPECT_CODE(0, set.OpenDevice(&own[0], &device));
    std::string after = descriptors_of_a_child();
    if (before != after) {
        std::fprintf(stderr, "expected in a child:\n%sfound:\n%s", before.c_str(), after.c_str());
        return 2;
    }
    await_line("close");
    EXPECT_CODE(VD_E_OPEN, set.Close());
    return 0;
}

// A host with one thread that waits for its signals, from after the first call on: they come to it, and not to a thread of
// the library, where they would end the process.
static int wait_for_signals(const std::string &setName)
{
    std::string name = setName;
    ClientVirtualDeviceSet set;
    VDConfig config = like_pipe(1);
    EXPECT_CODE(0, set.Create(&name[0], &config));
    sigset_t waited;
    sigemptyset(&waited);
    for (int number : {SIGTERM, SIGUSR1, SIGHUP, SIGCHLD, SIGRTMIN, SIGRTMAX}) {
        sigaddset(&waited, number);
    }
    EXPECT_NUMBER(0, pthread_sigmask(SIG_BLOCK, &waited, nullptr));
    for (int number : {SIGTERM, SIGUSR1, SIGHUP, SIGRTMIN, SIGRTMAX}) {
        EXPECT_NUMBER(0, kill(getpid(), number));
        timespec limit = {10, 0};
        EXPECT_NUMBER(number, sigtimedwait(&waited, nullptr, &limit));
    }
    EXPECT_CODE(0, set.Close());
    return 0;
}

// Threads in the library at all times while others make it collect: none of them is interrupted for it, all get on.
static int collect(const std::string &setName)
{
    std::atomic<bool> isOver(false);
    std::vector<std::thread> callers, makers;
    for (int i = 0; i < 4; i++) {
        callers.emplace_back([&, i] {
            std::string name = setName + " caller " + std::to_string(i);
            ClientVirtualDeviceSet set;
            VDConfig config = like_pipe(1);
            EXPECT_CODE(0, set.Create(&name[0], &config));
            while (!isOver) {
                EXPECT_CODE(VD_E_TIMEOUT, set.GetConfiguration(0, &config));
            }
            EXPECT_CODE(0, set.Close());
        });
    }
    for (int i = 0; i < 4; i++) {
        makers.emplace_back([&, i] {
            for (int round = 0; round < 100; round++) {
                use(setName + " maker " + std::to_string(i));
            }
        });
    }
    for (std::thread &maker : makers) {
        maker.join();
    }
    isOver = true;
    for (std::thread &caller : callers) {
        caller.join();
    }
    return 0;
}

// Children that go on without exec: their end, and their calls, do nothing to the parent's set.
static int fork_without_exec(const std::string &setName)
{
    static ClientVirtualDeviceSet set;
    std::string name = setName;
    VDConfig config = like_pipe(1);
    EXPECT_CODE(0, set.Create(&name[0], &config));
    for (bool isCalling : {false, true}) {
        pid_t child = fork();
        EXPECT(child >= 0);
        if (child == 0) {
            if (isCalling) {
                ClientVirtualDeviceSet own;
                EXPECT_CODE(VD_E_INVALID, set.SignalAbort());
                EXPECT_CODE(VD_E_INVALID, set.Close());
                EXPECT_CODE(VD_E_INVALID, own.Create(&name[0], &config));
            }
            // Runs the destructors of what is static.
            std::exit(0);
        }
        int status = -1;
        EXPECT_NUMBER(child, waitpid(child, &status, 0));
        EXPECT_NUMBER(0, status);
        EXPECT_CODE(VD_E_TIMEOUT, set.GetConfiguration(0, &config));
    }
    ClientVirtualDeviceSet other;
    EXPECT_CODE(VD_E_PROTOCOL, other.Create(&name[0], &config));
    EXPECT_CODE(0, set.Close());
    return 0;
}

// How many addresses the library reserves of the host's: far less than a host may be limited to.
static int count_addresses(const std::string &name)
{
    use(name);
    std::ifstream status("/proc/self/status");
    long kilobytes = 0;
    for (std::string line; std::getline(status, line);) {
        if (line.compare(0, 7, "VmPeak:") == 0) {
            kilobytes = std::stol(line.substr(7));
        }
    }
    say("addresses: %ld MB at the most", kilobytes / 1024);
    EXPECT(kilobytes > 0 && kilobytes < 1000 * 1024);
    return 0;
}

// A host that has limited its addresses.
static int limit_addresses(const std::string &name)
{
    rlimit limit = {400ul << 20, 400ul << 20};
    EXPECT_NUMBER(0, setrlimit(RLIMIT_AS, &limit));
    use(name);
    return 0;
}

// The host's own sequences of chance go on as if we were not there.
static int keep_sequence(const std::string &name)
{
    srand48(42);
    srand(42);
    long first = lrand48(), second = rand();
    srand48(42);
    srand(42);
    use(name);
    EXPECT_NUMBER(first, lrand48());
    EXPECT_NUMBER(second, rand());
    return 0;
}

int main(int argc, char **argv)
{
    EXPECT_NUMBER(3, argc);
    std::string what = argv[1], name = argv[2];
    return what == "stack" ? measure_stack(name)
        : what == "threads" ? use_on_threads(name)
        : what == "blocked" ? use_with_all_blocked(name)
        : what == "forks" ? use_between_forks(name)
        : what == "children" ? start_children(name)
        : what == "signals" ? wait_for_signals(name)
        : what == "collect" ? collect(name)
        : what == "forked" ? fork_without_exec(name)
        : what == "addresses" ? count_addresses(name)
        : what == "limited" ? limit_addresses(name)
        : what == "sequence" ? keep_sequence(name)
        : 1;
}
