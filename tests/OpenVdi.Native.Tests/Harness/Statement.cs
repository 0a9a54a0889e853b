using System.Diagnostics;
using OpenVdi.Testing;

namespace OpenVdi.Native.Tests;

/// <summary>What a program runs to have its statement executed: a shell command that tells the test to begin, and ends, as
/// the statement, with the test's result. The engine is the test's process.</summary>
internal sealed class Statement : IDisposable
{
    private readonly string _begin;
    private readonly string _result;

    // Both ends of each pipe are open here, so that neither side's open waits for the other's.
    private readonly FileStream _beginPipe;
    private readonly FileStream _resultPipe;

    public Statement(string directory)
    {
        string name = Path.Combine(directory, Guid.NewGuid().ToString("N"));
        (_begin, _result) = (name + ".begin", name + ".result");
        using Process make = Process.Start("mkfifo", [_begin, _result]);
        Assert.True(make.WaitForExit(Await.Limit) && make.ExitCode == 0, "mkfifo failed");
        _beginPipe = new FileStream(_begin, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        _resultPipe = new FileStream(_result, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
    }

    /// <summary>For a shell.</summary>
    public string Command => $"echo >'{_begin}'; read code <'{_result}'; exit $code";

    /// <summary>Waits for the command to run.</summary>
    public void AwaitBegin() => PendingCall.Begin("the statement's begin", _beginPipe.ReadByte).AwaitResult();

    /// <summary>Lets the command end.</summary>
    public void End(int code) => _resultPipe.Write([(byte)('0' + code), (byte)'\n']);

    public void Dispose()
    {
        _beginPipe.Dispose();
        _resultPipe.Dispose();
        File.Delete(_begin);
        File.Delete(_result);
    }
}
