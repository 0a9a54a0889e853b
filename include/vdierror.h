/* Result codes of the Virtual Device Interface, and the completion codes of device commands.
 *
 * Source-compatible with the header of SQL Server on Linux: the same names and numbers.
 */
#ifndef OPENVDI_VDIERROR_H
#define OPENVDI_VDIERROR_H

/* What a function returns: 0, or one of these. */
#define VD_ERROR(code) ((int)(0x80770000u | (unsigned int)(code)))

#define VD_E_NOTOPEN VD_ERROR(0x02)       /* the object is not open */
#define VD_E_TIMEOUT VD_ERROR(0x03)       /* the time is up */
#define VD_E_ABORT VD_ERROR(0x04)         /* the set is aborted: only Close is left to do */
#define VD_E_SECURITY VD_ERROR(0x05)      /* the other side may not be talked to */
#define VD_E_INVALID VD_ERROR(0x06)       /* a parameter is wrong */
#define VD_E_INSTANCE_NAME VD_ERROR(0x07) /* there is no such instance */
#define VD_E_NOTSUPPORTED VD_ERROR(0x09)  /* a field of the configuration is wrong */
#define VD_E_MEMORY VD_ERROR(0x0A)        /* no memory for it */
#define VD_E_UNEXPECTED VD_ERROR(0x0B)    /* a defect of the library */
#define VD_E_PROTOCOL VD_ERROR(0x0C)      /* not in this state */
#define VD_E_OPEN VD_ERROR(0x0D)          /* all devices are open, or some still are */
#define VD_E_CLOSE VD_ERROR(0x0E)         /* the device is closed: the normal end */
#define VD_E_BUSY VD_ERROR(0x0F)          /* the resource is busy */

/* How a command ended; the header of SQL Server on Linux names these, the numbers are those of Windows. */
#define ERROR_SUCCESS 0
#define ERROR_ARENA_TRASHED 7
#define ERROR_HANDLE_EOF 38
#define ERROR_HANDLE_DISK_FULL 39
#define ERROR_NOT_SUPPORTED 50
#define ERROR_DISK_FULL 112
#define ERROR_OPERATION_ABORTED 995

#endif
