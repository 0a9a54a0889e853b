/* The client half of the Virtual Device Interface for C++ backup programs on Linux.
 *
 * Source-compatible with the header of SQL Server on Linux: the same names, constants, layouts and classes, so a program
 * that was written for it is compiled with -I and linked with -lsqlvdi, unchanged. The structures are plain C.
 */
#ifndef OPENVDI_VDI_H
#define OPENVDI_VDI_H

#include <stdint.h>
#include <time.h>

#pragma pack(push, 8)

/* What the program wishes of a set (the first seven) and what the server makes of it (all, after GetConfiguration). */
struct VDConfig
{
    uint32_t deviceCount;           /* devices in the set, 1 to 64 */
    uint32_t features;              /* VDFeatures */
    uint32_t prefixZoneSize;        /* bytes of the program's own right before the data of each buffer */
    uint32_t alignment;             /* of the data, in bytes; 0: no wish */
    uint32_t softFileMarkBlockSize; /* bytes of a soft filemark; 0: real ones */
    uint32_t EOMWarningSize;        /* bytes from the early warning to the end of the medium; 0: no limit */
    uint32_t serverTimeOut;         /* milliseconds that the server waits for a silent program; 0: for ever */
    uint32_t blockSize;             /* server: every transfer is a multiple of it */
    uint32_t maxIODepth;            /* server: always 4 */
    uint32_t maxTransferSize;       /* server: largest transfer in bytes */
    uint32_t bufferAreaSize;        /* server: bytes of all buffers */
};

enum VDFeatures
{
    VDF_LikePipe = 0x0,
    VDF_Removable = 0x1,
    VDF_Rewind = 0x2,
    VDF_Position = 0x10,
    VDF_SkipBlocks = 0x20,
    VDF_ReversePosition = 0x40,
    VDF_Discard = 0x80,
    VDF_FileMarks = 0x100,
    VDF_RandomAccess = 0x200,
    VDF_SnapshotPrepare = 0x400,
    VDF_EnumFrozenFiles = 0x800,
    VDF_VSSWriter = 0x1000,
    VDF_RequestComplete = 0x2000,
    VDF_WriteMedia = 0x10000,
    VDF_ReadMedia = 0x20000,
    VDF_CompleteEnabled = 0x40000,
    VDF_LatchStats = (int)0x80000000,
    VDF_LikeTape =
        VDF_FileMarks | VDF_Removable | VDF_Rewind | VDF_Position | VDF_SkipBlocks | VDF_ReversePosition,
    VDF_LikeDisk = VDF_RandomAccess
};

enum VDCommands
{
    VDC_Read = 1,
    VDC_Write,
    VDC_ClearError,
    VDC_Rewind,
    VDC_WriteMark,
    VDC_SkipMarks,
    VDC_SkipBlocks,
    VDC_Load,
    VDC_GetPosition,
    VDC_SetPosition,
    VDC_Discard,
    VDC_Flush,
    VDC_Snapshot,
    VDC_MountSnapshot,
    VDC_PrepareToFreeze,
    VDC_FileInfoBegin,
    VDC_FileInfoEnd,
    VDC_GetError,
    VDC_Complete
};

enum VDWhence
{
    VDC_Beginning = 0,
    VDC_Current = 1,
    VDC_End = 2
};

/* A command in the hands of a program, from GetCommand to CompleteCommand. To be read only. */
struct VDC_Command
{
    int32_t commandCode; /* VDCommands */
    int32_t size;        /* bytes to transfer, or a count */
    int64_t position;    /* with VDF_RandomAccess, or an address */
    uint8_t *buffer;     /* the data: to be stored by a VDC_Write, to be filled by a VDC_Read */
};

/* A command of an engine: see openvdi_server.h. */
struct VDS_Command
{
    int32_t commandCode;
    int32_t size;
    int64_t inPosition;
    int64_t outPosition;
    uint8_t *buffer;
    uint8_t *completionRoutine; /* a void (*)(struct VDS_Command *) */
    uint8_t *completionContext;
    int32_t completionCode;
    int32_t bytesTransferred;
};

#pragma pack(pop)

#ifdef __cplusplus

/* A device, given by OpenDevice and owned by the set. One thread at a time gets commands; any thread may complete them. */
class ClientVirtualDevice
{
public:
    ClientVirtualDevice();
    ~ClientVirtualDevice();

    /* Waits for the next command: milliseconds, negative without end. VD_E_CLOSE is the normal end. */
    int GetCommand(time_t timeOut, VDC_Command **ppCmd);

    /* Answers a command: exactly once. */
    int CompleteCommand(VDC_Command *pCmd, int completionCode, unsigned long bytesTransferred, int64_t position);

private:
    void *handle_;
};

/* A set of devices: one BACKUP or RESTORE. All functions return 0 or a VD_E_ code; any thread may call them. */
class ClientVirtualDeviceSet
{
public:
    ClientVirtualDeviceSet();
    ~ClientVirtualDeviceSet();

    int Create(char *name, VDConfig *cfg);
    int GetConfiguration(time_t timeout, VDConfig *cfg);
    int OpenDevice(char *name, ClientVirtualDevice **ppVirtualDevice);
    int Close();
    int SignalAbort();

    /* For other processes of the same program: join the set, and pass buffers by number. */
    int OpenInSecondary(char *setName);
    int GetBufferHandle(uint8_t *pBuffer, unsigned int *pBufferHandle);
    int MapBufferHandle(int dwBuffer, uint8_t **ppBuffer);

    /* Does nothing; here because programs may call it. */
    void RegisterDeviceClosed();

private:
    void *handle_;
};

#endif

#endif
