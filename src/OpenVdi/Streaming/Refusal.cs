namespace OpenVdi.Streaming;

/// <summary>The one mapping from results of the faithful classes to exceptions.</summary>
internal static class Refusal
{
    /// <summary>The exception for a call that was refused.</summary>
    /// <param name="result">What it returned.</param>
    /// <param name="last">The object's last failure; another thread's, when its code is not the result's.</param>
    /// <param name="abort">Why the set was aborted, when it was.</param>
    /// <param name="what">The object's name and the function, for a failure without words.</param>
    public static VirtualDeviceException Of(VdResult result, VdFailure? last, AbortNotice? abort, string what)
    {
        if (result == VdResult.Aborted && abort is not null)
        {
            return new VirtualDeviceException(new VdFailure(result, $"{what}: {abort.Reason}: {abort.Detail}"));
        }

        return new VirtualDeviceException(last?.Result == result ? last : new VdFailure(result, $"{what} was refused"));
    }
}
