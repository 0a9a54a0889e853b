namespace OpenVdi.Streaming;

/// <summary>The one mapping from exceptions of a medium to completion codes, so that the engine can say what went wrong.</summary>
internal static class MediaFailure
{
    // errno of Linux, which the base library puts into HResult, and the HRESULTs of Windows.
    private const int NoSpace = 28, QuotaExceeded = 122, ReadOnlyFileSystem = 30;
    private const int HandleDiskFull = unchecked((int)0x80070027), DiskFull = unchecked((int)0x80070070);
    private const int WriteProtected = unchecked((int)0x80070013);

    /// <summary>The completion code for a failure; ERROR_IO_DEVICE for what has no code of its own. Never success, and
    /// never a code that an engine takes for the end of the data.</summary>
    public static CompletionCode CodeOf(Exception failure) => failure switch
    {
        OperationCanceledException => CompletionCode.OperationAborted,
        OutOfMemoryException => CompletionCode.NotEnoughMemory,
        UnauthorizedAccessException => CompletionCode.WriteProtect,
        IOException { HResult: NoSpace or QuotaExceeded or HandleDiskFull or DiskFull } => CompletionCode.DiskFull,
        IOException { HResult: ReadOnlyFileSystem or WriteProtected } => CompletionCode.WriteProtect,
        _ => CompletionCode.IODevice,
    };
}
