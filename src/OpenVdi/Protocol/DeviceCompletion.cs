namespace OpenVdi;

/// <summary>The answer to a command as it travels from client to server. Spec: M1, M3, 7.3.</summary>
/// <param name="Tag">The command's number, or <see cref="ClosedTag"/>.</param>
/// <param name="Code">How it ended.</param>
/// <param name="BytesTransferred">Counts for Read and Write only.</param>
/// <param name="Position">Counts for GetPosition and SetPosition only.</param>
/// <param name="FetchedCount">How many commands of this device the client had fetched when it completed this one, modulo
/// 2^32. When the completion is a failure, the commands behind that point were never seen by the client (D5).</param>
internal readonly record struct DeviceCompletion(
    uint Tag, CompletionCode Code, uint BytesTransferred, ulong Position, uint FetchedCount)
{
    /// <summary>Not a command's answer: the client was told VD_E_CLOSE, what it still holds it cannot complete (D23).</summary>
    public const uint ClosedTag = uint.MaxValue;
}
