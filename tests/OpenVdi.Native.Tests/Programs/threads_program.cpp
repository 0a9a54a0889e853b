// A backup program with a thread and a file for each device.
//
//   threads_program backup|restore SET COMMAND FILE...
//
// The first device has the set's name, the others are called device2, device3, ... All threads of the process have stacks
// of 64 KiB, the library's own included.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "transfer.h"

static void serve(ClientVirtualDeviceSet &set, std::string name, const char *path, bool isBackup, std::atomic<int> &failures)
{
    ClientVirtualDevice *device = nullptr;
    EXPECT_CODE(0, set.OpenDevice(&name[0], &device));
    std::FILE *file = std::fopen(path, isBackup ? "wb" : "rb");
    EXPECT(file != nullptr);
    failures += transfer(device, file);
    EXPECT_NUMBER(0, std::fclose(file));
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        std::fprintf(stderr, "threads_program backup|restore SET COMMAND FILE...\n");
        return 1;
    }
    bool isBackup = std::strcmp(argv[1], "backup") == 0;
    int count = argc - 4;
    pthread_attr_t attributes;
    EXPECT_NUMBER(0, pthread_attr_init(&attributes));
    EXPECT_NUMBER(0, pthread_attr_setstacksize(&attributes, 64 * 1024));
    EXPECT_NUMBER(0, pthread_setattr_default_np(&attributes));

    ClientVirtualDeviceSet set;
    VDConfig config = like_pipe(count);
    EXPECT_CODE(0, set.Create(argv[2], &config));
    std::FILE *statement = popen(argv[3], "r");
    EXPECT(statement != nullptr);
    EXPECT_CODE(0, set.GetConfiguration(30000, &config));
    EXPECT_NUMBER(count, config.deviceCount);

    std::atomic<int> failures(0);
    std::vector<std::thread> threads;
    for (int i = 0; i < count; i++) {
        std::string name = i == 0 ? argv[2] : "device" + std::to_string(i + 1);
        threads.emplace_back(serve, std::ref(set), name, argv[4 + i], isBackup, std::ref(failures));
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
    EXPECT_NUMBER(0, failures.load());
    EXPECT_CODE(0, set.Close());
    EXPECT_NUMBER(0, pclose(statement));
    return 0;
}
