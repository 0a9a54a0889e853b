namespace OpenVdi.Bench;

/// <summary>The benchmark found what must not be: wrong bytes, a lost wake-up, a call that failed.</summary>
public sealed class BenchFailureException : Exception
{
    /// <summary>A failure without words.</summary>
    public BenchFailureException()
    {
    }

    /// <summary>A failure.</summary>
    public BenchFailureException(string message)
        : base(message)
    {
    }

    /// <summary>A failure that another one caused.</summary>
    public BenchFailureException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
