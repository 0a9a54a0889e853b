// A backup program that is killed: makes a set of two devices, answers a thousand commands of each, then has two of each in
// its hands and waits for the end.
//
//     server_death_client NAME
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include <unistd.h>

#include "vdi.h"
#include "vdierror.h"

static void must(const char *what, int code)
{
    if (code != 0)
    {
        std::fprintf(stderr, "%s: 0x%08X\n", what, static_cast<unsigned>(code));
        std::_Exit(3);
    }
}

static void serve(ClientVirtualDevice *device)
{
    VDC_Command *command;
    for (int count = 0; count < 1000; count++)
    {
        must("GetCommand", device->GetCommand(-1, &command));
        must("CompleteCommand", device->CompleteCommand(command, 0, static_cast<unsigned long>(command->size), 0));
    }

    must("GetCommand", device->GetCommand(-1, &command));
    must("GetCommand", device->GetCommand(-1, &command));
}

int main(int, char **argv)
{
    VDConfig config;
    std::memset(&config, 0, sizeof config);
    config.deviceCount = 2;
    ClientVirtualDeviceSet set;
    must("Create", set.Create(argv[1], &config));
    std::puts("made");
    std::fflush(stdout);
    must("GetConfiguration", set.GetConfiguration(-1, &config));
    ClientVirtualDevice *first;
    ClientVirtualDevice *second;
    must("OpenDevice", set.OpenDevice(argv[1], &first));
    must("OpenDevice", set.OpenDevice(const_cast<char *>("b"), &second));
    std::thread other(serve, second);
    serve(first);
    other.join();
    std::puts("holding");
    std::fflush(stdout);
    for (;;)
    {
        pause();
    }
}
