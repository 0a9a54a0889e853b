namespace OpenVdi;

/// <summary>A call that the interface refused, thrown by the idiomatic face (<c>OpenVdi.Streaming</c>) only; the
/// faithful classes return <see cref="VdResult"/>.</summary>
public sealed class VirtualDeviceException : Exception
{
    /// <summary>Creates the exception for a refused call.</summary>
    public VirtualDeviceException(VdFailure failure)
        : base((failure ?? throw new ArgumentNullException(nameof(failure))).ToString())
    {
        Failure = failure;
        HResult = (int)failure.Result;
    }

    /// <summary>Creates the exception for a refused call that another failure caused.</summary>
    public VirtualDeviceException(VdFailure failure, Exception innerException)
        : base((failure ?? throw new ArgumentNullException(nameof(failure))).ToString(), innerException)
    {
        Failure = failure;
        HResult = (int)failure.Result;
    }

    /// <summary>The failure in words.</summary>
    public VdFailure Failure { get; }

    /// <summary>How the client completed the device command that failed; null when the failure is a call's.</summary>
    public CompletionCode? CompletionCode { get; init; }

    /// <summary>The code that the interface returned.</summary>
    public VdResult Result => Failure.Result;
}
