namespace OpenVdi.Streaming;

/// <summary>What a backup program answers to a command.</summary>
/// <param name="Code">How it ended; anything but success puts the device into IO-ERROR (D4).</param>
/// <param name="BytesTransferred">Counts for Read and Write only (M3).</param>
/// <param name="Position">Counts for GetPosition and SetPosition only (M3).</param>
public readonly record struct DeviceAnswer(CompletionCode Code, uint BytesTransferred = 0, ulong Position = 0)
{
    /// <summary>Done: Flush, ClearError, Complete and the like.</summary>
    public static DeviceAnswer Done => default;

    /// <summary>This device has no support for the command (M2, M7).</summary>
    public static DeviceAnswer NotSupported => new(CompletionCode.NotSupported);

    /// <summary>So many bytes were stored, or supplied.</summary>
    public static DeviceAnswer Transferred(int bytes) => new(CompletionCode.Success, (uint)bytes);

    /// <summary>A Read found the end of the data; the bytes before it are valid (K3).</summary>
    public static DeviceAnswer EndOfData(int bytes) => new(CompletionCode.HandleEof, (uint)bytes);

    /// <summary>It failed with this code.</summary>
    public static DeviceAnswer Failed(CompletionCode code) => new(code);
}
