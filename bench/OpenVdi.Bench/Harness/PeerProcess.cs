using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;

namespace OpenVdi.Bench.Harness;

/// <summary>How to start this executable again as the benchmark's client.</summary>
/// <param name="FileName">The executable.</param>
/// <param name="Arguments">Its arguments up to and with the hidden verb.</param>
public sealed record PeerCommand(string FileName, IReadOnlyList<string> Arguments)
{
    /// <summary>The running executable with a hidden verb, also when the dotnet host runs it.</summary>
    public static PeerCommand ThisExecutable(params string[] verb)
    {
        string path = Environment.ProcessPath ?? throw new InvalidOperationException("the executable's path is not known");
        bool isHost = Path.GetFileNameWithoutExtension(path).Equals("dotnet", StringComparison.OrdinalIgnoreCase);
        return new PeerCommand(path, isHost ? [Environment.GetCommandLineArgs()[0], .. verb] : verb);
    }
}

/// <summary>The client's process as the server's process sees it.</summary>
internal sealed class PeerProcess : IDisposable
{
    private readonly Process _process;
    private readonly BlockingCollection<string> _lines = [];

    public PeerProcess(PeerCommand command)
    {
        ProcessStartInfo start = new(command.FileName, command.Arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        _process = Process.Start(start) ?? throw new BenchFailureException($"'{command.FileName}' did not start");
        new Thread(ReadLines) { IsBackground = true, Name = "peer output" }.Start();
    }

    public int Id => _process.Id;

    /// <summary>Sends a request and waits for the reply.</summary>
    /// <exception cref="BenchFailureException">The peer reports an error, does not answer, or has ended.</exception>
    public PeerReply Call(PeerRequest request)
    {
        Send(request);

        // The peer has limits of its own, and says more than silence does: it may answer first.
        if (!_lines.TryTake(out string? line, BenchLimits.Wait + BenchLimits.Wait))
        {
            throw new BenchFailureException($"client: no answer to {request.Verb} {request.Contender}");
        }

        PeerReply reply = JsonSerializer.Deserialize(line, PeerJson.Default.PeerReply)!;
        return reply.Error is null
            ? reply
            : throw new BenchFailureException($"client: {request.Verb} {request.Contender}: {reply.Error}");
    }

    /// <summary>Sends a request that has no reply.</summary>
    public void Send(PeerRequest request)
    {
        _process.StandardInput.WriteLine(JsonSerializer.Serialize(request, PeerJson.Default.PeerRequest));
        _process.StandardInput.Flush();
    }

    /// <summary>Lets time pass in which the peer lives on and nothing happens.</summary>
    public void Idle(TimeSpan time)
    {
        if (_process.WaitForExit(time))
        {
            throw new BenchFailureException($"client: the process ended with exit code {_process.ExitCode}");
        }
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(BenchLimits.Wait))
        {
            _process.Kill();
        }

        _process.Dispose();
        _lines.Dispose();
    }

    private void ReadLines()
    {
        try
        {
            while (_process.StandardOutput.ReadLine() is { } line)
            {
                _lines.Add(line);
            }

            _lines.CompleteAdding();
        }
        catch (Exception exception) when (exception is ObjectDisposedException or InvalidOperationException or IOException)
        {
            // Disposed meanwhile: nobody reads any more.
        }
    }
}
