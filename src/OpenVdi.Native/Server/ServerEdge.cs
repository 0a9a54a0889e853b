namespace OpenVdi.Native.Server;

/// <summary>The edge of the server half: what the numbers mean that an engine in C holds, and what its functions return.
/// </summary>
internal static class ServerEdge
{
    public static Handles<NativeServerSet> Sets { get; } = new();

    public static Handles<NativeServerDevice> Devices { get; } = new();

    /// <summary>The code that a function returns; with the words in the log, when it is on. A device that is closed already
    /// is no failure.</summary>
    public static int End(NativeServerSet? set, string function, VdResult result)
    {
        if (result is not (VdResult.Ok or VdResult.Closed) && NativeLog.IsEnabled)
        {
            string words = set is null ? "no object of this library" : set.LastFailure?.Message ?? result.SpecName();
            NativeLog.Line(set is null || set.Name.Length == 0 ? "libsqlvdi" : set.Name, function, words, result);
        }

        return (int)result;
    }
}
