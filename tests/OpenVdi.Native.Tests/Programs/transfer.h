// The loop of a backup program on one device: data to and from a file, as the public sample does it.
#ifndef TRANSFER_H
#define TRANSFER_H

#include "check.h"

// Serves a device until it is closed; 0 when all went well.
inline int transfer(ClientVirtualDevice *device, std::FILE *file)
{
    VDC_Command *command;
    int result;
    while ((result = device->GetCommand(-1, &command)) == 0) {
        unsigned long transferred = 0;
        int code = ERROR_SUCCESS;
        switch (command->commandCode) {
        case VDC_Read:
            transferred = std::fread(command->buffer, 1, command->size, file);
            code = transferred == static_cast<unsigned long>(command->size) ? ERROR_SUCCESS : ERROR_HANDLE_EOF;
            break;
        case VDC_Write:
            transferred = std::fwrite(command->buffer, 1, command->size, file);
            code = transferred == static_cast<unsigned long>(command->size) ? ERROR_SUCCESS : ERROR_DISK_FULL;
            break;
        case VDC_Flush:
            code = std::fflush(file) == 0 ? ERROR_SUCCESS : ERROR_DISK_FULL;
            break;
        case VDC_ClearError:
            break;
        default:
            code = ERROR_NOT_SUPPORTED;
            break;
        }
        int completed = device->CompleteCommand(command, code, transferred, 0);
        if (completed != 0) {
            std::fprintf(stderr, "CompleteCommand: expected NOERROR, found %s\n", name_of(completed));
            return 1;
        }
    }
    if (result != VD_E_CLOSE) {
        std::fprintf(stderr, "GetCommand: expected VD_E_CLOSE at the end, found %s\n", name_of(result));
        return 1;
    }
    return 0;
}

#endif
