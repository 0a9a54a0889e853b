namespace OpenVdi;

/// <summary>The feature bits of a set: what the client's devices can do, and what the server makes of it.</summary>
/// <remarks>Spec: 4.2. The legal combinations are in 4.3 and in <see cref="FeatureRules"/>.</remarks>
[Flags]
public enum VdFeatures : uint
{
    /// <summary>VDF_LikePipe: a purely sequential device.</summary>
    LikePipe = 0,

    /// <summary>VDF_Removable: media can be exchanged.</summary>
    Removable = 0x1,

    /// <summary>VDF_Rewind.</summary>
    Rewind = 0x2,

    /// <summary>VDF_Position: GetPosition and SetPosition with device-defined block addresses.</summary>
    Position = 0x10,

    /// <summary>VDF_SkipBlocks.</summary>
    SkipBlocks = 0x20,

    /// <summary>VDF_ReversePosition: skipping backwards is possible.</summary>
    ReversePosition = 0x40,

    /// <summary>VDF_Discard; may be added to any class.</summary>
    Discard = 0x80,

    /// <summary>VDF_FileMarks.</summary>
    FileMarks = 0x100,

    /// <summary>VDF_RandomAccess: Read and Write carry a byte position.</summary>
    RandomAccess = 0x200,

    /// <summary>VDF_SnapshotPrepare: PrepareToFreeze is wanted before the freeze.</summary>
    SnapshotPrepare = 0x400,

    /// <summary>VDF_EnumFrozenFiles.</summary>
    EnumFrozenFiles = 0x800,

    /// <summary>VDF_VSSWriter.</summary>
    VssWriter = 0x1000,

    /// <summary>VDF_RequestComplete: the client asks for VDC_Complete.</summary>
    RequestComplete = 0x2000,

    /// <summary>VDF_WriteMedia, set by the server: the operation writes to the media (a backup).</summary>
    WriteMedia = 0x10000,

    /// <summary>VDF_ReadMedia, set by the server: the operation reads from the media (a restore).</summary>
    ReadMedia = 0x20000,

    /// <summary>VDF_CompleteEnabled, set by the server: VDC_Complete will be sent (G7).</summary>
    CompleteEnabled = 0x40000,

    /// <summary>VDF_LatchStats (undocumented).</summary>
    LatchStats = 0x80000000,

    /// <summary>VDF_LikeTape: file marks, removable media, rewind, position, skipping both ways.</summary>
    LikeTape = FileMarks | Removable | Rewind | Position | SkipBlocks | ReversePosition,

    /// <summary>VDF_LikeDisk: random access.</summary>
    LikeDisk = RandomAccess,
}
