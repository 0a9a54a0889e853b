namespace OpenVdi;

/// <summary>What the engine asks of a device: the VDC_ commands. The numbers are the binary interface's.</summary>
/// <remarks>Spec: 6.1. A client completes a number that it does not know with ERROR_NOT_SUPPORTED (M7).</remarks>
public enum CommandCode
{
    /// <summary>VDC_Read: fill the buffer with the next bytes of the stream.</summary>
    Read = 1,

    /// <summary>VDC_Write: store the buffer as the next bytes of the stream.</summary>
    Write = 2,

    /// <summary>VDC_ClearError: the engine acknowledges an error; success makes the device active again (D8).</summary>
    ClearError = 3,

    /// <summary>VDC_Rewind.</summary>
    Rewind = 4,

    /// <summary>VDC_WriteMark: write a filemark.</summary>
    WriteMark = 5,

    /// <summary>VDC_SkipMarks: the size is the count, negative backwards.</summary>
    SkipMarks = 6,

    /// <summary>VDC_SkipBlocks: the size is the count, negative backwards.</summary>
    SkipBlocks = 7,

    /// <summary>VDC_Load: the next medium, please.</summary>
    Load = 8,

    /// <summary>VDC_GetPosition.</summary>
    GetPosition = 9,

    /// <summary>VDC_SetPosition: with random access, the size is the origin.</summary>
    SetPosition = 10,

    /// <summary>VDC_Discard: drop what was written.</summary>
    Discard = 11,

    /// <summary>VDC_Flush: make everything written so far durable before you answer.</summary>
    Flush = 12,

    /// <summary>VDC_Snapshot: the database is frozen; take the snapshot now.</summary>
    Snapshot = 13,

    /// <summary>VDC_MountSnapshot: put the files of the snapshot in place.</summary>
    MountSnapshot = 14,

    /// <summary>VDC_PrepareToFreeze: the freeze comes next.</summary>
    PrepareToFreeze = 15,

    /// <summary>VDC_FileInfoBegin (undocumented).</summary>
    FileInfoBegin = 16,

    /// <summary>VDC_FileInfoEnd (undocumented).</summary>
    FileInfoEnd = 17,

    /// <summary>VDC_GetError (never observed).</summary>
    GetError = 18,

    /// <summary>VDC_Complete: the last message of a backup; make it durable, close, then answer (K24).</summary>
    Complete = 19,
}
