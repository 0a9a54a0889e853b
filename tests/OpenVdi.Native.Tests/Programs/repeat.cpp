// Create after Close, a thousand times, on one object and on new ones in turn: nothing of the process grows.
//
//   repeat SET
#include <chrono>
#include <dirent.h>
#include <fstream>
#include <string>
#include <thread>

#include "check.h"

static int count_entries(const char *folder)
{
    DIR *directory = opendir(folder);
    EXPECT(directory != nullptr);
    int count = 0;
    while (readdir(directory)) {
        count++;
    }
    closedir(directory);
    return count;
}

struct Size
{
    int descriptors, threads, mappings;
    long residentKilobytes;
};

static Size look()
{
    // A thread that Close has waited for still stands in /proc for a moment; the entries are ., .., main and the runtime's.
    auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (count_entries("/proc/self/task") > 4 && std::chrono::steady_clock::now() < end) {
        std::this_thread::yield();
    }
    Size size = {count_entries("/proc/self/fd"), count_entries("/proc/self/task"), 0, 0};
    std::ifstream maps("/proc/self/maps"), status("/proc/self/status");
    for (std::string line; std::getline(maps, line);) {
        size.mappings++;
    }
    for (std::string line; std::getline(status, line);) {
        if (line.compare(0, 6, "VmRSS:") == 0) {
            size.residentKilobytes = std::stol(line.substr(6));
        }
    }
    return size;
}

static void run(ClientVirtualDeviceSet &set, char *name, int count)
{
    for (int i = 0; i < count; i++) {
        VDConfig config = like_pipe(8);
        EXPECT_CODE(0, set.Create(name, &config));
        EXPECT_CODE(VD_E_TIMEOUT, set.GetConfiguration(0, &config));
        ClientVirtualDevice *device = nullptr;
        EXPECT_CODE(VD_E_PROTOCOL, set.OpenDevice(name, &device));
        set.RegisterDeviceClosed();
        EXPECT_CODE(0, set.Close());
    }
}

int main(int argc, char **argv)
{
    EXPECT_NUMBER(2, argc);
    ClientVirtualDeviceSet set;
    run(set, argv[1], 100);
    Size before = look();
    for (int i = 0; i < 500; i++) {
        ClientVirtualDeviceSet other;
        run(set, argv[1], 1);
        run(other, argv[1], 1);
    }
    Size after = look();
    say("resident: %ld KB, after 1000 more sets %ld KB", before.residentKilobytes, after.residentKilobytes);
    EXPECT_NUMBER(before.descriptors, after.descriptors);
    EXPECT_NUMBER(before.threads, after.threads);
    // The heap's own few may come and go.
    EXPECT(after.mappings <= before.mappings + 8);
    EXPECT(after.residentKilobytes <= before.residentKilobytes + 4096);
    return 0;
}
