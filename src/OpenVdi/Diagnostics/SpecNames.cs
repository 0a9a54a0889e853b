namespace OpenVdi.Diagnostics;

/// <summary>The specification's names of commands and completion codes. Constants: naming allocates nothing.</summary>
internal static class SpecNames
{
    /// <summary>What stands for a number without a name in metrics, where the set of values must stay small.</summary>
    public const string Other = "other";

    /// <summary>For instance <c>VDC_Write</c>. Spec: 6.1.</summary>
    public static string Of(CommandCode code) => code switch
    {
        CommandCode.Read => "VDC_Read",
        CommandCode.Write => "VDC_Write",
        CommandCode.ClearError => "VDC_ClearError",
        CommandCode.Rewind => "VDC_Rewind",
        CommandCode.WriteMark => "VDC_WriteMark",
        CommandCode.SkipMarks => "VDC_SkipMarks",
        CommandCode.SkipBlocks => "VDC_SkipBlocks",
        CommandCode.Load => "VDC_Load",
        CommandCode.GetPosition => "VDC_GetPosition",
        CommandCode.SetPosition => "VDC_SetPosition",
        CommandCode.Discard => "VDC_Discard",
        CommandCode.Flush => "VDC_Flush",
        CommandCode.Snapshot => "VDC_Snapshot",
        CommandCode.MountSnapshot => "VDC_MountSnapshot",
        CommandCode.PrepareToFreeze => "VDC_PrepareToFreeze",
        CommandCode.FileInfoBegin => "VDC_FileInfoBegin",
        CommandCode.FileInfoEnd => "VDC_FileInfoEnd",
        CommandCode.GetError => "VDC_GetError",
        CommandCode.Complete => "VDC_Complete",
        _ => Other,
    };

    /// <summary>For instance <c>ERROR_SUCCESS</c>. Spec: 14.4.</summary>
    public static string Of(CompletionCode code) => code switch
    {
        CompletionCode.Success => "ERROR_SUCCESS",
        CompletionCode.InvalidHandle => "ERROR_INVALID_HANDLE",
        CompletionCode.ArenaTrashed => "ERROR_ARENA_TRASHED",
        CompletionCode.NotEnoughMemory => "ERROR_NOT_ENOUGH_MEMORY",
        CompletionCode.WriteProtect => "ERROR_WRITE_PROTECT",
        CompletionCode.HandleEof => "ERROR_HANDLE_EOF",
        CompletionCode.HandleDiskFull => "ERROR_HANDLE_DISK_FULL",
        CompletionCode.NotSupported => "ERROR_NOT_SUPPORTED",
        CompletionCode.DiskFull => "ERROR_DISK_FULL",
        CompletionCode.OperationAborted => "ERROR_OPERATION_ABORTED",
        CompletionCode.EndOfMedia => "ERROR_END_OF_MEDIA",
        CompletionCode.FilemarkDetected => "ERROR_FILEMARK_DETECTED",
        CompletionCode.BeginningOfMedia => "ERROR_BEGINNING_OF_MEDIA",
        CompletionCode.SetmarkDetected => "ERROR_SETMARK_DETECTED",
        CompletionCode.NoDataDetected => "ERROR_NO_DATA_DETECTED",
        CompletionCode.PartitionFailure => "ERROR_PARTITION_FAILURE",
        CompletionCode.MediaChanged => "ERROR_MEDIA_CHANGED",
        CompletionCode.BusReset => "ERROR_BUS_RESET",
        CompletionCode.NoMediaInDrive => "ERROR_NO_MEDIA_IN_DRIVE",
        CompletionCode.IODevice => "ERROR_IO_DEVICE",
        CompletionCode.EomOverflow => "ERROR_EOM_OVERFLOW",
        CompletionCode.NoSystemResources => "ERROR_NO_SYSTEM_RESOURCES",
        _ => Other,
    };

    /// <summary>"client" or "server".</summary>
    public static string Of(Half half) => half == Half.Client ? "client" : "server";

    /// <summary>The reason's name.</summary>
    public static string Of(AbortReason reason) => reason switch
    {
        AbortReason.None => nameof(AbortReason.None),
        AbortReason.ClientSignalled => nameof(AbortReason.ClientSignalled),
        AbortReason.ServerSignalled => nameof(AbortReason.ServerSignalled),
        AbortReason.ClientClosed => nameof(AbortReason.ClientClosed),
        AbortReason.ServerClosed => nameof(AbortReason.ServerClosed),
        AbortReason.ClientDied => nameof(AbortReason.ClientDied),
        AbortReason.ServerDied => nameof(AbortReason.ServerDied),
        AbortReason.ClientSilent => nameof(AbortReason.ClientSilent),
        AbortReason.InternalFailure => nameof(AbortReason.InternalFailure),
        AbortReason.PeerViolation => nameof(AbortReason.PeerViolation),
        _ => Other,
    };
}
