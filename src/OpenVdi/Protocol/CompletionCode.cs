namespace OpenVdi;

/// <summary>
/// How a device command ended, as a Win32 code: what the backup program answers and the engine receives. Any Win32 code
/// is legal, also one without a name here; anything but <see cref="Success"/> moves the device to IO-ERROR (D4).
/// </summary>
/// <remarks>Spec: 14.4, M2, K1 to K26.</remarks>
public enum CompletionCode
{
    /// <summary>ERROR_SUCCESS: done.</summary>
    Success = 0,

    /// <summary>ERROR_INVALID_HANDLE: the command was not allowed in this state (E3).</summary>
    InvalidHandle = 6,

    /// <summary>ERROR_ARENA_TRASHED: the client's memory is damaged.</summary>
    ArenaTrashed = 7,

    /// <summary>ERROR_NOT_ENOUGH_MEMORY.</summary>
    NotEnoughMemory = 8,

    /// <summary>ERROR_WRITE_PROTECT: the medium cannot be written.</summary>
    WriteProtect = 19,

    /// <summary>ERROR_HANDLE_EOF: end of data; the bytes delivered are valid (K3).</summary>
    HandleEof = 38,

    /// <summary>ERROR_HANDLE_DISK_FULL.</summary>
    HandleDiskFull = 39,

    /// <summary>ERROR_NOT_SUPPORTED: the client has no support for the command (M2).</summary>
    NotSupported = 50,

    /// <summary>ERROR_DISK_FULL: no more space (K7).</summary>
    DiskFull = 112,

    /// <summary>ERROR_OPERATION_ABORTED: the set was aborted before the command was completed (M2, Y6).</summary>
    OperationAborted = 995,

    /// <summary>ERROR_END_OF_MEDIA: early warning, or end of the tape (K9).</summary>
    EndOfMedia = 1100,

    /// <summary>ERROR_FILEMARK_DETECTED: an attempt to read across a filemark (K5).</summary>
    FilemarkDetected = 1101,

    /// <summary>ERROR_BEGINNING_OF_MEDIA.</summary>
    BeginningOfMedia = 1102,

    /// <summary>ERROR_SETMARK_DETECTED.</summary>
    SetmarkDetected = 1103,

    /// <summary>ERROR_NO_DATA_DETECTED: end of data (K4).</summary>
    NoDataDetected = 1104,

    /// <summary>ERROR_PARTITION_FAILURE.</summary>
    PartitionFailure = 1105,

    /// <summary>ERROR_MEDIA_CHANGED.</summary>
    MediaChanged = 1110,

    /// <summary>ERROR_BUS_RESET.</summary>
    BusReset = 1111,

    /// <summary>ERROR_NO_MEDIA_IN_DRIVE (K16).</summary>
    NoMediaInDrive = 1112,

    /// <summary>ERROR_IO_DEVICE: the device is in IO-ERROR and the command never reached the client (D5, D7).</summary>
    IODevice = 1117,

    /// <summary>ERROR_EOM_OVERFLOW: no more space behind the end of the medium (K8).</summary>
    EomOverflow = 1129,

    /// <summary>ERROR_NO_SYSTEM_RESOURCES: the command queue was full (E1, Q4).</summary>
    NoSystemResources = 1450,
}
