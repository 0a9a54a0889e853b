namespace OpenVdi;

/// <summary>A command as it travels from server to client: a value, no address in it. Spec: 14.1, Q1.</summary>
/// <param name="Tag">The server's number for this command; the completion carries it back.</param>
/// <param name="Code">What is asked.</param>
/// <param name="SizeBytes">Size of a transfer, or the count or origin of a positioning command (M8).</param>
/// <param name="Position">Byte position or block address, where the command has one.</param>
/// <param name="BufferHandle">The buffer of a transfer, or <see cref="OpenVdi.BufferHandle.None"/>.</param>
/// <param name="ErrorEpoch">How many errors of this device the server had seen when it sent the command. A client drops
/// a command of an earlier epoch: the server completes it with ERROR_IO_DEVICE itself (D5).</param>
internal readonly record struct DeviceCommand(
    uint Tag, CommandCode Code, uint SizeBytes, ulong Position, uint BufferHandle, uint ErrorEpoch)
{
    /// <summary>The code that no command has: the mark behind the last command of a closed device (T2).</summary>
    public const CommandCode CloseMark = 0;
}
