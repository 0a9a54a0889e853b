using System.Runtime.InteropServices;

namespace OpenVdi.Cli;

/// <summary>Turns the first SIGINT, SIGTERM or SIGHUP into a cancellation, so that a command can abort and clean up. The
/// second one ends the process at once, as if nobody listened.</summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _registrations;
    private int _signalCount;

    public Interruption() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Handle(context, ExitCode.Interrupted)),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Handle(context, ExitCode.Terminated)),
        PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => Handle(context, ExitCode.Terminated)),
    ];

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>The exit code of the signal that came, or null.</summary>
    public ExitCode? Outcome { get; private set; }

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }

        _source.Dispose();
    }

    private void Handle(PosixSignalContext context, ExitCode exitCode)
    {
        if (Interlocked.Increment(ref _signalCount) > 1)
        {
            return;
        }

        context.Cancel = true;
        Outcome = exitCode;
        _source.Cancel();
    }
}
