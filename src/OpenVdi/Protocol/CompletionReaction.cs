namespace OpenVdi;

/// <summary>What an engine does with a completion.</summary>
public enum Reaction
{
    /// <summary>Go on: the command did all it was asked.</summary>
    Continue,

    /// <summary>A short read: use the bytes and read on (K2).</summary>
    UseBytes,

    /// <summary>The data ends here, at a mark or at the end of the medium: use the bytes, then end or ask for the next
    /// medium (K3 to K5).</summary>
    UseBytesThenEnd,

    /// <summary>The medium is nearly full: what is pending must still be stored, then ask for the next one (K9, F2).</summary>
    ChangeMedium,

    /// <summary>The server does without this command (K26), or ends; which, depends on the operation.</summary>
    NotSupported,

    /// <summary>The operation fails.</summary>
    Fail,

    /// <summary>The set was aborted; only Close is left.</summary>
    Aborted,
}

/// <summary>The server's reaction to each completion. Spec: K1 to K26, F1, F4; M3 for which outputs count.</summary>
public static class CompletionReaction
{
    /// <summary>The reaction to a completion of a command.</summary>
    /// <param name="command">The command that ended.</param>
    /// <param name="code">Its completion code.</param>
    /// <param name="sizeBytes">The size it asked for.</param>
    /// <param name="bytesTransferred">The bytes it reports; looked at for Read and Write only (M3).</param>
    public static Reaction Of(CommandCode command, CompletionCode code, uint sizeBytes, uint bytesTransferred) =>
        (command, code) switch
        {
            (CommandCode.Read or CommandCode.Write, _) when bytesTransferred > sizeBytes => Reaction.Fail,
            (CommandCode.Read, CompletionCode.Success) =>
                bytesTransferred == sizeBytes ? Reaction.Continue : Reaction.UseBytes,
            (CommandCode.Read, CompletionCode.HandleEof or CompletionCode.NoDataDetected
                or CompletionCode.FilemarkDetected) => Reaction.UseBytesThenEnd,
            (CommandCode.Write, CompletionCode.Success) =>
                bytesTransferred == sizeBytes ? Reaction.Continue : Reaction.Fail,
            (CommandCode.Write, CompletionCode.EndOfMedia) => Reaction.ChangeMedium,
            // For a tape these say where the device stands, not that it is broken (K14).
            (CommandCode.Rewind or CommandCode.WriteMark or CommandCode.SkipMarks or CommandCode.SkipBlocks,
                CompletionCode.EndOfMedia or CompletionCode.BeginningOfMedia or CompletionCode.FilemarkDetected
                or CompletionCode.NoDataDetected) => Reaction.UseBytesThenEnd,
            // A snapshot that the client gives up is that command's own failure, not yet the set's end (K21).
            (CommandCode.Snapshot, CompletionCode.OperationAborted) => Reaction.Fail,
            (_, CompletionCode.Success) => Reaction.Continue,
            (_, CompletionCode.NotSupported) => Reaction.NotSupported,
            (_, CompletionCode.OperationAborted) => Reaction.Aborted,
            _ => Reaction.Fail,
        };
}
