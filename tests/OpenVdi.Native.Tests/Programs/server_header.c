/* Includes the header as a strict compiler sees it, prints its numbers, and says which of the functions whose names it is
 * given the library does not have.
 *
 *     server_header FUNCTION...
 */
#pragma GCC diagnostic push
#pragma GCC diagnostic error "-Wpedantic"
#pragma GCC diagnostic error "-Wconversion"
#pragma GCC diagnostic error "-Wundef"
#include "openvdi_server.h"
#pragma GCC diagnostic pop

#include <dlfcn.h>
#include <stdio.h>

#define NUMBER(name) printf(#name " %d\n", (int)(name))

int main(int argc, char **argv)
{
    /* Linked, and not only looked up. */
    openvdi_server_set set;
    int index;
    if (openvdi_server_create(&set) != 0 || openvdi_server_destroy(set) != 0)
    {
        return 1;
    }

    NUMBER(sizeof(openvdi_server_set));
    NUMBER(sizeof(openvdi_server_device));
    NUMBER(VD_E_QUEUE_FULL);
    NUMBER(VD_E_IO_ERROR);
    NUMBER(ERROR_SUCCESS);
    NUMBER(ERROR_INVALID_HANDLE);
    NUMBER(ERROR_ARENA_TRASHED);
    NUMBER(ERROR_NOT_ENOUGH_MEMORY);
    NUMBER(ERROR_WRITE_PROTECT);
    NUMBER(ERROR_HANDLE_EOF);
    NUMBER(ERROR_HANDLE_DISK_FULL);
    NUMBER(ERROR_NOT_SUPPORTED);
    NUMBER(ERROR_DISK_FULL);
    NUMBER(ERROR_OPERATION_ABORTED);
    NUMBER(ERROR_END_OF_MEDIA);
    NUMBER(ERROR_FILEMARK_DETECTED);
    NUMBER(ERROR_BEGINNING_OF_MEDIA);
    NUMBER(ERROR_SETMARK_DETECTED);
    NUMBER(ERROR_NO_DATA_DETECTED);
    NUMBER(ERROR_PARTITION_FAILURE);
    NUMBER(ERROR_MEDIA_CHANGED);
    NUMBER(ERROR_BUS_RESET);
    NUMBER(ERROR_NO_MEDIA_IN_DRIVE);
    NUMBER(ERROR_IO_DEVICE);
    NUMBER(ERROR_EOM_OVERFLOW);
    NUMBER(ERROR_NO_SYSTEM_RESOURCES);
    NUMBER(OPENVDI_ABORT_NONE);
    NUMBER(OPENVDI_ABORT_CLIENT_SIGNALLED);
    NUMBER(OPENVDI_ABORT_SERVER_SIGNALLED);
    NUMBER(OPENVDI_ABORT_CLIENT_CLOSED);
    NUMBER(OPENVDI_ABORT_SERVER_CLOSED);
    NUMBER(OPENVDI_ABORT_CLIENT_DIED);
    NUMBER(OPENVDI_ABORT_SERVER_DIED);
    NUMBER(OPENVDI_ABORT_CLIENT_SILENT);
    NUMBER(OPENVDI_ABORT_INTERNAL_FAILURE);
    NUMBER(OPENVDI_ABORT_PEER_VIOLATION);
    for (index = 1; index < argc; index++)
    {
        if (dlsym(RTLD_DEFAULT, argv[index]) == NULL)
        {
            printf("%s is missing\n", argv[index]);
        }
    }

    return 0;
}
