using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace OpenVdi.Cli.Tests;

/// <summary>What a finished <c>vdi</c> left: its exit code and its words.</summary>
internal sealed record VdiOutcome(int ExitCode, byte[] Output, string Error)
{
    public string Text => System.Text.Encoding.UTF8.GetString(Output);

    /// <summary>Standard output as JSON lines, each with its type.</summary>
    public IReadOnlyList<JsonElement> Lines => Parse(Text);

    /// <summary>Standard error as JSON lines, each with its type.</summary>
    public IReadOnlyList<JsonElement> ErrorLines => Parse(Error);

    /// <summary>Fails the test, with the words, unless the exit code is as expected.</summary>
    public VdiOutcome Expect(ExitCode expected)
    {
        Assert.True(ExitCode == (int)expected, $"exit code {ExitCode}, expected {(int)expected}\n{Error}");
        return this;
    }

    private static List<JsonElement> Parse(string text)
    {
        List<JsonElement> lines = [];
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            JsonElement element = JsonDocument.Parse(line).RootElement;
            Assert.False(string.IsNullOrEmpty(element.GetProperty("type").GetString()), line);
            lines.Add(element);
        }

        return lines;
    }
}

/// <summary>The built command as a real process.</summary>
internal sealed class VdiProcess : IDisposable
{
    public const int SigInt = 2;
    public const int SigKill = 9;
    public const int SigTerm = 15;

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(120);

    private readonly Task<string> _error;

    private VdiProcess(Process process)
    {
        Process = process;
        _error = process.StandardError.ReadToEndAsync();
    }

    public Process Process { get; }

    public Stream Input => Process.StandardInput.BaseStream;

    public Stream Output => Process.StandardOutput.BaseStream;

    /// <summary>Runs the command to its end.</summary>
    public static VdiOutcome Run(params string[] arguments)
    {
        using VdiProcess vdi = Start(arguments);
        return vdi.Finish();
    }

    public static VdiProcess Start(params string[] arguments)
    {
        ProcessStartInfo start = new(Path.Combine(AppContext.BaseDirectory, "vdi"), arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return new VdiProcess(Process.Start(start)!);
    }

    /// <summary>Ends its input, reads the rest of its output and awaits its end.</summary>
    public VdiOutcome Finish()
    {
        try
        {
            Input.Close();
        }
        catch (IOException)
        {
            // It has gone before it read all that was written.
        }

        using MemoryStream output = new();
        Task copy = Output.CopyToAsync(output);
        if (!Process.WaitForExit(s_limit))
        {
            Process.Kill(entireProcessTree: true);
            Assert.Fail($"vdi did not end within {s_limit}: {_error.Wait(1000)} {(_error.IsCompleted ? _error.Result : "")}");
        }

        Assert.True(copy.Wait(s_limit), "the output of vdi did not end");
        Assert.True(_error.Wait(s_limit), "the errors of vdi did not end");
        return new VdiOutcome(Process.ExitCode, output.ToArray(), _error.Result);
    }

    /// <summary>Reads so many bytes of its output, or to its end.</summary>
    public byte[] Read(int count)
    {
        byte[] bytes = new byte[count];
        int read = Output.ReadAtLeast(bytes, count, throwOnEndOfStream: false);
        return bytes[..read];
    }

    public void Signal(int signal) => Signal(Process.Id, signal);

    /// <summary>Signals it, unless it has ended.</summary>
    public void TrySignal(int signal) => _ = kill(Process.Id, signal);

    public static void Signal(int processId, int signal) => Assert.Equal(0, kill(processId, signal));

    /// <summary>The engine's process, which the command starts.</summary>
    public Process Engine()
    {
        string child = string.Empty;
        Assert.True(SpinWait.SpinUntil(() => (child = Children()).Length > 0, s_limit), "vdi did not start an engine");
        return Process.GetProcessById(int.Parse(child.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture));
    }

    /// <summary>Awaits its end without reading what it writes.</summary>
    public void AwaitEnd() => Assert.True(Process.WaitForExit(s_limit), $"vdi did not end within {s_limit}");

    public void Dispose()
    {
        if (!Process.HasExited)
        {
            Process.Kill(entireProcessTree: true);
        }

        Process.Dispose();
    }

    // A child belongs to the thread that made it.
    private string Children() => string.Concat(Directory.EnumerateDirectories($"/proc/{Process.Id}/task")
        .Select(static task => File.ReadAllText(Path.Combine(task, "children")))).Trim();

    [DllImport("libc", SetLastError = true)]
    private static extern int kill(int processId, int signal);
}
