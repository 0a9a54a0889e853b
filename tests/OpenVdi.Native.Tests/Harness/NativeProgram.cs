using System.Diagnostics;

namespace OpenVdi.Native.Tests;

/// <summary>A compiled test program as a real process.</summary>
internal sealed class NativeProgram : IDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    private readonly Task<string> _output;
    private readonly Task<string> _error;

    private NativeProgram(Process process)
    {
        Process = process;
        _output = process.StandardOutput.ReadToEndAsync();
        _error = process.StandardError.ReadToEndAsync();
    }

    public Process Process { get; }

    public static NativeProgram Start(string path, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        ProcessStartInfo start = new(path, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        return new NativeProgram(Process.Start(start)!);
    }

    public static Outcome Run(string path, params string[] arguments)
    {
        using NativeProgram program = Start(path, arguments);
        return program.Finish();
    }

    /// <summary>Awaits its end.</summary>
    public Outcome Finish()
    {
        Assert.True(Process.WaitForExit(s_limit), $"{Process.StartInfo.FileName}: still running after {s_limit}");
        return new Outcome(Process.ExitCode, _output.GetAwaiter().GetResult(), _error.GetAwaiter().GetResult());
    }

    public void Dispose()
    {
        if (!Process.HasExited)
        {
            Process.Kill(entireProcessTree: true);
            Process.WaitForExit();
        }

        Process.Dispose();
    }

    /// <summary>What it left.</summary>
    internal sealed record Outcome(int ExitCode, string Output, string Error)
    {
        /// <summary>Fails the test, with all words, unless it ended with 0.</summary>
        public Outcome ExpectSuccess()
        {
            Assert.True(ExitCode == 0, $"exit code {ExitCode}\n{Output}\n{Error}");
            return this;
        }
    }
}
