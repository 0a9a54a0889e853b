namespace OpenVdi;

/// <summary>The one mapping from a refused SendCommand to its completion code. Spec: 7.6, E1 to E4.</summary>
internal static class CompletionCodes
{
    /// <summary>The completion code of a command that SendCommand refused with this result.</summary>
    public static CompletionCode OfRefusal(VdResult result) => result switch
    {
        VdResult.QueueFull => CompletionCode.NoSystemResources,
        VdResult.IOError => CompletionCode.IODevice,
        VdResult.ProtocolError => CompletionCode.InvalidHandle,
        VdResult.Aborted => CompletionCode.OperationAborted,
        _ => throw new ArgumentOutOfRangeException(nameof(result), result, "SendCommand does not refuse with this code"),
    };
}
