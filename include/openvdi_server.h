/* The server half of the Virtual Device Interface in C: what a database engine needs to offer its backups and restores to
 * any VDI backup program on the same machine. For C11 and C++11, and whatever can call C. Link with -lsqlvdi.
 *
 * The functions are those of IServerVirtualDeviceSet2 and IServerVirtualDevice, in the order in which an engine calls them:
 *
 *     create  open  get_configuration  begin_configuration  request_buffers  end_configuration
 *     open_device, for each device     execute_completion_agent, on a thread of its own or the engine's only one
 *         allocate_buffer  send_command  ... the command's callback ...  free_buffer
 *     close_device, for each device    close  destroy
 *
 * Results. Every function returns 0 or a VD_E_ code, unless it says otherwise. Besides the codes that are named below:
 *     VD_E_INVALID      the handle is null, of an object that was destroyed, or never was one; or a pointer is null that
 *                       may not be. Never a crash.
 *     VD_E_PROTOCOL     the function is not allowed in the state that the set is in.
 *     VD_E_ABORT        the set is aborted, by either half or because a process died; only free_buffer and close are left.
 *     VD_E_MEMORY       no memory.
 *     VD_E_UNEXPECTED   a defect of the library.
 * openvdi_server_last_failure says in words what was wrong.
 *
 * Threads. Any thread may call any function, callbacks included. Only execute_completion_agent waits for the other half, and
 * close and destroy wait, up to five seconds, for the agent to leave. A thread needs nothing to begin or to end with.
 *
 * Strings are UTF-8 and end with a zero within 4096 bytes; they are copied.
 *
 * Callbacks. They are C functions that return: one that throws a C++ exception or leaves by longjmp ends the process, or
 * worse. No lock of the library is held meanwhile.
 *
 * The process. The library leaves the engine's signal handlers as they are, and errno, but in the first call of a process.
 * A child of fork may not use its parent's objects.
 */
#ifndef OPENVDI_SERVER_H
#define OPENVDI_SERVER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "vdi.h"
#include "vdierror.h"

/* What send_command alone returns, beyond vdierror.h. */
#define VD_E_QUEUE_FULL VD_ERROR(0x10) /* as many commands are outstanding as the device can hold */
#define VD_E_IO_ERROR VD_ERROR(0x11)   /* a command failed: only VDC_ClearError is taken until it has succeeded */

/* Completion codes that vdierror.h has no name for: how backup programs end commands, and the library those that they
 * cannot. Any other Win32 code may come, too; all but 0 mean failure. */
#ifndef ERROR_INVALID_HANDLE
#define ERROR_INVALID_HANDLE 6
#endif
#ifndef ERROR_NOT_ENOUGH_MEMORY
#define ERROR_NOT_ENOUGH_MEMORY 8
#endif
#ifndef ERROR_WRITE_PROTECT
#define ERROR_WRITE_PROTECT 19
#endif
#ifndef ERROR_END_OF_MEDIA
#define ERROR_END_OF_MEDIA 1100
#endif
#ifndef ERROR_FILEMARK_DETECTED
#define ERROR_FILEMARK_DETECTED 1101
#endif
#ifndef ERROR_BEGINNING_OF_MEDIA
#define ERROR_BEGINNING_OF_MEDIA 1102
#endif
#ifndef ERROR_SETMARK_DETECTED
#define ERROR_SETMARK_DETECTED 1103
#endif
#ifndef ERROR_NO_DATA_DETECTED
#define ERROR_NO_DATA_DETECTED 1104
#endif
#ifndef ERROR_PARTITION_FAILURE
#define ERROR_PARTITION_FAILURE 1105
#endif
#ifndef ERROR_MEDIA_CHANGED
#define ERROR_MEDIA_CHANGED 1110
#endif
#ifndef ERROR_BUS_RESET
#define ERROR_BUS_RESET 1111
#endif
#ifndef ERROR_NO_MEDIA_IN_DRIVE
#define ERROR_NO_MEDIA_IN_DRIVE 1112
#endif
#ifndef ERROR_IO_DEVICE
#define ERROR_IO_DEVICE 1117
#endif
#ifndef ERROR_EOM_OVERFLOW
#define ERROR_EOM_OVERFLOW 1129
#endif
#ifndef ERROR_NO_SYSTEM_RESOURCES
#define ERROR_NO_SYSTEM_RESOURCES 1450
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Handles: numbers and not addresses, so that a wrong one is told. Copy them freely; {0} is null. */
typedef struct { uint64_t number; } openvdi_server_set;
typedef struct { uint64_t number; } openvdi_server_device;

/* What a command's completionRoutine points to. The command is the one that was sent; it and its buffer are the engine's
 * again from the moment the routine is called. The routine may call any function of this header, and send the same command
 * with the same buffer once more: that is the fastest way to keep a device busy. */
typedef void (*openvdi_server_completion)(struct VDS_Command *command);

/* See openvdi_server_execute_completion_agent. */
typedef void (*openvdi_server_running)(void *context);

/* Why a set was aborted: the first reason is kept. */
enum openvdi_server_abort
{
    OPENVDI_ABORT_NONE = 0,             /* it was not */
    OPENVDI_ABORT_CLIENT_SIGNALLED = 1, /* the backup program called SignalAbort */
    OPENVDI_ABORT_SERVER_SIGNALLED = 2, /* the engine called signal_abort */
    OPENVDI_ABORT_CLIENT_CLOSED = 3,    /* the backup program closed too early */
    OPENVDI_ABORT_SERVER_CLOSED = 4,    /* the engine closed too early */
    OPENVDI_ABORT_CLIENT_DIED = 5,      /* the backup program's process ended */
    OPENVDI_ABORT_SERVER_DIED = 6,      /* the engine's process ended */
    OPENVDI_ABORT_CLIENT_SILENT = 7,    /* the backup program was silent for longer than its serverTimeOut allows */
    OPENVDI_ABORT_INTERNAL_FAILURE = 8, /* a failure inside the interface */
    OPENVDI_ABORT_PEER_VIOLATION = 9    /* the other half wrote what cannot be right */
};

/* Makes an object for one set at a time. The caller owns it, and ends it with destroy.
 *     set               receives the handle; null on failure. */
int openvdi_server_create(openvdi_server_set *set);

/* Closes the set as close does, if it is open, and forgets the object and its devices: their handles are VD_E_INVALID from
 * now on. A callback may do so; commands outstanding still have theirs. VD_E_INVALID for a second call. */
int openvdi_server_destroy(openvdi_server_set set);

/* Finds the set that a backup program has made. The object's first call, and after close the first for the next set; then
 * devices and buffers of the set before mean nothing any more. Does not wait for a set that is not there yet.
 *     instance_name     the engine's instance; null or empty for the default one.
 *     set_name          what the first VIRTUAL_DEVICE clause of the statement says.
 * VD_E_INVALID          there is no such set, it may not be accessed, or the name is none.
 * VD_E_INSTANCE_NAME    there is no such instance.
 * VD_E_PROTOCOL         this object has a set open, or another engine has this set. */
int openvdi_server_open(openvdi_server_set set, const char *instance_name, const char *set_name);

/* Gives what the backup program wishes; after begin_configuration the configuration as it stands, in bytes and
 * milliseconds as struct VDConfig says.
 *     config            receives it; untouched on failure. */
int openvdi_server_get_configuration(openvdi_server_set set, struct VDConfig *config);

/* Fixes what holds for the life of the set.
 *     features          the bits of the backup program, which the engine grants, and VDF_WriteMedia for a backup or
 *                       VDF_ReadMedia for a restore; VDF_CompleteEnabled if VDF_RequestComplete was wished and is granted.
 *     block_size        bytes; a power of two from 512 to 65536. Every transfer is a multiple of it.
 *     alignment         bytes; 0 for block_size, or a power of two from block_size to 65536; not below the wish.
 *     max_transfer_size bytes; a multiple of 65536. No transfer is larger.
 *     timeout           milliseconds, negative without end; of no effect, as no backup program provides buffers.
 * VD_E_INVALID          one of them is not so; the set has not changed. */
int openvdi_server_begin_configuration(openvdi_server_set set, uint32_t features, uint32_t block_size,
    uint32_t alignment, uint32_t max_transfer_size, int64_t timeout);

/* Makes the buffers that were requested, and lets the backup program go on.
 * VD_E_MEMORY           there is no room for them. All requests are forgotten: request fewer, and try again, or abort. */
int openvdi_server_end_configuration(openvdi_server_set set);

/* Declares buffers that end_configuration makes; after it, makes more at once.
 *     size              bytes of one buffer; not 0.
 *     alignment         bytes; 0 for the set's, or a power of two up to 65536.
 *     count             how many; at most 4087 together.
 * VD_E_INVALID          one of them is not so.
 * VD_E_MEMORY           too many, or no room. */
int openvdi_server_request_buffers(openvdi_server_set set, uint32_t size, uint32_t alignment, uint32_t count);

/* Says how many such buffers allocate_buffer could give now; before end_configuration, how many were declared.
 *     size, alignment   as in request_buffers.
 *     count             receives the number; 0 on failure.
 * VD_E_INVALID          a size or an alignment that cannot be. */
int openvdi_server_query_available_buffers(openvdi_server_set set, uint32_t size, uint32_t alignment, uint32_t *count);

/* Opens the next device, in the order of the VIRTUAL_DEVICE clauses.
 *     name              the clause's; the first one's is the set's.
 *     device            receives the handle; null on failure. The set owns the device: it ends with the next open, or with
 *                       destroy.
 * VD_E_OPEN             all devices are open.
 * VD_E_INVALID          no name, or used already, or for the first device not the set's. */
int openvdi_server_open_device(openvdi_server_set set, const char *name, openvdi_server_device *device);

/* Runs the completion agent on the calling thread, which it keeps: it waits for completions and calls back, one callback
 * after another. Once for each set, and not before end_configuration. Commands can be sent while it runs, and not before.
 *     on_running        called on this thread as soon as commands can be sent, before the first callback; not when the
 *                       call is refused. It may send the first ones itself. Null for none.
 *     context           handed to it.
 * Returns 0 when every device is closed and every command has had its callback, or after close; VD_E_ABORT when the set is
 * aborted, after the callback of every outstanding command with ERROR_OPERATION_ABORTED.
 * VD_E_PROTOCOL         an agent runs for the set, or has run. */
int openvdi_server_execute_completion_agent(openvdi_server_set set, openvdi_server_running on_running, void *context);

/* Takes a buffer from those of the set; the one that was freed last comes first. It is memory that both halves share, on
 * which pread and pwrite work. The engine owns it until free_buffer or close; but from send_command to the callback the
 * backup program has it, and the engine keeps its hands off. Bytes before it are the backup program's own.
 *     buffer            receives the address; null on failure.
 *     size              bytes; not 0. For a size that was not requested a larger buffer is taken.
 *     alignment         bytes; 0 for the set's, or a power of two up to 65536.
 * VD_E_MEMORY           none is free: free one, wait for a callback, or request more.
 * VD_E_INVALID          a size or an alignment that cannot be. */
int openvdi_server_allocate_buffer(openvdi_server_set set, uint8_t **buffer, uint32_t size, uint32_t alignment);

/* Gives a buffer back. Needless before close.
 *     buffer, size      as in allocate_buffer.
 * VD_E_INVALID          no such buffer is allocated, or it has another size. */
int openvdi_server_free_buffer(openvdi_server_set set, uint8_t *buffer, uint32_t size);

/* Returns 1 when an address lies in a buffer of the set, 0 when not, for any handle and address: a Boolean and no code. */
int openvdi_server_is_shared_buffer(openvdi_server_set set, const uint8_t *buffer);

/* Aborts the set for both halves; both see VD_E_ABORT from then on.
 *     reason            in words, for the logs of both halves; null for none.
 * VD_E_PROTOCOL         no set is open. */
int openvdi_server_signal_abort(openvdi_server_set set, const char *reason);

/* Gives up the set, in all cases: with devices open it is aborted first, and every outstanding command has its callback with
 * ERROR_OPERATION_ABORTED on the agent's thread, before the agent returns. Waits for that, unless called by a callback.
 * Buffers must not be touched any more. The object may open the next set.
 * VD_E_PROTOCOL         devices were open, and all is released; or no set was open. */
int openvdi_server_close(openvdi_server_set set);

/* Sends a command to the backup program. Does not wait, and allocates no memory once as many commands as now have been
 * outstanding before.
 *     command           commandCode and size (bytes, or a count), inPosition, completionRoutine; for a VDC_Read or
 *                       VDC_Write buffer, as allocate_buffer gave it. completionContext is the engine's own. The engine
 *                       owns the structure, keeps it where it is, and does not touch it until the routine is called: then
 *                       completionCode is filled in, bytesTransferred (of Read and Write) and outPosition (of GetPosition
 *                       and SetPosition), else 0. bytesTransferred may be less than size also on success.
 * The routine is called exactly once: on the agent's thread, or, for a command that is refused with one of the codes
 *     VD_E_QUEUE_FULL   completionCode ERROR_NO_SYSTEM_RESOURCES
 *     VD_E_IO_ERROR     completionCode ERROR_IO_DEVICE
 *     VD_E_PROTOCOL     completionCode ERROR_INVALID_HANDLE: the device or the set is closed, or the agent does not run
 *     VD_E_ABORT        completionCode ERROR_OPERATION_ABORTED
 * on the calling thread, before this function returns.
 * VD_E_INVALID          the handle or the command is wrong: no routine, or for a VDC_Read or VDC_Write no allocated buffer of
 *                       this set, a size larger than the buffer or max_transfer_size, or no multiple of block_size. Nothing
 *                       has happened, and the routine is NOT called. So it is, too, with VD_E_MEMORY. */
int openvdi_server_send_command(openvdi_server_device device, struct VDS_Command *command);

/* Closes a device: what was sent is still carried out and called back, then the backup program hears that it is closed.
 * VD_E_CLOSE            it is closed already.
 * VD_E_ABORT            the set is aborted, nothing is done.
 * VD_E_PROTOCOL         the set is closed. */
int openvdi_server_close_device(openvdi_server_device device);

/* Copies why the last failing call on the set or on one of its devices failed, by whichever thread: the code's name, the
 * object, what was expected and found, and perhaps a hint. For people: the words may change.
 *     text, size        the caller's memory, in bytes; the text is cut to whole characters and ends with a zero. Null and 0
 *                       to ask for the length alone. Empty when nothing failed.
 *     length            receives the bytes of the whole text without its zero; may be null. */
int openvdi_server_last_failure(openvdi_server_set set, char *text, size_t size, size_t *length);

/* Copies why the set was aborted; still after close.
 *     reason            receives one of enum openvdi_server_abort.
 *     text, size, length   as in last_failure. */
int openvdi_server_abort_reason(openvdi_server_set set, int *reason, char *text, size_t size, size_t *length);

/* Fills in completionRoutine and completionContext, whose types in vdi.h are not theirs. */
static inline void openvdi_server_set_completion(struct VDS_Command *command, openvdi_server_completion routine,
    void *context)
{
    memcpy(&command->completionRoutine, &routine, sizeof(command->completionRoutine));
    memcpy(&command->completionContext, &context, sizeof(command->completionContext));
}

#ifdef __cplusplus
}
#endif

#endif
