// A complete backup program in C++: keeps what an engine writes in files, one for each device, and gives it back on a
// restore. Written for the library of SQL Server on Linux; links with ours unchanged.
//   program SET FILE [FILE ...]
#include <cstdio>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include "vdi.h"
#include "vdierror.h"

// Serves one device until the engine closes it. Whatever the file says, the engine learns.
static int serve(ClientVirtualDevice *device, std::FILE *file)
{
    VDC_Command *command;
    int result;
    while ((result = device->GetCommand(-1, &command)) == 0)
    {
        int code = ERROR_NOT_SUPPORTED;
        unsigned long bytes = 0;
        switch (command->commandCode)
        {
        case VDC_Write:
            bytes = std::fwrite(command->buffer, 1, command->size, file);
            code = bytes == static_cast<unsigned long>(command->size) ? ERROR_SUCCESS : ERROR_DISK_FULL;
            break;
        case VDC_Read:
            bytes = std::fread(command->buffer, 1, command->size, file);
            code = bytes == static_cast<unsigned long>(command->size) ? ERROR_SUCCESS : ERROR_HANDLE_EOF;
            break;
        case VDC_Flush:
            code = std::fflush(file) == 0 && fsync(fileno(file)) == 0 ? ERROR_SUCCESS : ERROR_DISK_FULL;
            break;
        case VDC_ClearError:
            code = ERROR_SUCCESS;
            break;
        }
        if ((result = device->CompleteCommand(command, code, bytes, 0)) != 0)
            return result;
    }
    return result == VD_E_CLOSE ? 0 : result;
}

int main(int count, char **arguments)
{
    if (count < 3)
        return std::fprintf(stderr, "usage: program SET FILE [FILE ...]\n"), 2;
    ClientVirtualDeviceSet set;
    VDConfig config = {};
    config.deviceCount = count - 2;

    // From here on an engine can find the set. With SQL Server, now send BACKUP DATABASE ... TO VIRTUAL_DEVICE='SET', ...
    int result = set.Create(arguments[1], &config);
    if (result == 0)
    {
        std::printf("set '%s' waits for an engine\n", arguments[1]);
        std::fflush(stdout);
        result = set.GetConfiguration(-1, &config);
    }

    std::vector<std::thread> threads;
    std::vector<int> results(count - 2);
    for (int i = 0; result == 0 && i < count - 2; i++)
        threads.emplace_back([&, i]
        {
            // The first device has the set's name; this engine calls the others SET-2, SET-3, ...
            std::string name = arguments[1] + (i == 0 ? "" : "-" + std::to_string(i + 1));
            ClientVirtualDevice *device;
            std::FILE *file = std::fopen(arguments[i + 2], config.features & VDF_WriteMedia ? "wb" : "rb");
            results[i] = file == nullptr ? VD_E_INVALID : set.OpenDevice(&name[0], &device);
            if (results[i] == 0)
                results[i] = serve(device, file);
            if (results[i] != 0)
                std::fprintf(stderr, "%s: 0x%X\n", arguments[i + 2], results[i]), set.SignalAbort();
            if (file != nullptr)
                std::fclose(file);
        });
    for (std::thread &thread : threads)
        thread.join();
    for (int one : results)
        result = result != 0 ? result : one;
    int closed = set.Close();
    return result == 0 && closed == 0 ? 0 : 1;
}
