namespace OpenVdi.Streaming;

/// <summary>How a command of an engine ended.</summary>
/// <param name="Code">The client's code, or the interface's own: 995 after an abort, 1117 for what an earlier failure swept
/// away (M2, D5).</param>
/// <param name="BytesTransferred">Counts for Read and Write (M3).</param>
/// <param name="Position">Counts for GetPosition and SetPosition (M3).</param>
public readonly record struct EngineCompletion(CompletionCode Code, int BytesTransferred, ulong Position);
